//! What the log tells of messages that were deleted since, or that the log's user has hidden: nothing of what they said
//! (PROTOCOL.md §5.8).

use fulmar_protocol::{Conversation, Event, Message, MessageId, UserId};
use serde_json::Value;

use crate::defects::{Defect, active};
use crate::error::Result;
use crate::store::messages;
use crate::tx::Tx;

/// The figures that stand beside a message in an event, and are no part of it (PROTOCOL.md §6.2).
const BESIDE: [&str; 2] = ["unreadCount", "unreadMentions"];
/// The lists of messages that come with a conversation (PROTOCOL.md §4.1).
const LISTS: [&str; 2] = ["messages", "pinnedMessages"];

/// Events as somebody may be told of them now.
pub(crate) fn as_they_are_now(
    tx: &Tx<'_>,
    viewer: &UserId,
    mut events: Vec<Event>,
) -> Result<Vec<Event>> {
    if active(Defect::TellsDeleted) {
        return Ok(events);
    }
    for event in &mut events {
        match event.kind.as_str() {
            "message.created" | "message.updated" => renew(tx, viewer, &mut event.data)?,
            "conversation.created" if !active(Defect::TellsDeletedWithConversations) => {
                for list in LISTS {
                    let messages = event.data.get_mut(list).and_then(Value::as_array_mut);
                    for message in messages.into_iter().flatten() {
                        renew(tx, viewer, message)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(events)
}

/// A conversation of an outcome as somebody may be told of it now: a message that is gone says nothing.
pub(crate) fn without_what_is_gone(
    tx: &Tx<'_>,
    viewer: &UserId,
    conversation: &mut Conversation,
) -> Result<()> {
    let lists = [
        &mut conversation.messages,
        &mut conversation.pinned_messages,
    ];
    for message in lists.into_iter().flat_map(|list| list.iter_mut()) {
        if let Some(now) = if_gone(tx, viewer, &message.message_id)? {
            *message = now;
        }
    }
    Ok(())
}

/// The message as it is now, if it was deleted or the viewer has hidden it.
fn if_gone(tx: &Tx<'_>, viewer: &UserId, id: &MessageId) -> Result<Option<Message>> {
    let hidden = messages::is_hidden(tx.db(), viewer, id)? && !active(Defect::TellsHidden);
    if !hidden && !messages::is_deleted(tx.db(), id)? {
        return Ok(None);
    }
    messages::find_by_id(tx.db(), id)?
        .map(|message| messages::as_seen_by(tx.db(), viewer, message))
        .transpose()
}

/// Tells of a message that is gone as it is now, unless it is told so already.
fn renew(tx: &Tx<'_>, viewer: &UserId, told: &mut Value) -> Result<()> {
    if told.get("deleted").is_some() || told.get("hidden").is_some() {
        return Ok(());
    }
    let id = told.get("messageId").and_then(Value::as_str);
    let Some(id) = id.and_then(|id| MessageId::new(id).ok()) else {
        return Ok(());
    };
    let Some(message) = if_gone(tx, viewer, &id)? else {
        return Ok(());
    };
    let mut data = serde_json::to_value(&message)?;
    for name in BESIDE {
        if let Some(figure) = told.get(name) {
            data[name] = figure.clone();
        }
    }
    *told = data;
    Ok(())
}

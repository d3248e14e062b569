//! What the log tells of messages that were deleted since: nothing of what they said (PROTOCOL.md §5.8).

use fulmar_protocol::{Event, MessageId, UserId};

use crate::defects::{Defect, active};
use crate::error::Result;
use crate::store::messages;
use crate::tx::Tx;

/// The figures that stand beside a message in an event, and are no part of it (PROTOCOL.md §6.2).
const BESIDE: [&str; 2] = ["unreadCount", "unreadMentions"];

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
        let Some(id) = message_of(event) else {
            continue;
        };
        if !messages::is_deleted(tx.db(), &id)? {
            continue;
        }
        let Some(message) = messages::find_by_id(tx.db(), &id)? else {
            continue;
        };
        let message = messages::as_seen_by(tx.db(), viewer, message)?;
        let mut data = serde_json::to_value(&message)?;
        for name in BESIDE {
            if let Some(figure) = event.data.get(name) {
                data[name] = figure.clone();
            }
        }
        event.data = data;
    }
    Ok(events)
}

/// The message that an event tells of, unless it says itself that it was deleted.
fn message_of(event: &Event) -> Option<MessageId> {
    let tells = matches!(event.kind.as_str(), "message.created" | "message.updated");
    if !tells || event.data.get("deleted").is_some() {
        return None;
    }
    MessageId::new(event.data.get("messageId")?.as_str()?).ok()
}

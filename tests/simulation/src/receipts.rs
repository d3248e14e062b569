//! What a message says of others: who has it, who has read it, what is under it, and what it answers. All of it is
//! computed anew from the server's messages and participants.

use fulmar_engine::MessageContent;
use fulmar_engine::query::{MessageItem, Receipts};
use fulmar_protocol::{Conversation, Message, Position, UserId};

/// Each message that the server has shows the server's receipts, its thread and its quote.
pub(crate) fn same_standing(
    items: &[MessageItem],
    all: &[Message],
    view: &Conversation,
    viewer: &UserId,
) -> Result<(), String> {
    for item in items {
        let Some(truth) = all.iter().find(|one| one.operation_key == item.key) else {
            continue;
        };
        let expected = (truth.sender_id == *viewer).then(|| receipts(view, viewer, truth.position));
        if item.receipts != expected {
            let (shown, text) = (&item.receipts, item.text());
            return Err(format!("{text} shows {shown:?}, and by hand {expected:?}"));
        }
        let thread = item.thread.map(|thread| (thread.count, thread.last_at));
        let expected = truth.thread.map(|thread| (thread.count.0, thread.last_at));
        if thread != expected {
            return Err(format!(
                "{} shows the thread {thread:?}, and has {expected:?}",
                item.text()
            ));
        }
        same_quote(item, all)?;
    }
    Ok(())
}

fn receipts(view: &Conversation, viewer: &UserId, position: Position) -> Receipts {
    let mut receipts = Receipts {
        others: 0,
        delivered: 0,
        read: 0,
    };
    for person in view
        .participants
        .iter()
        .filter(|one| one.user_id != *viewer)
    {
        receipts.others += 1;
        receipts.delivered += u32::from(person.delivered_to >= position);
        receipts.read += u32::from(person.read_to >= position);
    }
    receipts
}

/// What it answers is what that message says now, if it is here.
fn same_quote(item: &MessageItem, all: &[Message]) -> Result<(), String> {
    let Some(quote) = &item.reply_to else {
        return Ok(());
    };
    let Some(shown) = &quote.message else {
        return Ok(());
    };
    let truth = all.iter().find(|one| one.operation_key == quote.key);
    let deleted = matches!(shown.content, MessageContent::Deleted { .. });
    let same = truth.is_some_and(|truth| {
        !truth.hidden
            && truth.sender_id == shown.sender
            && truth.content.text == shown.content.text()
            && truth.deleted.is_some() == deleted
    });
    match same {
        true => Ok(()),
        false => Err(format!(
            "{} quotes {shown:?}, which is {truth:?}",
            item.text()
        )),
    }
}

//! Whether a screen shows what the server has, message by message.

use fulmar_engine::MessageContent;
use fulmar_engine::query::{MessageItem, Older, TimelineItem, TimelineSnapshot};
use fulmar_protocol::{Message, Position};

use crate::device::messages;

/// A timeline shows what the server has, each message at its place, but for its gaps. `surely`: from
/// this place on there is none.
pub(crate) fn same_timeline(
    snapshot: &TimelineSnapshot,
    all: &[Message],
    place: impl Fn(&Message) -> Option<Position>,
    surely: Option<u64>,
) -> Result<(), String> {
    let begins = match snapshot.older {
        Older::AtServer(begins) => begins,
        Older::Nothing | Older::Cached => Position(1),
    };
    let gaps: Vec<_> = snapshot
        .items
        .iter()
        .filter_map(|item| match item {
            TimelineItem::Gap(gap) => Some(gap.from..=gap.to),
            TimelineItem::Message(_) => None,
        })
        .collect();
    // Of a thread whose root is not on this device, it knows only what came in.
    let known = begins..=snapshot.to;
    let here =
        |place: Position| known.contains(&place) && !gaps.iter().any(|gap| gap.contains(&place));
    if surely.is_some_and(|from| {
        all.iter()
            .any(|one| one.position.0 >= from && !here(one.position))
    }) {
        return Err(format!("{gaps:?} are missing before {begins}"));
    }
    let expected: Vec<&Message> = all
        .iter()
        .filter(|message| !message.hidden && place(message).is_some_and(here))
        .collect();
    let shown: Vec<MessageItem> = messages(snapshot.items.clone())
        .into_iter()
        // The root of a thread is judged where it is a message among others.
        .filter(|item| {
            all.iter()
                .any(|one| one.operation_key == item.key && place(one).is_some())
        })
        .collect();
    if shown.len() != expected.len() {
        let count = expected.len();
        return Err(format!("shows {} of {count} messages", shown.len()));
    }
    for (item, truth) in shown.iter().zip(expected) {
        same_message(item, truth)?;
    }
    Ok(())
}

/// The list of pinned messages shows what the server has pinned, in its order.
pub(crate) fn same_pins(shown: &[MessageItem], pinned: &[Message]) -> Result<(), String> {
    if shown.len() != pinned.len() {
        let (shown, count) = (shown.len(), pinned.len());
        return Err(format!("shows {shown} of {count} pinned messages"));
    }
    for (item, truth) in shown.iter().zip(pinned) {
        same_message(item, truth).map_err(|what| format!("pinned: {what}"))?;
    }
    Ok(())
}

fn same_message(item: &MessageItem, truth: &Message) -> Result<(), String> {
    let same_content = match &item.content {
        MessageContent::Text { mentions, .. } => {
            truth.content.payload.is_none() && *mentions == truth.content.mentions
        }
        MessageContent::Custom { payload, .. } => Some(payload) == truth.content.payload.as_ref(),
        MessageContent::System { notice, .. } => Some(notice) == truth.content.notice.as_ref(),
        MessageContent::Deleted { by } => {
            truth.deleted.as_ref().map(|deletion| &deletion.by) == Some(by)
        }
    };
    let deleted = matches!(item.content, MessageContent::Deleted { .. });
    let same = item.key == truth.operation_key
        && item.position == Some(truth.position)
        && item.sender == truth.sender_id
        && item.at == truth.sent_at
        && same_content
        && item.text() == truth.content.text
        && item.content.attachments() == truth.content.attachments
        && item.reactions == truth.reactions
        && item.edited_at == truth.edited_at
        && item.pinned == truth.pinned
        && item.forwarded_from == truth.content.forwarded_from
        && item.reply_to.as_ref().map(|quote| quote.key) == truth.content.reply_to
        && item.thread_root == truth.content.thread_root
        && item.thread.map(|thread| thread.count) == truth.thread.map(|thread| thread.count.0)
        && deleted == truth.deleted.is_some();
    match same {
        true => Ok(()),
        false => Err(format!("shows {item:?}\n  and has {truth:?}")),
    }
}

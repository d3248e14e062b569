//! What a client shows, as an app would ask for it, and as JSON. It changes nothing but what is on the device of what the
//! server has.

use std::time::Duration;

use fulmar::{
    CommandError, Conversation, ConversationItem, GapEnd, GapRange, MessageContent, MessageItem,
    MessageState, Position, TimelineItem,
};
use serde_json::{Value, json};

use crate::Outcome;

/// What the server could not be asked for is asked for again after this.
const AGAIN: Duration = Duration::from_millis(100);

/// What is shown of a conversation first.
pub(crate) async fn page(chat: &Conversation) -> Outcome<Vec<MessageItem>> {
    let mut timeline = chat.timeline();
    timeline.next().await?;
    Ok(timeline.messages().cloned().collect())
}

/// The same after the user has scrolled up once, where the server can be asked.
pub(crate) async fn older(chat: &Conversation) -> Outcome<Vec<MessageItem>> {
    let mut timeline = chat.timeline();
    match timeline.load_older().await {
        Ok(_) | Err(CommandError::Unreachable { .. } | CommandError::ForeignAnswer { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    timeline.next().await?;
    Ok(timeline.messages().cloned().collect())
}

pub(crate) async fn people(chat: &Conversation) -> Outcome {
    let mut people = chat.participants();
    people.next().await?;
    let people = people.items().iter().map(|one| {
        json!({
            "user": one.user_id.as_str(),
            "delivered": one.delivered_to.0,
            "read": one.read_to.0,
        })
    });
    Ok(json!({ "people": people.collect::<Vec<_>>() }))
}

pub(crate) fn message(item: &MessageItem) -> Value {
    let reactions = item.reactions.iter();
    let reactions = reactions.map(|one| json!({ "emoji": one.emoji, "users": one.user_ids }));
    json!({
        "key": item.key.to_string(),
        "sender": item.sender.as_str(),
        "text": item.text(),
        "position": item.position.map_or(0, |position| position.0),
        "edited": item.edited_at.is_some(),
        "deleted": matches!(item.content, MessageContent::Deleted { .. }),
        "reactions": reactions.collect::<Vec<_>>(),
        "delivered": item.receipts.map(|receipts| receipts.delivered),
        "read": item.receipts.map(|receipts| receipts.read),
    })
}

pub(crate) fn row(item: &ConversationItem) -> Value {
    json!({
        "conversation": item.conversation_id.as_str(),
        "title": item.title,
        "participants": item.participant_count,
        "unread": item.unread_count,
        "preview": item.preview.as_ref().map(fulmar::Preview::text),
        "draft": item.draft,
    })
}

/// All messages, once there are so many and each is confirmed. What is missing is fetched.
pub(crate) async fn complete(chat: &Conversation, messages: usize) -> Outcome<Vec<MessageItem>> {
    let mut timeline = chat.timeline();
    loop {
        timeline.next().await?;
        let items: Vec<MessageItem> = timeline.messages().cloned().collect();
        let confirmed = items.iter().all(|item| item.state == MessageState::Sent);
        if items.len() >= messages && confirmed {
            return Ok(items);
        }
        let first = items.first().and_then(|item| item.position);
        if let Some(gap) = timeline.items().iter().find_map(gap) {
            fetched(|| timeline.load_gap(gap, GapEnd::Newest)).await?;
        } else if items.len() < messages && first.is_some_and(|first| first > Position(1)) {
            fetched(|| timeline.load_older()).await?;
        }
    }
}

fn gap(item: &TimelineItem) -> Option<GapRange> {
    match item {
        TimelineItem::Gap(range) => Some(*range),
        TimelineItem::Message(_) => None,
    }
}

/// Asks until there is an answer.
async fn fetched<T, F>(ask: impl Fn() -> F) -> Outcome<T>
where
    F: Future<Output = Result<T, CommandError>>,
{
    loop {
        match ask().await {
            Err(CommandError::Unreachable { .. } | CommandError::ForeignAnswer { .. }) => {
                tokio::time::sleep(AGAIN).await;
            }
            answer => return Ok(answer?),
        }
    }
}

//! What a user changes. Each answers when it is durable.

use fulmar::{Client, OperationKey, Position, UserId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Outcome, chat};

/// A request that changes something in a conversation.
#[derive(Debug, Deserialize)]
pub(crate) struct Change {
    conversation: String,
    #[serde(flatten)]
    what: What,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase")]
enum What {
    Send { text: String },
    Edit { message: String, text: String },
    Delete { message: String },
    Hide { message: String },
    React { message: String, emoji: String },
    Unreact { message: String, emoji: String },
    Add { user: String },
    Remove { user: String },
    Draft { text: String },
    MarkRead { position: u64 },
}

pub(crate) async fn make(client: &Client, change: Change) -> Outcome {
    let chat = chat(client, &change.conversation)?;
    match change.what {
        What::Send { text } => return Ok(json!({ "key": chat.send(text).await?.to_string() })),
        What::MarkRead { position } => chat.mark_read_up_to(Position(position)).await?,
        What::Edit { message, text } => chat.edit(key(&message)?, text).await?,
        What::Delete { message } => chat.delete_for_everyone(key(&message)?).await?,
        What::Hide { message } => chat.delete_for_me(key(&message)?).await?,
        What::React { message, emoji } => chat.add_reaction(key(&message)?, emoji).await?,
        What::Unreact { message, emoji } => chat.remove_reaction(key(&message)?, emoji).await?,
        What::Add { user } => chat.add_participants([UserId::new(user)?]).await?,
        What::Remove { user } => chat.remove_participant(UserId::new(user)?).await?,
        What::Draft { text } => chat.set_draft(text).await?,
    }
    Ok(Value::Object(serde_json::Map::new()))
}

fn key(text: &str) -> Outcome<OperationKey> {
    Ok(text.parse()?)
}

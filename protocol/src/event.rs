//! Events: the only way in which a client learns of changes (PROTOCOL.md §6).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Conversation, ConversationId, Message, Position, Seq, Timestamp, UserId};

/// Why an event or an operation has no meaning to this version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Its type or method is not known here.
    #[error("unknown type {0:?}")]
    Unknown(String),
    /// Its type is known, its content does not fit. Says what is wrong without quoting it.
    #[error("malformed: {0}")]
    Malformed(String),
}

impl Unreadable {
    /// The library quotes what it found, which may be what somebody wrote: that goes into no log.
    pub(crate) fn malformed(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        Self::Malformed(match (text.find('"'), text.rfind('"')) {
            (Some(first), Some(last)) => format!("{}…{}", &text[..first], &text[last + 1..]),
            _ => text,
        })
    }
}

/// One entry of a user's log.
///
/// The content stays raw until [`Event::read`], so that one event that cannot be understood does
/// not take the others of its frame with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its place in the log.
    pub seq: Seq,
    /// When it happened.
    pub at: Timestamp,
    /// What kind it is, such as `message.created`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its content; the shape depends on the type.
    #[serde(default)]
    pub data: Value,
}

/// The events of this version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventData {
    /// `conversation.created`: the user has a conversation that they did not have.
    ConversationCreated(Conversation),
    /// `message.created`: someone, perhaps this user, sent a message.
    MessageCreated(Message),
    /// `receipt.updated`: someone, perhaps this user, got or read messages.
    ReceiptUpdated(ReceiptUpdated),
}

/// Content of `receipt.updated` (PROTOCOL.md §6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptUpdated {
    /// Where.
    pub conversation_id: ConversationId,
    /// Whose pointers.
    pub user_id: UserId,
    /// Where the pointer stands now.
    pub delivered_to: Position,
    /// Where the pointer stands now.
    pub read_to: Position,
    /// In the log of the user whose pointers they are: how many messages of others lie after
    /// `readTo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_count: Option<u64>,
}

impl EventData {
    /// The type as it travels.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ConversationCreated(_) => "conversation.created",
            Self::MessageCreated(_) => "message.created",
            Self::ReceiptUpdated(_) => "receipt.updated",
        }
    }

    /// The content as it travels.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let data = match self {
            Self::ConversationCreated(data) => serde_json::to_value(data),
            Self::MessageCreated(data) => serde_json::to_value(data),
            Self::ReceiptUpdated(data) => serde_json::to_value(data),
        };
        // Structs of strings and integers always have a JSON form.
        data.unwrap_or_default()
    }
}

impl Event {
    /// An event with this meaning.
    #[must_use]
    pub fn new(seq: Seq, at: Timestamp, data: &EventData) -> Self {
        Self {
            seq,
            at,
            kind: data.kind().to_owned(),
            data: data.to_value(),
        }
    }

    /// Reads what the event means.
    pub fn read(&self) -> Result<EventData, Unreadable> {
        match self.kind.as_str() {
            "conversation.created" => {
                Conversation::deserialize(&self.data).map(EventData::ConversationCreated)
            }
            "message.created" => Message::deserialize(&self.data).map(EventData::MessageCreated),
            "receipt.updated" => {
                ReceiptUpdated::deserialize(&self.data).map(EventData::ReceiptUpdated)
            }
            other => return Err(Unreadable::Unknown(other.to_owned())),
        }
        .map_err(|error| Unreadable::malformed(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::Unreadable;
    use serde::Deserialize as _;
    use serde_json::json;

    #[test]
    fn what_is_malformed_is_described_without_its_content() {
        let text = json!("a \"secret\" text");
        let Err(error) = u64::deserialize(&text) else {
            panic!("a text is no number");
        };
        assert_eq!(
            Unreadable::malformed(&error).to_string(),
            "malformed: invalid type: string …, expected u64"
        );
    }
}

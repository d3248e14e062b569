//! Searching at the server (PROTOCOL.md §7.6).

use serde::{Deserialize, Serialize};

use crate::{ConversationId, Lenient, Message, Timestamp, UserId};

/// What is searched for. All of it has to fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchQuery {
    /// Words, or beginnings of words; a message has to contain each of them.
    pub text: String,
    /// Only in this conversation.
    pub conversation_id: Option<ConversationId>,
    /// Only what this person wrote.
    pub sender_id: Option<UserId>,
    /// Only what was sent at this time or later.
    pub from: Option<Timestamp>,
    /// Only what was sent before this time.
    pub until: Option<Timestamp>,
}

impl SearchQuery {
    /// A search for words, everywhere.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }
}

/// Answer to `GET /v1/search`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SearchPage {
    /// The messages that were found, the best first.
    pub messages: Lenient<Message>,
    /// Where the next page begins; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

//! The answers to commands that went well.

use fulmar_protocol::{ConversationId, MessageVersion, OperationKey, Position, SessionInfo};

use super::push::PushNotification;

/// The answer to a command that went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Done, and durable.
    Done,
    /// The message or receipt is in the outbox, durably.
    Enqueued {
        /// Its identity for ever.
        operation_key: OperationKey,
    },
    /// The conversation exists here, durably.
    Conversation {
        /// The id by which it answers.
        id: ConversationId,
    },
    /// A message to jump to was looked for.
    Found {
        /// Where it is; `None` when there is no such message yet.
        place: Option<Position>,
    },
    /// The server was searched, and what it found is stored.
    Searched {
        /// The messages that it found.
        keys: Vec<OperationKey>,
        /// Where its next page begins; `None` when there is none.
        cursor: Option<String>,
    },
    /// The user's sessions, the newest first.
    Sessions(Vec<SessionInfo>),
    /// What to show of a push notification.
    Notified(PushNotification),
    /// All that a message ever said.
    Versions(Vec<MessageVersion>),
}

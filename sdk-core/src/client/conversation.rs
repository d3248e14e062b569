//! A handle for one conversation.

use std::sync::Arc;

use fulmar_engine::{Command, CommandError};
use fulmar_protocol::{ConversationId, OperationKey, Position};

use super::{Timeline, new_operation_key};
use crate::runtime::Runtime;

/// One conversation. Cheap to make and to clone; it holds nothing but the id.
#[derive(Debug, Clone)]
pub struct Conversation {
    runtime: Arc<Runtime>,
    id: ConversationId,
}

impl Conversation {
    pub(super) fn new(runtime: Arc<Runtime>, id: ConversationId) -> Self {
        Self { runtime, id }
    }

    /// The id by which it was asked for.
    #[must_use]
    pub fn id(&self) -> &ConversationId {
        &self.id
    }

    /// Sends a message. When this returns, the message is on this device for good: it survives a
    /// crash and a power cut, is in every timeline, and goes out by itself, in order, once. The
    /// network is not waited for. The text is not blank and has at most 8 KiB, or what the server
    /// allows. PROTOCOL.md §5.4.
    ///
    /// # Errors
    /// [`CommandError::Invalid`] for the text, [`CommandError::NoSuchConversation`],
    /// [`CommandError::OutboxFull`], [`CommandError::SignedOut`], [`CommandError::Store`] when the
    /// disk is full. The message was not taken then.
    pub async fn send(&self, text: impl Into<String>) -> Result<OperationKey, CommandError> {
        let operation_key = new_operation_key()?;
        let command = Command::Send {
            operation_key,
            conversation: self.id.clone(),
            text: text.into(),
        };
        self.runtime.command(command).await.map(|_| operation_key)
    }

    /// The messages, live.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        Timeline::new(Arc::clone(&self.runtime), self.id.clone())
    }

    /// Marks everything up to a position as read, on this device at once and at the server when it
    /// can be reached. The pointer only grows. PROTOCOL.md §5.5.
    ///
    /// # Errors
    /// [`CommandError::NoSuchConversation`], [`CommandError::SignedOut`],
    /// [`CommandError::OutboxFull`].
    pub async fn mark_read_up_to(&self, position: Position) -> Result<(), CommandError> {
        let command = Command::MarkRead {
            operation_key: new_operation_key()?,
            conversation: self.id.clone(),
            up_to: position,
        };
        self.runtime.command(command).await.map(|_| ())
    }
}

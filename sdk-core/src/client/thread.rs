//! A handle for one thread: the messages under another one.

use fulmar_engine::CommandError;
use fulmar_engine::query::Window;
use fulmar_protocol::OperationKey;

use super::{Conversation, NewMessage, Timeline};

/// The messages under one message of a conversation (PROTOCOL.md §4.6). Cheap to make and to clone; it
/// holds nothing but names. There is a thread as soon as somebody writes in it.
#[derive(Debug, Clone)]
pub struct Thread {
    conversation: Conversation,
    root: OperationKey,
}

impl Conversation {
    /// The thread under a message.
    #[must_use]
    pub fn thread(&self, root: OperationKey) -> Thread {
        Thread {
            conversation: self.clone(),
            root,
        }
    }
}

impl Thread {
    /// The message that it is under, which need not be sent yet.
    #[must_use]
    pub fn root(&self) -> OperationKey {
        self.root
    }

    /// Sends a message into the thread, as [`Conversation::send`] sends one beside it. A [`NewMessage`]
    /// that names another thread goes into this one. Works offline. PROTOCOL.md §5.4.
    ///
    /// # Errors
    /// Those of [`Conversation::send`]; [`CommandError::NotAllowed`] under a message that is in a thread
    /// itself, or that the server wrote.
    /// [`CommandError::Unsupported`] where the server has no threads.
    pub async fn send(&self, message: impl Into<NewMessage>) -> Result<OperationKey, CommandError> {
        let message = message.into().in_thread(self.root);
        self.conversation.send(message).await
    }

    /// The thread, live: the message that it is under, and those in it.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        Timeline::new(
            self.conversation.shared_runtime(),
            self.conversation.id().clone(),
            Some(self.root),
            Window::Newest,
        )
    }
}

//! The signal that a user is typing, sent and received.

use std::sync::Arc;

use fulmar_engine::query::conversation_key;
use fulmar_engine::{ConversationKey, Input};
use fulmar_protocol::{ConversationId, TypingState, UserId};
use tokio::sync::watch;

use super::Conversation;
use crate::error::WatchError;
use crate::runtime::Runtime;
use crate::runtime::TypingNow;

impl Conversation {
    /// Says that the user pressed a key. Call it for each key: the server is told at most every two
    /// seconds. It is told that the user has stopped when there was no key for one second, or a message
    /// was sent. Returns at once; without a connection nothing happens. PROTOCOL.md §3.10.
    pub fn keystroke(&self) {
        self.signal(TypingState::Started);
    }

    /// Says that the user has stopped typing, if that is known before the second is over.
    pub fn stop_typing(&self) {
        self.signal(TypingState::Stopped);
    }

    /// The other users who are typing here, live. A user whose signal is older than three seconds is not
    /// among them; without a connection the list is empty. PROTOCOL.md §3.10.
    #[must_use]
    pub fn typing_users(&self) -> TypingWatch {
        TypingWatch {
            runtime: self.shared_runtime(),
            id: self.id().clone(),
            now: self.runtime().typing.clone(),
            ended: self.runtime().ended(),
            shown: None,
        }
    }

    fn signal(&self, state: TypingState) {
        self.runtime().hint(Input::Typing {
            conversation: self.id().clone(),
            state,
        });
    }
}

/// The users who are typing in a conversation, live.
#[derive(Debug, Clone)]
pub struct TypingWatch {
    runtime: Arc<Runtime>,
    id: ConversationId,
    now: watch::Receiver<TypingNow>,
    ended: watch::Receiver<bool>,
    shown: Option<Vec<UserId>>,
}

impl TypingWatch {
    /// Waits until others type than before, and gives all who do, by their ids; the first time at once.
    /// States in between may be skipped. Safe to cancel. Does not wait for the network.
    ///
    /// # Errors
    /// [`WatchError::Closed`] when the client is; [`WatchError::Store`] when the store could not be
    /// read.
    pub async fn next(&mut self) -> Result<Vec<UserId>, WatchError> {
        loop {
            self.now.mark_unchanged();
            let key = self.key().await?;
            let typing = key
                .and_then(|key| self.now.borrow().get(&key).cloned())
                .unwrap_or_default();
            if self.shown.as_ref() != Some(&typing) {
                self.shown = Some(typing.clone());
                return Ok(typing);
            }
            tokio::select! {
                biased;
                _ = self.ended.wait_for(|ended| *ended) => return Err(WatchError::Closed),
                changed = self.now.changed() => changed.map_err(|_| WatchError::Closed)?,
            }
        }
    }

    /// The conversation may get another row: a draft that turns out to exist already.
    async fn key(&self) -> Result<Option<ConversationKey>, WatchError> {
        if *self.ended.borrow() {
            return Err(WatchError::Closed);
        }
        let id = self.id.clone();
        let key = self
            .runtime
            .read(move |readers| readers.read(|reader| conversation_key(reader, &id)))
            .await
            .ok_or(WatchError::Closed)??;
        Ok(key)
    }
}

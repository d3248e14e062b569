//! One conversation as its row in the list shows it, live, wherever it is listed.

use fulmar_engine::query::{ConversationItem, conversation};
use fulmar_engine::{SessionState, Topic};
use fulmar_protocol::{ConversationId, UserId};
use tokio::sync::watch;

use super::Conversation;
use super::live::Live;
use crate::error::WatchError;
use crate::runtime::PresentNow;
use crate::runtime::Runtime;

impl Conversation {
    /// The conversation itself, live: its title and picture, who may write, what it is about, what the user
    /// has set for it, how much is unread; also while it is in the archive or hidden.
    #[must_use]
    pub fn watch(&self) -> ConversationWatch {
        ConversationWatch {
            live: Live::new(self.shared_runtime(), Some(Topic::Conversations)),
            id: self.id().clone(),
            present: self.runtime().present.clone(),
        }
    }
}

/// A live view of one conversation.
#[derive(Debug)]
pub struct ConversationWatch {
    live: Live<ConversationItem>,
    id: ConversationId,
    present: watch::Receiver<PresentNow>,
}

impl ConversationWatch {
    /// Waits until it is different, and gives it; the first time at once. `None` while there is no such
    /// conversation on this device. Reads the device only. States in between may be skipped. Safe to cancel.
    ///
    /// # Errors
    /// [`WatchError::Closed`] when the client is; [`WatchError::Store`] when this read failed.
    pub async fn next(&mut self) -> Result<Option<ConversationItem>, WatchError> {
        loop {
            tokio::select! {
                biased;
                changed = self.live.changed() => changed?,
                changed = self.present.changed() => changed.map_err(|_| WatchError::Closed)?,
            }
            let (own, id) = (own(&self.live.runtime), self.id.clone());
            let mut item = self
                .live
                .read(move |readers| readers.read(|reader| conversation(reader, own.as_ref(), &id)))
                .await?;
            let present = self.present.borrow_and_update().clone();
            if let Some(item) = &mut item {
                show_presence(item, &present);
            }
            let changes = self
                .live
                .show(item.clone().into_iter().collect(), |item| item.key);
            if !changes.is_empty() {
                return Ok(item);
            }
        }
    }
}

/// Whose store it is, also after the session has ended.
pub(super) fn own(runtime: &Runtime) -> Option<UserId> {
    match &*runtime.session.borrow() {
        SessionState::SignedIn { user_id } | SessionState::Ended { user_id, .. } => {
            Some(user_id.clone())
        }
        SessionState::SignedOut => None,
    }
}

/// The store does not know who is there; the connection does.
pub(super) fn show_presence(item: &mut ConversationItem, present: &PresentNow) {
    let known = item.other.as_ref().and_then(|other| present.get(other));
    item.presence = known.copied().unwrap_or_default();
}

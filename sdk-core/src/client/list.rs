//! The list of conversations, live.

use std::sync::Arc;

use fulmar_engine::query::{Change, ConversationFilter, ConversationItem, conversations};
use fulmar_engine::{SessionState, Topic};
use futures_core::Stream;
use tokio::sync::watch;

use super::live::{Live, WatchError};
use crate::runtime::Runtime;
use crate::runtime::outlets::PresentNow;

/// How many conversations the list shows.
const LIMIT: u32 = 1_000;

/// A live list of conversations, at most 1,000: pinned ones first, then the last active.
#[derive(Debug)]
pub struct ConversationList {
    live: Live<ConversationItem>,
    filter: ConversationFilter,
    present: watch::Receiver<PresentNow>,
}

impl ConversationList {
    pub(super) fn new(runtime: Arc<Runtime>, filter: ConversationFilter) -> Self {
        Self {
            filter,
            present: runtime.present.clone(),
            live: Live::new(runtime, Some(Topic::Conversations)),
        }
    }

    /// Waits for changes and gives them; the first time a [`Change::Reset`] at once. Applied in
    /// order they turn what this list gave before into [`ConversationList::items`]. Never empty.
    /// Reads the device only. Safe to cancel: nothing is skipped.
    ///
    /// # Errors
    /// [`WatchError::Closed`] when the client is; [`WatchError::Store`] when this read failed.
    pub async fn next(&mut self) -> Result<Vec<Change<ConversationItem>>, WatchError> {
        loop {
            tokio::select! {
                biased;
                changed = self.live.changed() => changed?,
                changed = self.present.changed() => changed.map_err(|_| WatchError::Closed)?,
            }
            let own = match &*self.live.runtime.session.borrow() {
                SessionState::SignedIn { user_id } | SessionState::Ended { user_id, .. } => {
                    Some(user_id.clone())
                }
                SessionState::SignedOut => None,
            };
            let filter = self.filter;
            let mut items = self
                .live
                .read(move |readers| {
                    readers.read(|reader| conversations(reader, own.as_ref(), filter, LIMIT))
                })
                .await?;
            {
                let present = self.present.borrow_and_update();
                for item in &mut items {
                    let known = item.other.as_ref().and_then(|other| present.get(other));
                    item.presence = known.copied().unwrap_or_default();
                }
            }
            let changes = self.live.show(items, |item| item.key);
            if !changes.is_empty() {
                return Ok(changes);
            }
        }
    }

    /// What the changes given so far add up to.
    #[must_use]
    pub fn items(&self) -> &[ConversationItem] {
        self.live.items()
    }

    /// The same as a stream, which ends when the client is closed or the store cannot be read.
    pub fn into_stream(self) -> impl Stream<Item = Vec<Change<ConversationItem>>> + Send {
        futures_util::stream::unfold(self, |mut list| async {
            let changes = list.next().await.ok()?;
            Some((changes, list))
        })
    }
}

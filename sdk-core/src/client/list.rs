//! The list of conversations, live.

use std::sync::Arc;

use fulmar_engine::Topic;
use fulmar_engine::query::{
    Change, ConversationFilter, ConversationItem, conversations, count_conversations,
};
use futures_core::Stream;
use tokio::sync::watch;

use super::conversation_watch::{own, show_presence};
use super::live::Live;
use super::pages::PageResult;
use crate::error::WatchError;
use crate::runtime::PresentNow;
use crate::runtime::Runtime;

/// How many conversations one step of the list shows more.
const STEP: u32 = 50;

/// A live list of conversations: pinned ones first, then the last active. It begins with 50, and shows 50
/// more with each [`ConversationList::load_more`].
///
/// Clones show the same: what one loads, all show. Each begins with a [`Change::Reset`].
#[derive(Debug)]
pub struct ConversationList {
    live: Live<ConversationItem>,
    filter: ConversationFilter,
    present: watch::Receiver<PresentNow>,
    limit: Arc<watch::Sender<u32>>,
    limit_changes: watch::Receiver<u32>,
}

impl Clone for ConversationList {
    fn clone(&self) -> Self {
        let runtime = Arc::clone(&self.live.runtime);
        Self::showing(runtime, self.filter, Arc::clone(&self.limit))
    }
}

impl ConversationList {
    pub(super) fn new(runtime: Arc<Runtime>, filter: ConversationFilter) -> Self {
        Self::showing(runtime, filter, Arc::new(watch::Sender::new(STEP)))
    }

    fn showing(
        runtime: Arc<Runtime>,
        filter: ConversationFilter,
        limit: Arc<watch::Sender<u32>>,
    ) -> Self {
        Self {
            filter,
            present: runtime.present.clone(),
            live: Live::new(runtime, Some(Topic::Conversations)),
            limit_changes: limit.subscribe(),
            limit,
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
                // The sender is in this list, so this never ends.
                _ = self.limit_changes.changed() => {}
            }
            let limit = *self.limit_changes.borrow_and_update();
            let own = own(&self.live.runtime);
            let filter = self.filter;
            let mut items = self
                .live
                .read(move |readers| {
                    readers.read(|reader| conversations(reader, own.as_ref(), filter, limit))
                })
                .await?;
            {
                let present = self.present.borrow_and_update();
                for item in &mut items {
                    show_presence(item, &present);
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

    /// Shows 50 more, with the next [`ConversationList::next`] of every clone. Reads the device only: all
    /// conversations of the user are on it.
    ///
    /// # Errors
    /// [`WatchError::Closed`] when the client is; [`WatchError::Store`] when this read failed.
    pub async fn load_more(&self) -> Result<PageResult, WatchError> {
        let (filter, limit) = (self.filter, *self.limit.borrow());
        let count = self
            .live
            .runtime
            .read(move |readers| readers.read(|reader| count_conversations(reader, filter)))
            .await
            .ok_or(WatchError::Closed)??;
        if count <= u64::from(limit) {
            return Ok(PageResult { has_more: false });
        }
        let limit = limit.saturating_add(STEP);
        self.limit.send_modify(|now| *now = limit.max(*now));
        Ok(PageResult {
            has_more: count > u64::from(limit),
        })
    }

    /// The same as a stream, which ends when the client is closed or the store cannot be read.
    pub fn into_stream(self) -> impl Stream<Item = Vec<Change<ConversationItem>>> + Send {
        futures_util::stream::unfold(self, |mut list| async {
            let changes = list.next().await.ok()?;
            Some((changes, list))
        })
    }
}

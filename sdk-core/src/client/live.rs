//! Live queries, pulled: a watcher keeps what it showed last, and computes the difference when it
//! is asked for it.

use std::sync::Arc;

use fulmar_engine::query::{Change, diff};
use fulmar_engine::{StoreError, Topic};
use tokio::sync::watch;

use crate::error::WatchError;
use crate::runtime::Readers;
use crate::runtime::Runtime;
use crate::runtime::Slot;

/// A watcher of a list of `T`.
#[derive(Debug)]
pub(crate) struct Live<T> {
    pub(crate) runtime: Arc<Runtime>,
    slot: Arc<Slot>,
    changes: watch::Receiver<u64>,
    ended: watch::Receiver<bool>,
    /// What was shown last; `None` before the first time.
    shown: Option<Vec<T>>,
    /// Ask again at once: the query itself was changed.
    stale: bool,
}

impl<T: Clone + PartialEq> Live<T> {
    pub(crate) fn new(runtime: Arc<Runtime>, topic: Option<Topic>) -> Self {
        let slot = runtime.watchers.add(topic);
        let changes = slot.subscribe();
        let ended = runtime.ended();
        Self {
            runtime,
            slot,
            changes,
            ended,
            shown: None,
            stale: true,
        }
    }

    pub(crate) fn items(&self) -> &[T] {
        self.shown.as_deref().unwrap_or_default()
    }

    pub(crate) fn set_topic(&self, topic: Option<Topic>) -> bool {
        self.slot.set_topic(topic)
    }

    pub(crate) fn make_stale(&mut self) {
        self.stale = true;
    }

    /// Waits until the query may have another result. Safe to cancel.
    pub(crate) async fn changed(&mut self) -> Result<(), WatchError> {
        if self.stale {
            return Ok(());
        }
        tokio::select! {
            biased;
            _ = self.ended.wait_for(|ended| *ended) => Err(WatchError::Closed),
            changed = self.changes.changed() => changed.map_err(|_| WatchError::Closed),
        }
    }

    /// Runs the query off this thread. What changes from now on will be seen as a new change.
    pub(crate) async fn read<S: Send + 'static>(
        &mut self,
        query: impl FnOnce(&Readers) -> Result<S, StoreError> + Send + 'static,
    ) -> Result<S, WatchError> {
        if *self.ended.borrow() {
            return Err(WatchError::Closed);
        }
        // Marked as seen before reading, and stale until the result is taken: a change during the
        // read, or a caller that gives up in the middle, only leads to one more read.
        self.changes.mark_unchanged();
        self.stale = true;
        let result = self.runtime.read(query).await.ok_or(WatchError::Closed)??;
        Ok(result)
    }

    /// Takes a result as what is shown now, and gives the changes that lead to it.
    pub(crate) fn show<K: Ord>(&mut self, items: Vec<T>, key: impl Fn(&T) -> K) -> Vec<Change<T>> {
        self.stale = false;
        let changes = match &self.shown {
            None => vec![Change::Reset {
                items: items.clone(),
            }],
            Some(shown) => diff(shown, &items, key),
        };
        self.shown = Some(items);
        changes
    }
}

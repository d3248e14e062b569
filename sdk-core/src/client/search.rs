//! Searching messages, live.

use std::collections::BTreeSet;
use std::sync::Arc;

use fulmar_engine::query::{Change, SearchHit, search};
use fulmar_engine::{Command, CommandError, Reply, Topic};
use fulmar_protocol::{OperationKey, SearchQuery};
use futures_core::Stream;
use tokio::sync::watch;

use super::live::Live;
use super::pages::PageResult;
use crate::error::WatchError;
use crate::runtime::Runtime;

/// How many messages one step of a search shows more.
const STEP: u32 = 50;

/// A live search: what is found on this device at once, also offline, and what the server finds with
/// [`Search::load_more`]. What the server finds is on this device from then on, so that there is one list,
/// in one order, without anything twice.
///
/// A message is found when it contains each word of the query, or words that begin with them; case and
/// accents do not matter. In scripts without spaces between words it is each part of a word.
///
/// Clones show the same: what one loads, all show. Each begins with a [`Change::Reset`].
#[derive(Debug)]
pub struct Search {
    live: Live<SearchHit>,
    query: Arc<SearchQuery>,
    shared: Arc<watch::Sender<Reach>>,
    reach_changes: watch::Receiver<Reach>,
}

/// How far a search has got.
#[derive(Debug, Clone)]
struct Reach {
    limit: u32,
    /// What the server has found.
    told: BTreeSet<OperationKey>,
    server: ServerPage,
}

#[derive(Debug, Clone)]
enum ServerPage {
    First,
    At(String),
    NoMore,
}

impl Clone for Search {
    fn clone(&self) -> Self {
        let runtime = Arc::clone(&self.live.runtime);
        Self::showing(runtime, Arc::clone(&self.query), Arc::clone(&self.shared))
    }
}

impl Search {
    pub(super) fn new(runtime: Arc<Runtime>, query: SearchQuery) -> Self {
        let reach = Reach {
            limit: STEP,
            told: BTreeSet::new(),
            server: ServerPage::First,
        };
        Self::showing(
            runtime,
            Arc::new(query),
            Arc::new(watch::Sender::new(reach)),
        )
    }

    fn showing(
        runtime: Arc<Runtime>,
        query: Arc<SearchQuery>,
        shared: Arc<watch::Sender<Reach>>,
    ) -> Self {
        Self {
            live: Live::new(runtime, Some(Topic::Conversations)),
            query,
            reach_changes: shared.subscribe(),
            shared,
        }
    }

    /// Waits for changes and gives them; the first time a [`Change::Reset`] at once. Applied in order
    /// they turn what this search gave before into [`Search::items`]. Never empty. Reads the device
    /// only. Safe to cancel: nothing is skipped.
    ///
    /// # Errors
    /// [`WatchError::Closed`] when the client is; [`WatchError::Store`] when this read failed.
    pub async fn next(&mut self) -> Result<Vec<Change<SearchHit>>, WatchError> {
        loop {
            tokio::select! {
                biased;
                changed = self.live.changed() => changed?,
                // The sender is in this search, so this never ends.
                _ = self.reach_changes.changed() => {}
            }
            self.live.make_stale();
            let reach = self.reach_changes.borrow_and_update().clone();
            let query = Arc::clone(&self.query);
            let found = self
                .live
                .read(move |readers| {
                    readers.read(|reader| search(reader, &query, &reach.told, reach.limit))
                })
                .await?;
            let changes = self.live.show(found.hits, |hit| hit.message.key);
            if !changes.is_empty() {
                return Ok(changes);
            }
        }
    }

    /// What the changes given so far add up to: the best first, and of equals the newest.
    #[must_use]
    pub fn items(&self) -> &[SearchHit] {
        self.live.items()
    }

    /// Asks for 50 more: from this device as long as it has more, and then from the server, which needs
    /// the network. They come with the next [`Search::next`] of every clone. PROTOCOL.md §7.6.
    ///
    /// # Errors
    /// [`CommandError::Unreachable`] without the network; [`CommandError::Refused`] for a text without a
    /// word or with more than 16, or when the server cannot search. What was found stays.
    /// [`CommandError::Unsupported`] where the server has no search.
    pub async fn load_more(&self) -> Result<PageResult, CommandError> {
        let reach = self.shared.borrow().clone();
        let query = Arc::clone(&self.query);
        let (told, limit) = (reach.told.clone(), reach.limit);
        let here = self
            .live
            .runtime
            .query(move |reader| search(reader, &query, &told, limit))
            .await?;
        if here.more {
            self.shared
                .send_modify(|reach| reach.limit = limit.max(reach.limit) + STEP);
            return Ok(PageResult { has_more: true });
        }
        let cursor = match reach.server {
            ServerPage::First => None,
            ServerPage::At(cursor) => Some(cursor),
            ServerPage::NoMore => return Ok(PageResult { has_more: false }),
        };
        let command = Command::Search {
            query: SearchQuery::clone(&self.query),
            cursor,
        };
        let Reply::Searched { keys, cursor } = self.live.runtime.command(command).await? else {
            return Ok(PageResult { has_more: false });
        };
        // All that is on this device is shown already, and the limit grows by what the server has found.
        let page = PageResult {
            has_more: cursor.is_some(),
        };
        let grown = u32::try_from(keys.len()).unwrap_or(u32::MAX).max(STEP);
        self.shared.send_modify(|reach| {
            reach.limit = reach.limit.saturating_add(grown);
            reach.told.extend(keys);
            reach.server = cursor.map_or(ServerPage::NoMore, ServerPage::At);
        });
        Ok(page)
    }

    /// The same as a stream, which ends when the client is closed or the store cannot be read.
    pub fn into_stream(self) -> impl Stream<Item = Vec<Change<SearchHit>>> + Send {
        futures_util::stream::unfold(self, |mut search| async {
            let changes = search.next().await.ok()?;
            Some((changes, search))
        })
    }
}

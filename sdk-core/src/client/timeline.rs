//! The messages of a conversation, live.

use std::sync::Arc;

use fulmar_engine::query::{Change, Older, PAGE, TimelineItem, Window, timeline};
use fulmar_engine::{Command, CommandError, Reply, Topic};
use fulmar_protocol::{ConversationId, Position};
use futures_core::Stream;

use super::live::{Live, WatchError};
use crate::runtime::Runtime;

/// Whether there was older history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// There was; the next change shows it.
    More,
    /// There is none: the timeline begins with the first message.
    Beginning,
}

/// A live view of a conversation: its newest 50 messages, more with [`Timeline::load_older`], and
/// everything that comes after.
///
/// Confirmed messages are in the server's order and without holes; behind them, in the order in
/// which they were sent, those that are not confirmed yet. List by
/// [`key`](TimelineItem::key), which never changes.
#[derive(Debug)]
pub struct Timeline {
    live: Live<TimelineItem>,
    id: ConversationId,
    window: Window,
    older: Older,
}

impl Timeline {
    pub(super) fn new(runtime: Arc<Runtime>, id: ConversationId) -> Self {
        Self {
            live: Live::new(runtime, None),
            id,
            window: Window::Newest,
            older: Older::Nothing,
        }
    }

    /// Waits for changes and gives them; the first time a [`Change::Reset`] at once. Applied in
    /// order they turn what this timeline gave before into [`Timeline::items`]. Never empty. Reads
    /// the device only. Safe to cancel: nothing is skipped.
    ///
    /// # Errors
    /// [`WatchError::Closed`] when the client is; [`WatchError::Store`] when this read failed.
    pub async fn next(&mut self) -> Result<Vec<Change<TimelineItem>>, WatchError> {
        loop {
            self.live.changed().await?;
            let changes = self.refresh().await?;
            if !changes.is_empty() {
                return Ok(changes);
            }
        }
    }

    async fn refresh(&mut self) -> Result<Vec<Change<TimelineItem>>, WatchError> {
        let (id, window) = (self.id.clone(), self.window);
        let snapshot = self
            .live
            .read(move |readers| readers.read(|reader| timeline(reader, &id, window)))
            .await?;
        let mut moved = false;
        if let Some(key) = snapshot.conversation {
            // A draft that turned out to be an existing conversation has its rows elsewhere now.
            moved = self.live.set_topic(Topic::Timeline(key));
            // From the first page on the window only grows, so nothing slides out of the screen.
            self.window = Window::From(snapshot.from);
        }
        self.older = snapshot.older;
        let changes = self.live.show(snapshot.items, |item| item.key);
        if moved {
            self.live.make_stale();
        }
        Ok(changes)
    }

    /// What the changes given so far add up to, oldest first.
    #[must_use]
    pub fn items(&self) -> &[TimelineItem] {
        self.live.items()
    }

    /// Asks for 50 older messages. From the device when they are there, otherwise from the server,
    /// which needs the network; they come with the next [`Timeline::next`]. PROTOCOL.md §7.5.
    ///
    /// # Errors
    /// [`CommandError::Unreachable`] without the network; nothing has changed then.
    pub async fn load_older(&mut self) -> Result<History, CommandError> {
        let Window::From(from) = self.window else {
            return Ok(History::More);
        };
        match self.older {
            Older::Nothing => return Ok(History::Beginning),
            Older::Cached => {}
            Older::AtServer(before) => {
                let command = Command::LoadOlder {
                    conversation: self.id.clone(),
                    before,
                };
                let reply = self.live.runtime.command(command).await?;
                if reply == (Reply::Page { count: 0 }) {
                    return Ok(History::Beginning);
                }
            }
        }
        let begins = self
            .items()
            .iter()
            .find_map(|item| item.position)
            .unwrap_or(from);
        let lower = begins.0.saturating_sub(u64::from(PAGE)).max(1);
        self.window = Window::From(from.min(Position(lower)));
        self.live.make_stale();
        Ok(History::More)
    }

    /// The same as a stream, which ends when the client is closed or the store cannot be read.
    pub fn into_stream(self) -> impl Stream<Item = Vec<Change<TimelineItem>>> + Send {
        futures_util::stream::unfold(self, |mut timeline| async {
            let changes = timeline.next().await.ok()?;
            Some((changes, timeline))
        })
    }
}

//! The messages of a conversation, live.

use std::sync::Arc;

use fulmar_engine::query::{Change, Older, PAGE, TimelineItem, Window, timeline};
use fulmar_engine::{Command, CommandError, Reply, Topic};
use fulmar_protocol::{ConversationId, Position};
use futures_core::Stream;
use tokio::sync::watch;

use super::live::{Live, WatchError};
use super::new_operation_key;
use crate::runtime::Runtime;

/// Who looks again when the window has grown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wake {
    Nobody,
    Everyone,
}

/// Whether somebody is looking at a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Visibility {
    /// Nobody, or the app marks what was read by itself.
    #[default]
    Hidden,
    /// What it shows is on a screen: it is marked as read.
    Visible,
}

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
///
/// Clones show the same stretch of the conversation: what one loads, all show. Each sees changes for
/// itself, and begins with a [`Change::Reset`].
#[derive(Debug)]
pub struct Timeline {
    live: Live<TimelineItem>,
    id: ConversationId,
    /// Shared by clones.
    shared: Arc<Shared>,
    window_changes: watch::Receiver<Window>,
    visibility_changes: watch::Receiver<Visibility>,
    /// Up to where this watcher has marked what it showed.
    marked: Position,
}

/// What the clones of a timeline have in common.
#[derive(Debug, Default)]
struct Shared {
    window: watch::Sender<Window>,
    visibility: watch::Sender<Visibility>,
}

impl Clone for Timeline {
    fn clone(&self) -> Self {
        Self::showing(
            Arc::clone(&self.live.runtime),
            self.id.clone(),
            Arc::clone(&self.shared),
        )
    }
}

impl Timeline {
    pub(super) fn new(runtime: Arc<Runtime>, id: ConversationId) -> Self {
        Self::showing(runtime, id, Arc::default())
    }

    fn showing(runtime: Arc<Runtime>, id: ConversationId, shared: Arc<Shared>) -> Self {
        Self {
            live: Live::new(runtime, None),
            id,
            window_changes: shared.window.subscribe(),
            visibility_changes: shared.visibility.subscribe(),
            shared,
            marked: Position::ZERO,
        }
    }

    /// Says whether somebody is looking. While somebody is, everything that [`Timeline::next`] has
    /// given is marked as read when it is called again, by any clone. PROTOCOL.md §5.5.
    pub fn set_visibility(&self, visibility: Visibility) {
        self.shared.visibility.send_replace(visibility);
    }

    /// What the last `next` gave is on the screen by now.
    async fn mark_what_was_shown(&mut self) {
        if *self.visibility_changes.borrow_and_update() == Visibility::Hidden {
            return;
        }
        let newest = self.items().iter().rev().find_map(|item| item.position);
        let newest = newest.unwrap_or(Position::ZERO);
        if newest <= self.marked {
            return;
        }
        let Ok(operation_key) = new_operation_key() else {
            return;
        };
        let command = Command::MarkRead {
            operation_key,
            conversation: self.id.clone(),
            up_to: newest,
        };
        match self.live.runtime.command(command).await {
            Ok(_) => self.marked = newest,
            // The next call tries again; meanwhile it is unread, which is the safe side.
            Err(error) => tracing::debug!(%error, "could not mark as read what is visible"),
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
            self.mark_what_was_shown().await;
            tokio::select! {
                biased;
                changed = self.live.changed() => changed?,
                // The senders are in this timeline, so these never end.
                _ = self.window_changes.changed() => {}
                _ = self.visibility_changes.changed() => continue,
            }
            let changes = self.refresh().await?;
            if !changes.is_empty() {
                return Ok(changes);
            }
        }
    }

    async fn refresh(&mut self) -> Result<Vec<Change<TimelineItem>>, WatchError> {
        // Stale until the result is taken: a caller that gives up in the middle asks again.
        self.live.make_stale();
        let window = *self.window_changes.borrow_and_update();
        let id = self.id.clone();
        let snapshot = self
            .live
            .read(move |readers| readers.read(|reader| timeline(reader, &id, window)))
            .await?;
        let mut moved = false;
        if let Some(key) = snapshot.conversation {
            // A draft that turned out to be an existing conversation has its rows elsewhere now.
            moved = self.live.set_topic(Topic::Timeline(key));
            // From the first page on the window only grows, so nothing slides out of the screen.
            self.reach_back_to(snapshot.from, Wake::Nobody);
        }
        let changes = self.live.show(snapshot.items, |item| item.key);
        if moved {
            self.live.make_stale();
        }
        Ok(changes)
    }

    /// Sees to it that at least everything from here on is shown.
    fn reach_back_to(&self, from: Position, wake: Wake) {
        self.shared.window.send_if_modified(|window| {
            let grows = match *window {
                Window::Newest => true,
                Window::From(now) => from < now,
            };
            if grows {
                *window = Window::From(from);
            }
            grows && wake == Wake::Everyone
        });
    }

    /// What the changes given so far add up to, oldest first.
    #[must_use]
    pub fn items(&self) -> &[TimelineItem] {
        self.live.items()
    }

    /// Asks for 50 older messages. From the device when they are there, otherwise from the server,
    /// which needs the network; they come with the next [`Timeline::next`] of every clone.
    /// PROTOCOL.md §7.5.
    ///
    /// # Errors
    /// [`CommandError::Unreachable`] without the network; nothing has changed then.
    pub async fn load_older(&self) -> Result<History, CommandError> {
        let (id, window) = (self.id.clone(), *self.shared.window.borrow());
        let shown = self
            .live
            .runtime
            .read(move |readers| readers.read(|reader| timeline(reader, &id, window)))
            .await
            .ok_or(CommandError::Closed)?
            .map_err(|error| CommandError::Store {
                reason: error.to_string(),
            })?;
        match shown.older {
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
        let begins = shown
            .items
            .iter()
            .find_map(|item| item.position)
            .unwrap_or(shown.from);
        let lower = begins.0.saturating_sub(u64::from(PAGE)).max(1);
        self.reach_back_to(shown.from.min(Position(lower)), Wake::Everyone);
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

//! The messages of a conversation, or of a thread in it, live.

use std::sync::Arc;

use fulmar_engine::query::{
    Change, GapRange, MessageItem, Newer, Older, PAGE, TimelineItem, TimelineSnapshot, Window,
    page_after, page_before, timeline,
};
use fulmar_engine::{Command, CommandError, Topic};
use fulmar_protocol::{ConversationId, HistoryPage, OperationKey, Position};
use futures_core::Stream;
use tokio::sync::watch;

use super::arguments::new_operation_key;
use super::first_page::FirstPage;
use super::live::Live;
use super::pages::{PageEnd, PageResult, page_end};
use crate::error::WatchError;
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

/// The end of a gap from which it is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapEnd {
    /// The oldest messages that are missing: for a user who scrolls down.
    Oldest,
    /// The newest that are missing: for a user who scrolls up.
    Newest,
}

/// A live view of a conversation, or of a thread: its newest 50 messages, more with
/// [`Timeline::load_older`], and everything that comes after. One that was opened
/// [around](crate::Conversation::timeline_around) a message shows both sides of that, and more with
/// [`Timeline::load_newer`] until it has reached what comes in.
///
/// Confirmed messages are in the server's order; where some are missing on this device, there is a
/// [gap](TimelineItem::Gap). Behind them, in the order in which they were sent, are those that are not
/// confirmed yet. List by [`key`](TimelineItem::key), which never changes.
///
/// It begins at once with what is on this device. Where that is little, because replies in threads and hidden
/// messages lie between, it asks the server by itself for what is before, until it shows 20 messages or has reached
/// the beginning; without the network as soon as that is there.
///
/// Messages of threads are not in the timeline of the conversation, but in that of their
/// [thread](crate::Conversation::thread).
///
/// Clones show the same stretch: what one loads, all show. Each sees changes for itself, and begins
/// with a [`Change::Reset`].
#[derive(Debug)]
pub struct Timeline {
    live: Live<TimelineItem>,
    shared: Arc<Shared>,
    window_changes: watch::Receiver<Window>,
    visibility_changes: watch::Receiver<Visibility>,
    /// The newest place of what was shown last.
    shown_to: Position,
    /// Up to where this watcher has marked what it showed.
    marked: Position,
    first_page: FirstPage,
}

/// What the clones of a timeline have in common.
#[derive(Debug)]
struct Shared {
    id: ConversationId,
    thread: Option<OperationKey>,
    window: watch::Sender<Window>,
    visibility: watch::Sender<Visibility>,
}

impl Clone for Timeline {
    fn clone(&self) -> Self {
        Self::showing(Arc::clone(&self.live.runtime), Arc::clone(&self.shared))
    }
}

impl Timeline {
    pub(super) fn new(
        runtime: Arc<Runtime>,
        id: ConversationId,
        thread: Option<OperationKey>,
        window: Window,
    ) -> Self {
        let shared = Shared {
            id,
            thread,
            window: watch::Sender::new(window),
            visibility: watch::Sender::default(),
        };
        Self::showing(runtime, Arc::new(shared))
    }

    fn showing(runtime: Arc<Runtime>, shared: Arc<Shared>) -> Self {
        Self {
            first_page: FirstPage::new(runtime.connection.clone()),
            live: Live::new(runtime, None),
            window_changes: shared.window.subscribe(),
            visibility_changes: shared.visibility.subscribe(),
            shared,
            shown_to: Position::ZERO,
            marked: Position::ZERO,
        }
    }

    /// Says whether somebody is looking. While somebody is, everything that [`Timeline::next`] has
    /// given is marked as read when it is called again, by any clone, and so are the messages of threads
    /// in between. The timeline of a thread marks nothing, because it does not show what is beside it.
    /// PROTOCOL.md §5.5.
    pub fn set_visibility(&self, visibility: Visibility) {
        self.shared.visibility.send_replace(visibility);
    }

    /// What the last `next` gave is on the screen by now.
    async fn mark_what_was_shown(&mut self) {
        let visibility = *self.visibility_changes.borrow_and_update();
        let newest = self.shown_to;
        let nothing = newest <= self.marked || self.shared.thread.is_some();
        if visibility == Visibility::Hidden || nothing {
            return;
        }
        let Ok(operation_key) = new_operation_key() else {
            return;
        };
        let command = Command::MarkRead {
            operation_key,
            conversation: self.shared.id.clone(),
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
    /// the device, and never waits for the network. Safe to cancel: nothing is skipped.
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
                () = self.first_page.can_ask_again() => {}
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
        let (id, thread) = (self.shared.id.clone(), self.shared.thread);
        let snapshot = self
            .live
            .read(move |readers| readers.read(|reader| timeline(reader, &id, thread, window)))
            .await?;
        // A draft that turned out to be an existing conversation has its rows elsewhere now, and so has one that
        // went and came back.
        let topic = snapshot.conversation.map(Topic::Timeline);
        let moved = self.live.set_topic(topic);
        if let Some(place) = self.first_page.read(&snapshot, window) {
            let body = self.history(HistoryPage::Before(place));
            self.live.runtime.begin(body);
        }
        if snapshot.conversation.is_some() {
            // From the first page on the window only grows, so nothing slides out of the screen.
            if self.first_page.is_there() {
                self.show_from(snapshot.from, Wake::Nobody);
            }
            if snapshot.newer == Newer::Nothing {
                self.follow(snapshot.from);
            }
        }
        self.shown_to = snapshot.to;
        let changes = self.live.show(snapshot.items, TimelineItem::key);
        if moved {
            self.live.make_stale();
        }
        Ok(changes)
    }

    /// Sees to it that at least everything from here on is shown.
    fn show_from(&self, from: Position, wake: Wake) {
        self.shared.window.send_if_modified(|window| {
            let grown = match *window {
                Window::Newest => Window::From(from),
                Window::From(now) => Window::From(from.min(now)),
                Window::Between(now, to) => Window::Between(from.min(now), to),
            };
            let grows = grown != *window;
            *window = grown;
            grows && wake == Wake::Everyone
        });
    }

    /// Sees to it that at least everything up to here is shown.
    fn show_to(&self, to: Position) {
        self.shared.window.send_if_modified(|window| match *window {
            Window::Between(from, now) if now < to => {
                *window = Window::Between(from, to);
                true
            }
            Window::Newest | Window::From(_) | Window::Between(..) => false,
        });
    }

    /// A stretch of the past has reached the present: what comes is shown from now on.
    fn follow(&self, from: Position) {
        self.shared.window.send_if_modified(|window| {
            if let Window::Between(..) = *window {
                *window = Window::From(from);
            }
            false
        });
    }

    /// What the changes given so far add up to, oldest first.
    #[must_use]
    pub fn items(&self) -> &[TimelineItem] {
        self.live.items()
    }

    /// The messages among the [items](Timeline::items), oldest first.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &MessageItem> {
        self.items().iter().filter_map(TimelineItem::message)
    }

    /// Asks for 50 older messages. From the device when they are there, otherwise from the server,
    /// which needs the network; they come with the next [`Timeline::next`] of every clone. In a thread
    /// its root comes before the first message. PROTOCOL.md §7.5.
    ///
    /// # Errors
    /// [`CommandError::Unreachable`] without the network; nothing has changed then.
    pub async fn load_older(&self) -> Result<PageResult, CommandError> {
        let before = self.snapshot().await?;
        let mut shown = before.clone();
        // A page may have nothing to show: hidden messages, or those of threads.
        while shown.items.len() <= before.items.len() {
            match shown.older {
                Older::Nothing if shown.items.len() == before.items.len() => {
                    return Ok(PageResult { has_more: false });
                }
                Older::Nothing => break,
                Older::Cached => {}
                Older::AtServer(place) => self.load(HistoryPage::Before(place)).await?,
            }
            let begins = match shown.older {
                Older::AtServer(place) => place,
                Older::Cached | Older::Nothing => shown.from,
            };
            let lower = self.page_end(begins, page_before).await?;
            self.show_from(shown.from.min(lower), Wake::Everyone);
            let now = self.snapshot().await?;
            // A server that has nothing there, against its word.
            if (now.older, now.from) == (shown.older, shown.from) {
                return Ok(PageResult { has_more: false });
            }
            shown = now;
        }
        Ok(PageResult {
            has_more: shown.older != Older::Nothing,
        })
    }

    /// Asks for 50 newer messages, in a timeline that was opened around an older one. From the device
    /// when they are there, otherwise from the server, which needs the network. PROTOCOL.md §7.5.
    ///
    /// # Errors
    /// [`CommandError::Unreachable`] without the network; nothing has changed then.
    pub async fn load_newer(&self) -> Result<PageResult, CommandError> {
        let before = self.snapshot().await?;
        let mut shown = before.clone();
        while shown.items.len() <= before.items.len() {
            match shown.newer {
                Newer::Nothing if shown.to == before.to => {
                    return Ok(PageResult { has_more: false });
                }
                Newer::Nothing => break,
                Newer::Cached => {}
                Newer::AtServer(place) => self.load(HistoryPage::After(place)).await?,
            }
            self.show_to(self.page_end(shown.to, page_after).await?);
            let now = self.snapshot().await?;
            if (now.newer, now.to) == (shown.newer, shown.to) {
                return Ok(PageResult { has_more: false });
            }
            shown = now;
        }
        Ok(PageResult {
            has_more: shown.newer != Newer::Nothing,
        })
    }

    /// Asks for up to 50 messages of a gap, from one of its ends; what is left of it stays a gap. Needs
    /// the network. PROTOCOL.md §7.5.
    ///
    /// # Errors
    /// [`CommandError::Unreachable`] without the network; nothing has changed then.
    pub async fn load_gap(&self, gap: GapRange, end: GapEnd) -> Result<(), CommandError> {
        self.load(match end {
            GapEnd::Oldest => HistoryPage::After(Position(gap.from.0.saturating_sub(1))),
            GapEnd::Newest => HistoryPage::Before(gap.to.next()),
        })
        .await
    }

    async fn load(&self, page: HistoryPage) -> Result<(), CommandError> {
        let command = self.history(page);
        self.live.runtime.command(command).await.map(|_| ())
    }

    fn history(&self, page: HistoryPage) -> Command {
        Command::LoadHistory {
            conversation: self.shared.id.clone(),
            thread: self.shared.thread,
            page,
        }
    }

    /// How far the page goes that lies before or after a place.
    async fn page_end(&self, place: Position, page: PageEnd) -> Result<Position, CommandError> {
        page_end(
            &self.live.runtime,
            &self.shared.id,
            self.shared.thread,
            place,
            PAGE,
            page,
        )
        .await
    }

    /// What there is to show right now.
    async fn snapshot(&self) -> Result<TimelineSnapshot, CommandError> {
        let (id, thread) = (self.shared.id.clone(), self.shared.thread);
        let window = *self.shared.window.borrow();
        self.live
            .runtime
            .query(move |reader| timeline(reader, &id, thread, window))
            .await
    }

    /// The same as a stream, which ends when the client is closed or the store cannot be read.
    pub fn into_stream(self) -> impl Stream<Item = Vec<Change<TimelineItem>>> + Send {
        futures_util::stream::unfold(self, |mut timeline| async {
            let changes = timeline.next().await.ok()?;
            Some((changes, timeline))
        })
    }
}

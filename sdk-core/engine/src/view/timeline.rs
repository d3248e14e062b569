//! A timeline: confirmed messages by their places, a gap where some are missing here, then what is not
//! confirmed yet in the order in which it was sent. Of a conversation, or of one thread in it.

use fulmar_protocol::{ConversationId, OperationKey, Position};

use super::message_item::{MessageItem, MessageState, View};
use crate::store::messages;
use crate::store::read::timeline as read;
use crate::store::runs::Run;
use crate::store::{ConversationKey, Reader, Result, conversations, reading};

/// How many messages a page of history has.
pub const PAGE: u32 = 50;

/// One row of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // nearly all rows are messages
pub enum TimelineItem {
    /// A message.
    Message(MessageItem),
    /// Messages that are not on this device.
    Gap(GapRange),
}

impl TimelineItem {
    /// What to list it by. A message's never changes.
    #[must_use]
    pub fn key(&self) -> TimelineKey {
        match self {
            Self::Message(message) => TimelineKey::Message(message.key),
            Self::Gap(gap) => TimelineKey::Gap(gap.from),
        }
    }

    /// The message, if it is one.
    #[must_use]
    pub fn message(&self) -> Option<&MessageItem> {
        match self {
            Self::Message(message) => Some(message),
            Self::Gap(_) => None,
        }
    }
}

/// What to list the rows of a timeline by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimelineKey {
    /// A message: the same from the first optimistic insert to the end, on every device.
    Message(OperationKey),
    /// A gap: the first place that is missing.
    Gap(Position),
}

/// Messages between two others that are not on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GapRange {
    /// The place of the first that is missing.
    pub from: Position,
    /// The place of the last one.
    pub to: Position,
}

impl GapRange {
    /// How many places it has. Hidden messages, and in a conversation those of threads, have one too.
    #[must_use]
    pub fn count(&self) -> u64 {
        (self.to.0 + 1).saturating_sub(self.from.0)
    }
}

/// Which part of a timeline a watcher shows, by places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Window {
    /// The newest page, and whatever comes after it.
    #[default]
    Newest,
    /// Everything from this place on.
    From(Position),
    /// Everything from one place to another, both included: somewhere in the past.
    Between(Position, Position),
}

impl Window {
    /// Whether it shows what is at the head of the conversation, and what comes after that.
    fn reaches(self, head: Position) -> bool {
        match self {
            Self::Newest | Self::From(_) => true,
            Self::Between(_, last) => last >= head,
        }
    }
}

/// Whether there is something older than what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Older {
    /// No: this is the beginning.
    Nothing,
    /// Yes, on this device.
    Cached,
    /// Yes, at the server: everything before this place.
    AtServer(Position),
}

/// Whether there is something newer than what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newer {
    /// No, and what comes will be shown.
    Nothing,
    /// Yes, on this device.
    Cached,
    /// Yes, at the server: everything after this place.
    AtServer(Position),
}

/// A timeline at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineSnapshot {
    /// The conversation's key, which tells watchers what to wait for; `None` when there is no such
    /// conversation here.
    pub conversation: Option<ConversationKey>,
    /// The rows, oldest first.
    pub items: Vec<TimelineItem>,
    /// The place from which on everything is shown.
    pub from: Position,
    /// The newest place that is shown, or has nothing to show.
    pub to: Position,
    /// What lies before that.
    pub older: Older,
    /// What lies after it.
    pub newer: Newer,
}

/// Reads the timeline of a conversation, or of the thread under one of its messages. Never touches the
/// network. The places of a thread are its own, from 1; its root comes before them.
pub fn timeline(
    reader: &Reader,
    id: &ConversationId,
    thread: Option<OperationKey>,
    window: Window,
) -> Result<TimelineSnapshot> {
    let db = reader.connection();
    // One snapshot for all queries: a commit in between would show halves of two states.
    let transaction = db.unchecked_transaction()?;
    let Some(key) = conversations::find(&transaction, id)? else {
        return Ok(TimelineSnapshot {
            conversation: None,
            items: Vec::new(),
            from: Position::ZERO,
            to: Position::ZERO,
            older: Older::Nothing,
            newer: Newer::Nothing,
        });
    };
    let run = Run {
        conversation: key,
        thread,
    };
    let known = reading::head(&transaction, key)?;
    let head = run.head(&transaction)?;
    let shown = Shown {
        view: View::of(&transaction, key, known)?,
        run,
    };
    let (from, to) = match window {
        Window::Newest => (shown.page_before(head.next(), PAGE)?, head),
        Window::From(from) => (from, head),
        Window::Between(from, to) => (from.min(head), to.min(head)),
    };
    let (mut items, cached) = shown.between(from, to, known)?;
    let first = cached.map_or(to.next(), |(first, _)| first);
    let begins = run.below_unreadable(&transaction, first)?;
    let older = shown.older(from, begins)?;
    if begins.max(from) < first {
        let (from, to) = (begins.max(from), Position(first.0 - 1));
        items.insert(0, TimelineItem::Gap(GapRange { from, to }));
    }
    if let (Older::Nothing, Some(root)) = (older, thread) {
        items.splice(0..0, shown.root(root)?);
    }
    let live = to == head && window.reaches(head);
    let newer = match (live, cached) {
        (true, _) => Newer::Nothing,
        (_, Some((_, last))) if last < to => Newer::AtServer(last),
        _ if run.has(&transaction, to.next())? => Newer::Cached,
        _ => Newer::AtServer(to),
    };
    if live {
        items.extend(shown.ahead_of(known)?);
        items.extend(shown.unsent()?);
    }
    Ok(TimelineSnapshot {
        conversation: Some(key),
        items,
        from,
        to,
        older,
        newer,
    })
}

/// Where the page begins that lies before a place: with the `rows`th message that is shown, or where history
/// begins, or where some is missing here, or after 10,000 places without as many. Never touches the network.
pub fn page_before(
    reader: &Reader,
    id: &ConversationId,
    thread: Option<OperationKey>,
    before: Position,
    rows: u32,
) -> Result<Position> {
    with_run(reader, id, thread, before, |shown| {
        shown.page_before(before, rows)
    })
}

/// Where the page ends that lies after a place, in the same way. It may end beyond the newest place.
pub fn page_after(
    reader: &Reader,
    id: &ConversationId,
    thread: Option<OperationKey>,
    after: Position,
    rows: u32,
) -> Result<Position> {
    with_run(reader, id, thread, after, |shown| {
        let hidden = shown.view.about_to_hide();
        shown.run.page_after(shown.view.db, after, rows, &hidden)
    })
}

fn with_run(
    reader: &Reader,
    id: &ConversationId,
    thread: Option<OperationKey>,
    otherwise: Position,
    ask: impl FnOnce(&Shown<'_>) -> Result<Position>,
) -> Result<Position> {
    let transaction = reader.connection().unchecked_transaction()?;
    let Some(conversation) = conversations::find(&transaction, id)? else {
        return Ok(otherwise);
    };
    let known = reading::head(&transaction, conversation)?;
    ask(&Shown {
        view: View::of(&transaction, conversation, known)?,
        run: Run {
            conversation,
            thread,
        },
    })
}

struct Shown<'a> {
    view: View<'a>,
    run: Run,
}

/// The rows of a stretch; and of what of it is on this device, the first and the last place.
type Stretch = (Vec<TimelineItem>, Option<(Position, Position)>);

impl Shown<'_> {
    fn page_before(&self, before: Position, rows: u32) -> Result<Position> {
        let hidden = self.view.about_to_hide();
        self.run.page_before(self.view.db, before, rows, &hidden)
    }

    /// What is in a stretch, with a gap for each run of places that is missing between others. Hidden
    /// messages and those of threads have a place, but are not shown.
    fn between(&self, from: Position, to: Position, known: Position) -> Result<Stretch> {
        let head = self.run.head(self.view.db)?;
        let (mut items, cached) = match self.run.thread {
            None => self.conversation_between(from, to)?,
            Some(_) => self.thread_between(from, to, known)?,
        };
        if let Some((_, last)) = cached
            && last < to
            && head == to
        {
            items.push(TimelineItem::Gap(GapRange {
                from: last.next(),
                to,
            }));
        }
        Ok((items, cached))
    }

    fn conversation_between(&self, from: Position, to: Position) -> Result<Stretch> {
        let db = self.view.db;
        let places = self.run.places(db, from, to)?;
        let gap = |(from, to)| TimelineItem::Gap(GapRange { from, to });
        let mut items = Vec::new();
        let mut missing = places.missing.into_iter().peekable();
        self.run.shown_between(db, from, to, |place, row| {
            while let Some(before) = missing.next_if(|(_, last)| *last < place) {
                items.push(gap(before));
            }
            items.extend(self.message(row, MessageState::Sent)?);
            Ok(())
        })?;
        items.extend(missing.map(gap));
        Ok((items, places.ends))
    }

    fn thread_between(&self, from: Position, to: Position, known: Position) -> Result<Stretch> {
        let mut items = Vec::new();
        let mut cached: Option<(Position, Position)> = None;
        self.run.between(self.view.db, from, to, |row| {
            let Some(place) = row.thread_position else {
                return Ok(());
            };
            // What the log has not told of is shown behind everything that it has.
            if row.position > Some(known) {
                cached = cached.map(|(first, _)| (first, place));
                return Ok(());
            }
            if let Some((_, last)) = cached
                && last.next() < place
            {
                items.push(TimelineItem::Gap(GapRange {
                    from: last.next(),
                    to: Position(place.0 - 1),
                }));
            }
            cached = Some((cached.map_or(place, |(first, _)| first), place));
            items.extend(self.message(row, MessageState::Sent)?);
            Ok(())
        })?;
        Ok((items, cached))
    }

    fn older(&self, from: Position, begins: Position) -> Result<Older> {
        let db = self.view.db;
        if begins.0 > 1 {
            let here = begins <= from && self.run.has(db, Position(begins.0 - 1))?;
            return Ok(match here {
                true => Older::Cached,
                false => Older::AtServer(begins),
            });
        }
        // Before the first message of a thread is its root.
        match self.run.thread {
            Some(root) if messages::find(db, root)?.is_none() => Ok(Older::AtServer(begins)),
            _ => Ok(Older::Nothing),
        }
    }

    fn message(
        &self,
        row: messages::MessageRow,
        state: MessageState,
    ) -> Result<Option<TimelineItem>> {
        Ok(self.view.item(row, state)?.map(TimelineItem::Message))
    }

    /// What the thread is under, whether it is sent or not.
    fn root(&self, root: OperationKey) -> Result<Option<TimelineItem>> {
        let row = messages::find(self.view.db, root)?;
        let Some(row) = row.filter(|row| row.conversation == self.run.conversation) else {
            return Ok(None);
        };
        let state = self.view.state(&row)?;
        self.message(row, state)
    }

    /// Own messages whose outcome came before the events up to them. They wait behind everything that
    /// is known, so that no hole is shown.
    fn ahead_of(&self, known: Position) -> Result<Vec<TimelineItem>> {
        let Some(own) = &self.view.own else {
            return Ok(Vec::new());
        };
        let mut items = Vec::new();
        for row in read::own_after(self.view.db, self.run, known, own)? {
            items.extend(self.message(row, MessageState::Sent)?);
        }
        Ok(items)
    }

    /// What the outbox holds for this timeline, in the order in which it was handed over.
    fn unsent(&self) -> Result<Vec<TimelineItem>> {
        let mut items = Vec::new();
        for key in read::unsent(self.view.db, self.run.conversation)? {
            let message = messages::find(self.view.db, key)?.filter(|message| {
                message.position.is_none() && message.content.thread_root == self.run.thread
            });
            if let Some(message) = message {
                let state = self.view.state(&message)?;
                items.extend(self.message(message, state)?);
            }
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests;

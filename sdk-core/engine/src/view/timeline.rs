//! A timeline: confirmed messages by their places, a gap where some are missing here, then what is not
//! confirmed yet in the order in which it was sent. Of a conversation, or of one thread in it.

mod snapshot;

use fulmar_protocol::{ConversationId, OperationKey, Position};
use rusqlite::Connection;

use snapshot::places_between;
pub use snapshot::{GapRange, Newer, Older, TimelineItem, TimelineKey, TimelineSnapshot, Window};

use super::message_item::{MessageState, View};
use crate::store::messages;
use crate::store::pages::Places;
use crate::store::read::timeline as read;
use crate::store::runs::Run;
use crate::store::{Reader, Result, conversations, reading};

/// How many messages a page of history has.
pub const PAGE: u32 = 50;

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
    let shown = Shown::of(&transaction, run)?;
    let head = run.head_among(&transaction, shown.known)?;
    let (from, to) = match window {
        Window::Newest => (shown.page_before(head.next(), PAGE)?, head),
        Window::From(from) => (from, head),
        Window::Between(from, to) => (from.min(head), to.min(head)),
    };
    let (mut items, cached) = shown.between(from, to, head)?;
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
        items.extend(shown.ahead()?);
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
    let run = Run {
        conversation,
        thread,
    };
    ask(&Shown::of(&transaction, run)?)
}

struct Shown<'a> {
    view: View<'a>,
    run: Run,
    /// Up to where the log has told of the conversation.
    known: Position,
}

/// The rows of a stretch; and of what of it is on this device, the first and the last place.
type Stretch = (Vec<TimelineItem>, Option<(Position, Position)>);

impl<'a> Shown<'a> {
    fn of(db: &'a Connection, run: Run) -> Result<Self> {
        let known = reading::head(db, run.conversation)?;
        Ok(Self {
            view: View::of(db, run.conversation, known)?,
            run,
            known,
        })
    }

    fn page_before(&self, before: Position, rows: u32) -> Result<Position> {
        let hidden = self.view.about_to_hide();
        self.run.page_before(self.view.db, before, rows, &hidden)
    }

    /// What is in a stretch, with a gap for each run of places that is missing between others. Hidden
    /// messages and those of threads have a place, but are not shown.
    fn between(&self, from: Position, to: Position, head: Position) -> Result<Stretch> {
        let (mut items, cached) = match self.run.thread {
            None => self.conversation_between(from, to)?,
            Some(_) => self.thread_between(from, to)?,
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
        let rows = self.run.shown_between(db, from, to)?;
        let places = match places_between(from, to) == rows.len() as u64 {
            true => Places::all(from, to),
            false => self.run.places(db, from, to)?,
        };
        let gap = |(from, to)| TimelineItem::Gap(GapRange { from, to });
        let mut items = Vec::new();
        let mut missing = places.missing.into_iter().peekable();
        for row in rows {
            while let Some(before) = missing.next_if(|(_, last)| Some(*last) < row.position) {
                items.push(gap(before));
            }
            items.extend(self.message(row, MessageState::Sent)?);
        }
        items.extend(missing.map(gap));
        Ok((items, places.ends))
    }

    fn thread_between(&self, from: Position, to: Position) -> Result<Stretch> {
        let mut items = Vec::new();
        let mut cached: Option<(Position, Position)> = None;
        self.run.between(self.view.db, from, to, |row| {
            let Some(place) = row.thread_position else {
                return Ok(());
            };
            // What the log has not told of is shown behind everything that it has.
            if row.position > Some(self.known) {
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
    fn ahead(&self) -> Result<Vec<TimelineItem>> {
        let Some(own) = &self.view.own else {
            return Ok(Vec::new());
        };
        let mut items = Vec::new();
        for row in read::own_after(self.view.db, self.run, self.known, own)? {
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

//! Pages of a run: how far down so many messages are shown, and where places are missing.
//!
//! What is hidden, and in a conversation what is in threads, has a place and is not shown. Everything here
//! walks along indexes alone, and a page reaches at most [`FURTHEST`] places.

use std::collections::BTreeSet;

use fulmar_protocol::{OperationKey, Position};
use rusqlite::{Connection, OptionalExtension, params};

use super::Result;
use super::messages::{COLUMNS, MessageRow, read};
use super::runs::{Missing, Run, place_of};

/// How many places a page has at most, shown or not.
const FURTHEST: u64 = 10_000;

/// Of what is here of a stretch: the first and the last place, and what is missing between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) ends: Option<(Position, Position)>,
    pub(crate) missing: Vec<Missing>,
}

impl Places {
    /// All places of a stretch are here.
    pub(crate) fn all(from: Position, to: Position) -> Self {
        Self {
            ends: (from <= to).then_some((from, to)),
            missing: Vec::new(),
        }
    }
}

/// What the timeline of a conversation shows; the index `message_shown` has exactly these.
const SHOWN: &str = "position IS NOT NULL AND thread_root IS NULL AND NOT hidden";

/// Which way a page goes from where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Down,
    Up,
}

impl Way {
    /// What compares a place with the one that the page begins at, and the order of the places then.
    fn sql(self) -> (&'static str, &'static str) {
        match self {
            Self::Down => ("<", "DESC"),
            Self::Up => (">", "ASC"),
        }
    }
}

impl Run {
    /// The place with which a page begins that ends before another: it has `rows` messages that are shown,
    /// and at least as many places. Below those it ends early at the beginning, at what is missing here, and
    /// after [`FURTHEST`] places. `hidden` are messages that are about to be hidden.
    pub(crate) fn page_before(
        self,
        db: &Connection,
        before: Position,
        rows: u32,
        hidden: &BTreeSet<OperationKey>,
    ) -> Result<Position> {
        let down = |places: u64| Position(before.0.saturating_sub(places).max(1));
        let shortest = down(u64::from(rows));
        let full = self.nth_shown(db, Way::Down, before, rows, hidden)?;
        let lowest = full.unwrap_or_default().max(down(FURTHEST));
        if lowest >= shortest {
            return Ok(shortest);
        }
        let mut begin = before;
        self.each_place(db, Way::Down, before, |place| {
            let follows = place.next() == begin && place >= lowest;
            if follows {
                begin = place;
            }
            follows
        })?;
        Ok(begin.min(shortest))
    }

    /// The place with which a page ends that begins after another, in the same way. It may lie beyond the
    /// newest place.
    pub(crate) fn page_after(
        self,
        db: &Connection,
        after: Position,
        rows: u32,
        hidden: &BTreeSet<OperationKey>,
    ) -> Result<Position> {
        let up = |places: u64| Position(after.0.saturating_add(places));
        let shortest = up(u64::from(rows));
        let full = self.nth_shown(db, Way::Up, after, rows, hidden)?;
        let highest = full.map_or(up(FURTHEST), |full| full.min(up(FURTHEST)));
        if highest <= shortest {
            return Ok(shortest);
        }
        let mut end = after;
        self.each_place(db, Way::Up, after, |place| {
            let follows = end.next() == place && place <= highest;
            if follows {
                end = place;
            }
            follows
        })?;
        Ok(end.max(shortest))
    }

    /// The place of the `rows`th message that is shown beyond a place.
    fn nth_shown(
        self,
        db: &Connection,
        way: Way,
        from: Position,
        rows: u32,
        hidden: &BTreeSet<OperationKey>,
    ) -> Result<Option<Position>> {
        let (place, _) = self.sql();
        let beyond = self.shown_beyond(way);
        let from = from.0.min(i64::MAX as u64);
        if hidden.is_empty() {
            let sql = format!("SELECT {place} AS place {beyond} LIMIT 1 OFFSET ?5");
            let before = rows.saturating_sub(1);
            let bound = params![self.conversation.0, self.root(), from, FURTHEST, before];
            let found = db.prepare_cached(&sql)?.query_row(bound, place_of);
            return Ok(found.optional()?.flatten());
        }
        let sql = format!("SELECT {place} AS place, operation_key {beyond}");
        let mut statement = db.prepare_cached(&sql)?;
        let bound = params![self.conversation.0, self.root(), from, FURTHEST];
        let mut found = 0;
        let mut shown = statement.query(bound)?;
        while let Some(row) = shown.next()? {
            if !hidden.contains(&OperationKey::from_bytes(row.get("operation_key")?)) {
                found += 1;
            }
            if found == rows {
                return Ok(Some(Position(row.get("place")?)));
            }
        }
        Ok(None)
    }

    /// What is shown beyond a place, nearest first.
    fn shown_beyond(self, way: Way) -> String {
        let (side, order) = way.sql();
        match self.thread {
            None => format!(
                "FROM message INDEXED BY message_shown
                 WHERE conversation = ?1 AND {SHOWN} AND ?2 IS NULL AND position {side} ?3
                   AND ?4 IS NOT NULL ORDER BY position {order}"
            ),
            Some(_) => format!(
                "FROM message
                 WHERE conversation = ?1 AND thread_root = ?2 AND thread_position {side} ?3
                   AND thread_position BETWEEN ?3 - ?4 AND ?3 + ?4 AND NOT hidden
                 ORDER BY thread_position {order}"
            ),
        }
    }

    /// The places that are here beyond one, nearest first, as long as they are asked for.
    fn each_place(
        self,
        db: &Connection,
        way: Way,
        from: Position,
        mut goes_on: impl FnMut(Position) -> bool,
    ) -> Result<()> {
        let ((place, within), (side, order)) = (self.sql(), way.sql());
        let mut statement = db.prepare_cached(&format!(
            "SELECT {place} AS place FROM message
             WHERE conversation = ?1 AND {within} AND {place} {side} ?3
             ORDER BY {place} {order}"
        ))?;
        let from = from.0.min(i64::MAX as u64);
        let mut rows = statement.query(params![self.conversation.0, self.root(), from])?;
        while let Some(row) = rows.next()? {
            if !place_of(row)?.is_some_and(&mut goes_on) {
                break;
            }
        }
        Ok(())
    }

    /// What is here of the places from one to another, both included. Reads an index alone.
    pub(crate) fn places(self, db: &Connection, from: Position, to: Position) -> Result<Places> {
        let mut places = Places::default();
        let after = Position(to.0.saturating_add(1));
        self.each_place(db, Way::Down, after, |place| {
            if place < from {
                return false;
            }
            if let Some((first, _)) = places.ends
                && place.next() < first
            {
                places.missing.push((place.next(), Position(first.0 - 1)));
            }
            places.ends = Some((place, places.ends.map_or(place, |(_, last)| last)));
            true
        })?;
        places.missing.reverse();
        Ok(places)
    }

    /// What the timeline of the conversation shows from one place to another, both included, in order. What
    /// is about to be hidden is among it.
    pub(crate) fn shown_between(
        self,
        db: &Connection,
        from: Position,
        to: Position,
    ) -> Result<Vec<MessageRow>> {
        let mut statement = db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM message INDEXED BY message_shown
             WHERE conversation = ?1 AND {SHOWN} AND position BETWEEN ?2 AND ?3
             ORDER BY position"
        ))?;
        let to = to.0.min(i64::MAX as u64);
        let bound = params![self.conversation.0, from.0, to];
        let rows = statement.query_map(bound, |row| Ok(read(row)))?;
        rows.map(|row| row?).collect()
    }
}

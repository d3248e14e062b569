//! How many people of a conversation are how far: counts that the schema's triggers keep beside the participants. It
//! reads counts alone, never everyone, and writes nothing.

use fulmar_protocol::{Position, UserId};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{ConversationKey, Result, participants};
use crate::defects::{self, Defect};

/// How many people take part, as the server said last.
pub(crate) fn people(db: &Connection, key: ConversationKey) -> Result<u64> {
    let mut statement = db.prepare_cached("SELECT people FROM conversation WHERE key = ?1")?;
    let people: Option<i64> = statement
        .query_row([key.0], |row| row.get("people"))
        .optional()?;
    Ok(people.map_or(0, |people| u64::try_from(people).unwrap_or_default()))
}

/// How far others are, from a place on.
#[derive(Debug)]
pub(crate) struct Reached {
    from: Position,
    pub(crate) others: u64,
    delivered: Steps,
    read: Steps,
}

/// At each place where a pointer is, how many are there or beyond; the highest place first.
type Steps = Vec<(Position, u64)>;

impl Reached {
    /// Of everyone but the user, from a place on. As many rows as there are places from there on with a pointer: at
    /// most as many as there are messages, or people.
    pub(crate) fn from(
        db: &Connection,
        key: ConversationKey,
        own: Option<&UserId>,
        from: Position,
    ) -> Result<Self> {
        let apart = own.filter(|_| !defects::active(Defect::SelfAmongOthers));
        let own = participants::among(db, key, apart)?.pop();
        let steps = |pointer, own| steps(db, key, pointer, from, own);
        Ok(Self {
            from,
            others: people(db, key)?.saturating_sub(u64::from(own.is_some())),
            delivered: steps("delivered", own.as_ref().map(|own| own.delivered_to))?,
            read: steps("read", own.as_ref().map(|own| own.read_to))?,
        })
    }

    /// Whether it knows of a place.
    pub(crate) fn knows(&self, place: Position) -> bool {
        self.from <= place
    }

    /// How many others have what is at a place.
    pub(crate) fn delivered(&self, place: Position) -> u64 {
        beyond(&self.delivered, place)
    }

    /// How many others have read what is at a place.
    pub(crate) fn read(&self, place: Position) -> u64 {
        beyond(&self.read, place)
    }
}

fn beyond(steps: &Steps, place: Position) -> u64 {
    let places = steps.partition_point(|(position, _)| *position >= place);
    steps[..places].last().map_or(0, |(_, people)| *people)
}

fn steps(
    db: &Connection,
    key: ConversationKey,
    pointer: &'static str,
    from: Position,
    own: Option<Position>,
) -> Result<Steps> {
    let mut statement = db.prepare_cached(
        "SELECT position, people FROM reached
         WHERE conversation = ?1 AND pointer = ?2 AND position >= ?3 ORDER BY position DESC",
    )?;
    let from = from.0.min(i64::MAX as u64);
    let mut rows = statement.query(params![key.0, pointer, from])?;
    let mut steps = Steps::new();
    let mut beyond: u64 = 0;
    while let Some(row) = rows.next()? {
        let place = Position(row.get("position")?);
        let people: u64 = row.get("people")?;
        beyond += people.saturating_sub(u64::from(own == Some(place)));
        steps.push((place, beyond));
    }
    Ok(steps)
}

#[cfg(test)]
mod tests;

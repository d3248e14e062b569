//! Runs of messages by their places: a whole conversation by position, or one thread by the places in
//! it. Places are dense, so what is missing on this device is plain arithmetic.

use fulmar_protocol::{Message, OperationKey, Position, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::messages::{COLUMNS, MessageRow, read};
use super::{ConversationKey, Result};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) conversation: ConversationKey,
    /// The root of a thread; `None` for the whole conversation.
    pub(crate) thread: Option<OperationKey>,
}

/// Messages that are missing here, from and to, both included.
pub(crate) type Missing = (Position, Position);

impl Run {
    pub(super) fn root(&self) -> Option<[u8; 16]> {
        self.thread.map(OperationKey::to_bytes)
    }

    /// The column that counts, and what is in the run.
    pub(super) fn sql(&self) -> (&'static str, &'static str) {
        match self.thread {
            None => ("position", "?2 IS NULL AND position IS NOT NULL"),
            Some(_) => (
                "thread_position",
                "thread_root = ?2 AND thread_position IS NOT NULL",
            ),
        }
    }

    /// The messages from one place to another, both included, in order.
    pub(crate) fn between(
        self,
        db: &Connection,
        from: Position,
        to: Position,
        mut take: impl FnMut(MessageRow) -> Result<()>,
    ) -> Result<()> {
        let (place, within) = self.sql();
        let mut statement = db.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM message
             WHERE conversation = ?1 AND {within} AND {place} BETWEEN ?3 AND ?4
             ORDER BY {place}"
        ))?;
        let to = to.0.min(i64::MAX as u64);
        let mut rows = statement.query(params![self.conversation.0, self.root(), from.0, to])?;
        while let Some(row) = rows.next()? {
            take(read(row)?)?;
        }
        Ok(())
    }

    /// Whether the message at this place is here.
    pub(crate) fn has(self, db: &Connection, at: Position) -> Result<bool> {
        let (place, within) = self.sql();
        Ok(db
            .prepare_cached(&format!(
                "SELECT EXISTS (SELECT 1 FROM message
                                WHERE conversation = ?1 AND {within} AND {place} = ?3)"
            ))?
            .query_row(params![self.conversation.0, self.root(), at.0], |row| {
                row.get(0)
            })?)
    }

    /// The place of the first message that was sent at this time or later, if it is certain: the one
    /// before it is here too.
    pub(crate) fn first_since(self, db: &Connection, time: Timestamp) -> Result<Option<Position>> {
        let (place, within) = self.sql();
        let found: Option<Position> = db
            .prepare_cached(&format!(
                "SELECT min({place}) FROM message
                 WHERE conversation = ?1 AND {within} AND at >= ?3"
            ))?
            .query_row(params![self.conversation.0, self.root(), time.0], place_of)?;
        let Some(found) = found else {
            return Ok(None);
        };
        let certain = found.0 <= 1 || self.has(db, Position(found.0 - 1))?;
        Ok(certain.then_some(found))
    }

    /// The newest place as far as this device knows. Own messages that the log has not told of yet lie
    /// beyond it.
    pub(crate) fn head(self, db: &Connection) -> Result<Position> {
        self.head_among(db, super::reading::head(db, self.conversation)?)
    }

    /// The same, where the log has told of the conversation up to `known`.
    pub(crate) fn head_among(self, db: &Connection, known: Position) -> Result<Position> {
        let Some(root) = self.root() else {
            return Ok(known);
        };
        let told: Option<Position> = db
            .prepare_cached("SELECT thread_count FROM message WHERE operation_key = ?1")?
            .query_row([root], place_of)
            .optional()?
            .flatten();
        let here: Option<Position> = db
            .prepare_cached(
                "SELECT max(thread_position) FROM message
                 WHERE thread_root = ?1 AND position <= ?2",
            )?
            .query_row(params![root, known.0], place_of)?;
        Ok(told.max(here).unwrap_or_default())
    }
}

pub(super) fn place_of(row: &Row<'_>) -> rusqlite::Result<Option<Position>> {
    row.get::<_, Option<u64>>(0)
        .map(|place| place.map(Position))
}

/// A message of a thread is here: so many there are at least.
pub(crate) fn count_in_thread(
    db: &Connection,
    root: OperationKey,
    message: &Message,
) -> Result<()> {
    db.prepare_cached(
        "UPDATE message SET thread_count = max(thread_count, ?2),
                            thread_last_at = max(thread_last_at, ?3)
         WHERE operation_key = ?1",
    )?
    .execute(params![
        root.to_bytes(),
        message.thread_position.unwrap_or_default().0,
        message.sent_at.0
    ])?;
    Ok(())
}

/// A message was told of by a page or a snapshot, which may be older than what is under it here.
pub(crate) fn adopt_thread(db: &Connection, root: OperationKey) -> Result<()> {
    db.prepare_cached(
        "UPDATE message
         SET thread_count = max(thread_count, newest.thread_position),
             thread_last_at = max(thread_last_at, newest.at)
         FROM (SELECT thread_position, at FROM message
               WHERE thread_root = ?1 AND thread_position IS NOT NULL
               ORDER BY thread_position DESC LIMIT 1) AS newest
         WHERE operation_key = ?1",
    )?
    .execute([root.to_bytes()])?;
    Ok(())
}

/// Messages under others that the log has not told of: how many of them are not sent yet, the largest
/// place of the rest, and when the newest was written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ahead {
    pub(crate) root: OperationKey,
    pub(crate) unsent: u64,
    pub(crate) place: Position,
    pub(crate) at: Timestamp,
}

pub(crate) fn threads_ahead(
    db: &Connection,
    conversation: ConversationKey,
    head: Position,
) -> Result<Vec<Ahead>> {
    let mut statement = db.prepare_cached(
        "SELECT thread_root, sum(position IS NULL) AS unsent,
                coalesce(max(thread_position), 0) AS place, max(at) AS newest_at
         FROM (SELECT thread_root, position, thread_position, at FROM message
               WHERE conversation = ?1 AND position IS NULL AND thread_root IS NOT NULL
               UNION ALL
               SELECT thread_root, position, thread_position, at FROM message
               WHERE conversation = ?1 AND position > ?2 AND thread_root IS NOT NULL)
         GROUP BY thread_root ORDER BY thread_root",
    )?;
    let rows = statement.query_map(params![conversation.0, head.0], |row| {
        Ok(Ahead {
            root: OperationKey::from_bytes(row.get("thread_root")?),
            unsent: row.get("unsent")?,
            place: Position(row.get("place")?),
            at: Timestamp(row.get("newest_at")?),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

//! Pages of messages by their places: of a conversation, or of one thread in it.

use fulmar_protocol::{ConversationId, Message, OperationKey, Position, Timestamp, UserId};
use rusqlite::{Connection, params};

use super::messages::{COLUMNS, as_seen_by, read, thread};
use crate::error::Result;

/// What is paged through: all messages of a conversation by position, or those of one thread by their
/// places in it.
#[derive(Clone, Copy)]
pub(crate) enum Run<'a> {
    Conversation(&'a ConversationId),
    Thread(&'a ConversationId, OperationKey),
}

impl Run<'_> {
    fn conversation(&self) -> &str {
        match self {
            Self::Conversation(id) | Self::Thread(id, _) => id.as_str(),
        }
    }

    fn root(&self) -> Option<[u8; 16]> {
        match self {
            Self::Conversation(_) => None,
            Self::Thread(_, root) => Some(root.to_bytes()),
        }
    }

    /// The place of a message in it; `None` when it is elsewhere.
    pub(crate) fn place_of(&self, message: &Message) -> Option<Position> {
        if message.conversation_id.as_str() != self.conversation() {
            return None;
        }
        match self {
            Self::Conversation(_) => Some(message.position),
            Self::Thread(_, root) => message
                .thread_position
                .filter(|_| message.content.thread_root == Some(*root)),
        }
    }

    /// The column that counts, and what is in the run.
    fn sql(&self) -> (&'static str, &'static str) {
        match self {
            Self::Conversation(_) => ("position", "?3 IS NULL"),
            Self::Thread(..) => ("thread_position", "thread_root = ?3"),
        }
    }
}

/// The newest `limit` messages before a place as one user sees them, oldest first.
pub(crate) fn before(
    db: &Connection,
    run: Run<'_>,
    viewer: &UserId,
    before: Position,
    limit: u32,
) -> Result<Vec<Message>> {
    let (place, within) = run.sql();
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message
         WHERE conversation_id = ?1 AND {place} < ?2 AND {within}
         ORDER BY {place} DESC LIMIT ?4"
    ))?;
    let bound = params![run.conversation(), before.0, run.root(), limit];
    let rows = statement.query_map(bound, |row| Ok(read(db, row)))?;
    let mut messages: Vec<Message> = rows
        .map(|row| as_seen_by(db, viewer, row??))
        .collect::<Result<_>>()?;
    messages.reverse();
    Ok(messages)
}

/// The oldest `limit` messages after a place as one user sees them, oldest first.
pub(crate) fn after(
    db: &Connection,
    run: Run<'_>,
    viewer: &UserId,
    after: Position,
    limit: u32,
) -> Result<Vec<Message>> {
    let (place, within) = run.sql();
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message
         WHERE conversation_id = ?1 AND {place} > ?2 AND {within}
         ORDER BY {place} LIMIT ?4"
    ))?;
    let bound = params![run.conversation(), after.0, run.root(), limit];
    let rows = statement.query_map(bound, |row| Ok(read(db, row)))?;
    rows.map(|row| as_seen_by(db, viewer, row??)).collect()
}

/// Where the first message lies that was sent at this time or later.
pub(crate) fn first_since(
    db: &Connection,
    run: Run<'_>,
    time: Timestamp,
) -> Result<Option<Position>> {
    let (place, within) = run.sql();
    let bound = params![run.conversation(), time.0, run.root()];
    // The server's clock may have been set back: the order of places is what counts.
    Ok(db
        .prepare_cached(&format!(
            "SELECT min({place}) AS first FROM message
             WHERE conversation_id = ?1 AND sent_at >= ?2 AND {within}"
        ))?
        .query_row(bound, |row| {
            row.get::<_, Option<u64>>("first")
                .map(|found| found.map(Position))
        })?)
}

/// The place of the newest message; zero when there is none.
pub(crate) fn last_place(db: &Connection, run: Run<'_>) -> Result<Position> {
    match run {
        Run::Conversation(id) => super::counters::last_position(db, id),
        Run::Thread(id, root) => Ok(thread(db, id, root)?
            .map(|thread| thread.count)
            .unwrap_or_default()),
    }
}

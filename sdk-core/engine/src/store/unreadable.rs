//! Messages and conversations of answers that could not be read, kept until a version comes that can.
//!
//! A message has its place: nobody asks the server for it again before another version has tried, or a day has
//! passed.

use std::collections::BTreeSet;

use fulmar_protocol::{Message, OperationKey, Position, SetAside, Timestamp};
use rusqlite::{Connection, Row, params};

use super::runs::Run;
use super::{ConversationKey, Result};

/// How many are kept; beyond that the oldest go.
const CAPACITY: u32 = 1_000;

/// A message that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnreadableMessage {
    pub(crate) run: Run,
    pub(crate) place: Position,
    pub(crate) what: SetAside,
}

/// Which version has tried to read something, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tried {
    pub(crate) by: &'static str,
    pub(crate) at: Timestamp,
}

/// What a version has not tried to read yet.
#[derive(Debug)]
pub(crate) struct Untried {
    pub(crate) key: i64,
    /// Where the message belongs; `None` for what only a snapshot tells again.
    pub(crate) conversation: Option<ConversationKey>,
    pub(crate) data: Option<String>,
}

/// A message that is here stays; what could not be read of it now may be older.
pub(crate) fn add_message(
    db: &Connection,
    message: &UnreadableMessage,
    tried: Tried,
) -> Result<()> {
    let UnreadableMessage { run, place, what } = message;
    if run.has(db, *place)? {
        return Ok(());
    }
    let place = (Some(run.conversation), run.thread, Some(*place));
    insert(db, place, what, tried)
}

/// Something of a conversation that has no place: the conversation itself, a participant, a pinned message.
pub(crate) fn add_of_snapshot(db: &Connection, what: &SetAside, tried: Tried) -> Result<()> {
    insert(db, (None, None, None), what, tried)
}

fn insert(
    db: &Connection,
    (conversation, thread, place): (
        Option<ConversationKey>,
        Option<OperationKey>,
        Option<Position>,
    ),
    what: &SetAside,
    tried: Tried,
) -> Result<()> {
    db.execute(
        "INSERT OR REPLACE INTO unreadable
             (conversation, thread_root, place, data, reason, tried_by, tried_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            conversation.map(|key| key.0),
            root(thread),
            place.map(|place| place.0),
            what.is_whole.then(|| what.raw.to_string()),
            what.reason.to_string(),
            tried.by,
            tried.at.0
        ],
    )?;
    db.execute(
        "DELETE FROM unreadable WHERE key <= (
             SELECT key FROM unreadable ORDER BY key DESC LIMIT 1 OFFSET ?1)",
        [CAPACITY],
    )?;
    Ok(())
}

/// The places of a run whose messages could not be read.
pub(crate) fn places(db: &Connection, run: Run) -> Result<BTreeSet<Position>> {
    let mut statement = db.prepare_cached(
        "SELECT place FROM unreadable WHERE conversation = ?1 AND thread_root = ?2",
    )?;
    let bound = params![run.conversation.0, root(run.thread)];
    let places = statement.query_map(bound, |row| row.get("place").map(Position))?;
    Ok(places.collect::<rusqlite::Result<_>>()?)
}

/// A message is here, so what could not be read in its places is.
pub(crate) fn was_read(
    db: &Connection,
    conversation: ConversationKey,
    message: &Message,
) -> Result<()> {
    let thread = message.content.thread_root;
    db.prepare_cached(
        "DELETE FROM unreadable
         WHERE conversation = ?1
           AND ((thread_root = x'' AND place = ?2) OR (thread_root = ?3 AND place = ?4))",
    )?
    .execute(params![
        conversation.0,
        message.position.0,
        thread.map(OperationKey::to_bytes),
        message.thread_position.map(|place| place.0)
    ])?;
    Ok(())
}

pub(crate) fn untried(db: &Connection, version: &str) -> Result<Vec<Untried>> {
    let read = |row: &Row<'_>| {
        Ok(Untried {
            key: row.get("key")?,
            conversation: row
                .get::<_, Option<i64>>("conversation")?
                .map(ConversationKey),
            data: row.get("data")?,
        })
    };
    let mut statement = db.prepare(
        "SELECT key, conversation, data FROM unreadable WHERE tried_by <> ?1 ORDER BY key",
    )?;
    let rows = statement.query_map([version], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// This version cannot read it either.
pub(crate) fn set_tried(db: &Connection, key: i64, tried: Tried) -> Result<()> {
    db.execute(
        "UPDATE unreadable SET tried_by = ?2, tried_at = ?3 WHERE key = ?1",
        params![key, tried.by, tried.at.0],
    )?;
    Ok(())
}

pub(crate) fn remove(db: &Connection, key: i64) -> Result<()> {
    db.execute("DELETE FROM unreadable WHERE key = ?1", [key])?;
    Ok(())
}

/// Messages that were not tried since then are missing like others: they are fetched when somebody looks. What
/// was tried later than now was tried by a clock that was wrong.
pub(crate) fn forget_messages_before(
    db: &Connection,
    since: Timestamp,
    now: Timestamp,
) -> Result<()> {
    db.execute(
        "DELETE FROM unreadable
         WHERE conversation IS NOT NULL AND tried_at NOT BETWEEN ?1 AND ?2",
        [since.0, now.0],
    )?;
    Ok(())
}

/// Nothing of what was here before of a conversation is certain.
pub(crate) fn forget_messages_of(db: &Connection, key: ConversationKey) -> Result<()> {
    db.execute("DELETE FROM unreadable WHERE conversation = ?1", [key.0])?;
    Ok(())
}

/// A snapshot tells all of it again.
pub(crate) fn forget_of_snapshots(db: &Connection) -> Result<()> {
    db.execute("DELETE FROM unreadable WHERE conversation IS NULL", [])?;
    Ok(())
}

fn root(thread: Option<OperationKey>) -> Vec<u8> {
    thread.map_or_else(Vec::new, |root| root.to_bytes().to_vec())
}

//! How far a conversation goes, how far it was read, and what the server counts as unread.

use std::collections::BTreeSet;

use fulmar_protocol::{Position, PushPayload, Unread, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use super::{ConversationKey, Result};
use crate::defects::{self, Defect};

/// More than this is no number of the protocol (PROTOCOL.md §2.3); the next message is still counted on top.
const MOST_UNREAD: u64 = (1 << 53) - 1;

/// How one more message counts for the user of this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counts {
    /// Their own, or a notice: not at all.
    Not,
    /// Shown as unread.
    AsUnread,
    /// As unread, and it mentions them.
    AsMention,
}

/// The server's side of one more message. One that a push told of is counted already.
pub(crate) fn advance_head(
    db: &Connection,
    key: ConversationKey,
    head: Position,
    counts: Counts,
) -> Result<()> {
    let once = !defects::active(Defect::ApplyTwice);
    db.prepare_cached(
        "UPDATE conversation
         SET head = max(head, ?2),
             server_unread = server_unread + (?3 AND ?2 > max(head * ?5, server_read_to)),
             server_mentions = server_mentions + (?4 AND ?2 > max(head * ?5, server_read_to)),
             pushed_to = iif(pushed_to > ?2, pushed_to, 0)
         WHERE key = ?1",
    )?
    .execute(params![
        key.0,
        head.0,
        counts != Counts::Not,
        counts == Counts::AsMention,
        once
    ])?;
    Ok(())
}

/// A push tells of a message, and of how many were unread with it. Where it is behind what is known, it
/// says nothing new.
pub(crate) fn told_by_push(
    db: &Connection,
    key: ConversationKey,
    payload: &PushPayload,
) -> Result<()> {
    let at_most = |count: u64| count.min(MOST_UNREAD);
    let always = defects::active(Defect::PushIsTruth);
    db.execute(
        "UPDATE conversation
         SET head = max(head, ?2), server_unread = ?3, server_mentions = ?4,
             pushed_to = iif(head < ?2, ?2, pushed_to)
         WHERE key = ?1 AND (head < ?2 OR ?5)",
        params![
            key.0,
            payload.position.0,
            at_most(payload.unread_count),
            at_most(payload.unread_mentions),
            always
        ],
    )?;
    Ok(())
}

/// Whether a push told of more than the log has yet: what the log counts is older.
pub(crate) fn is_behind_push(db: &Connection, key: ConversationKey) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT pushed_to > 0 FROM conversation WHERE key = ?1")?
        .query_row([key.0], |row| row.get(0))?)
}

/// What is told now is newer than all pushes.
pub(crate) fn forget_pushes(db: &Connection) -> Result<()> {
    db.execute(
        "UPDATE conversation SET pushed_to = 0 WHERE pushed_to > 0",
        [],
    )?;
    Ok(())
}

pub(crate) fn head(db: &Connection, key: ConversationKey) -> Result<Position> {
    Ok(db
        .prepare_cached("SELECT head FROM conversation WHERE key = ?1")?
        .query_row([key.0], |row| row.get(0).map(Position))?)
}

/// The own read pointer moved at the server.
pub(crate) fn advance_own_read(
    db: &Connection,
    key: ConversationKey,
    read_to: Position,
    unread: Option<Unread>,
) -> Result<()> {
    let at_most = |count: u64| count.min(MOST_UNREAD);
    db.prepare_cached(
        "UPDATE conversation
         SET server_unread = CASE WHEN ?2 >= server_read_to THEN coalesce(?3, server_unread)
                                  ELSE server_unread END,
             server_mentions = CASE WHEN ?2 >= server_read_to THEN coalesce(?4, server_mentions)
                                  ELSE server_mentions END,
             server_read_to = max(server_read_to, ?2)
         WHERE key = ?1",
    )?
    .execute(params![
        key.0,
        read_to.0,
        unread.map(|unread| at_most(unread.unread_count)),
        unread.map(|unread| at_most(unread.unread_mentions))
    ])?;
    Ok(())
}

/// The server says what is unread now, because the user has hidden something.
pub(crate) fn tell_unread(db: &Connection, key: ConversationKey, unread: Unread) -> Result<()> {
    let at_most = |count: u64| count.min(i64::MAX as u64);
    db.execute(
        "UPDATE conversation SET server_unread = ?2, server_mentions = ?3 WHERE key = ?1",
        params![
            key.0,
            at_most(unread.unread_count),
            at_most(unread.unread_mentions)
        ],
    )?;
    Ok(())
}

/// Where the own read pointer stands on this device.
pub(crate) fn own_read_to(db: &Connection, key: ConversationKey) -> Result<Position> {
    Ok(db
        .prepare_cached(
            "SELECT max(server_read_to, local_read_to) FROM conversation WHERE key = ?1",
        )?
        .query_row([key.0], |row| row.get(0).map(Position))?)
}

/// Moves the own read pointer ahead of the server's, or back to it with `Position::ZERO`.
pub(crate) fn set_local_read(db: &Connection, key: ConversationKey, to: Position) -> Result<()> {
    db.execute(
        "UPDATE conversation SET local_read_to = ?2 WHERE key = ?1",
        params![key.0, to.0],
    )?;
    Ok(())
}

/// Whether more was read here than the server knows.
pub(crate) fn is_ahead(db: &Connection, key: ConversationKey) -> Result<bool> {
    let ahead: Option<bool> = db
        .prepare_cached(
            "SELECT local_read_to > server_read_to AS ahead FROM conversation WHERE key = ?1",
        )?
        .query_row([key.0], |row| row.get("ahead"))
        .optional()?;
    Ok(ahead.unwrap_or_default())
}

/// Conversations that were read farther here than the server knows, and how far each goes.
pub(crate) fn read_here(db: &Connection) -> Result<Vec<(ConversationKey, Position)>> {
    let mut statement = db.prepare_cached(
        "SELECT key, head FROM conversation WHERE local_read_to > 0 ORDER BY key",
    )?;
    let rows = statement.query_map([], |row| {
        Ok((ConversationKey(row.get("key")?), Position(row.get("head")?)))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Conversations of at most so many people in which the own pointer is behind the newest message.
pub(crate) fn behind(
    db: &Connection,
    own: &UserId,
    most_participants: u32,
) -> Result<BTreeSet<ConversationKey>> {
    let mut statement = db.prepare_cached(
        "SELECT key FROM conversation INDEXED BY conversation_behind
         WHERE told_to < head AND NOT gone AND participant_count <= ?2
           AND EXISTS (SELECT 1 FROM participant WHERE conversation = key AND user_id = ?1)
         ORDER BY key",
    )?;
    let keys = statement.query_map(params![own.as_str(), most_participants], |row| {
        row.get(0).map(ConversationKey)
    })?;
    Ok(keys.collect::<rusqlite::Result<_>>()?)
}

/// The newest message of a conversation, when the own pointer is behind it.
pub(crate) fn undelivered(
    db: &Connection,
    key: ConversationKey,
    own: &UserId,
    most_participants: u32,
) -> Result<Option<Position>> {
    Ok(db
        .prepare_cached(
            "SELECT head FROM conversation JOIN participant ON conversation = key AND user_id = ?2
             WHERE key = ?1 AND delivered_to < head AND NOT gone AND participant_count <= ?3",
        )?
        .query_row(params![key.0, own.as_str(), most_participants], |row| {
            row.get(0).map(Position)
        })
        .optional()?)
}

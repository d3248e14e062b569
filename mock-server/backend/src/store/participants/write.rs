//! What the room `conversations` writes here, and nobody else.

use fulmar_protocol::{ConversationId, Position, Role, Settings, UserId};
use rusqlite::{Connection, params};

use super::role_text;
use crate::defects::{Defect, active};
use crate::error::Result;

pub(crate) fn set_role(
    db: &Connection,
    id: &ConversationId,
    user: &UserId,
    role: Role,
) -> Result<()> {
    db.execute(
        "UPDATE participant SET role = ?3 WHERE conversation_id = ?1 AND user_id = ?2",
        params![id.as_str(), user.as_str(), role_text(role)],
    )?;
    Ok(())
}

/// Somebody who is there from the beginning, as the `joined`th.
pub(crate) fn insert_first(
    db: &Connection,
    id: &ConversationId,
    user: &UserId,
    joined: usize,
    role: Role,
) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO participant (conversation_id, user_id, joined, role)
         VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    )?
    .execute(params![id.as_str(), user.as_str(), joined, role_text(role)])?;
    Ok(())
}

/// Adds a participant. The messages before count as read.
pub(crate) fn add(db: &Connection, id: &ConversationId, user: &UserId) -> Result<()> {
    db.execute(
        "INSERT INTO participant (conversation_id, user_id, joined, delivered_to, read_to)
         SELECT ?1, ?2,
                coalesce((SELECT max(joined) + 1 FROM participant WHERE conversation_id = ?1), 0),
                iif(?3, last_position, 0), iif(?3, last_position, 0)
         FROM conversation WHERE conversation_id = ?1",
        params![
            id.as_str(),
            user.as_str(),
            !active(Defect::UnreadForNewcomers)
        ],
    )?;
    Ok(())
}

pub(crate) fn remove(db: &Connection, id: &ConversationId, user: &UserId) -> Result<()> {
    db.execute(
        "DELETE FROM participant WHERE conversation_id = ?1 AND user_id = ?2",
        params![id.as_str(), user.as_str()],
    )?;
    Ok(())
}

pub(crate) fn set_settings(
    db: &Connection,
    id: &ConversationId,
    user: &UserId,
    settings: &Settings,
) -> Result<()> {
    let Settings {
        muted_until,
        pinned,
        archived,
        hidden_to,
        marked_unread,
    } = settings;
    db.execute(
        "UPDATE participant
         SET muted_until = ?3, pinned = ?4, archived = ?5, hidden_to = ?6, marked_unread = ?7
         WHERE conversation_id = ?1 AND user_id = ?2",
        params![
            id.as_str(),
            user.as_str(),
            muted_until.map(|until| until.0),
            pinned,
            archived,
            hidden_to.map(|position| position.0),
            marked_unread
        ],
    )?;
    Ok(())
}

/// Where the pointers of a participant stand.
pub(crate) struct Advanced {
    pub(crate) delivered_to: Position,
    pub(crate) read_to: Position,
    /// Whether one of them moved.
    pub(crate) moved: bool,
}

/// Moves the pointers of a participant; they only grow.
pub(crate) fn advance_receipt(
    db: &Connection,
    id: &ConversationId,
    user: &UserId,
    delivered_to: Position,
    read_to: Position,
) -> Result<Advanced> {
    let before: (u64, u64) = db
        .prepare_cached(
            "SELECT delivered_to, read_to FROM participant
             WHERE conversation_id = ?1 AND user_id = ?2",
        )?
        .query_row(params![id.as_str(), user.as_str()], |row| {
            Ok((row.get("delivered_to")?, row.get("read_to")?))
        })?;
    let read_to = if active(Defect::ReadsBackward) {
        read_to
    } else {
        read_to.max(Position(before.1))
    };
    // What is read has arrived.
    let mut delivered_to = delivered_to.max(Position(before.0));
    if !active(Defect::ReadIsNotDelivered) {
        delivered_to = delivered_to.max(read_to);
    }
    let moved = (delivered_to.0, read_to.0) != before;
    if moved {
        db.prepare_cached(
            "UPDATE participant SET delivered_to = ?3, read_to = ?4
             WHERE conversation_id = ?1 AND user_id = ?2",
        )?
        .execute(params![
            id.as_str(),
            user.as_str(),
            delivered_to.0,
            read_to.0
        ])?;
    }
    Ok(Advanced {
        delivered_to,
        read_to,
        moved,
    })
}

//! What the room `messages` writes here, and nobody else.

use fulmar_protocol::{ConversationId, Position, Revision};
use rusqlite::{Connection, params};

use crate::error::Result;

/// The revision of one more change.
pub(crate) fn next_revision(db: &Connection, id: &ConversationId) -> Result<Revision> {
    Ok(db
        .prepare_cached(
            "UPDATE conversation SET revision = revision + 1
             WHERE conversation_id = ?1 RETURNING revision",
        )?
        .query_row([id.as_str()], |row| row.get("revision").map(Revision))?)
}

pub(crate) fn set_last_position(
    db: &Connection,
    id: &ConversationId,
    position: Position,
) -> Result<()> {
    db.prepare_cached("UPDATE conversation SET last_position = ?2 WHERE conversation_id = ?1")?
        .execute(params![id.as_str(), position.0])?;
    Ok(())
}

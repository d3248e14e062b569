//! Two counters in each row of `conversation`: the position of its newest message, and the revision of
//! the newest change to one of its messages.

pub(crate) mod write;

use fulmar_protocol::{ConversationId, Position};
use rusqlite::Connection;

use crate::error::Result;

pub(crate) fn last_position(db: &Connection, id: &ConversationId) -> Result<Position> {
    Ok(db
        .prepare_cached("SELECT last_position FROM conversation WHERE conversation_id = ?1")?
        .query_row([id.as_str()], |row| row.get("last_position").map(Position))?)
}

//! What the room `accounts` writes here, and nobody else.

use fulmar_protocol::UserId;
use rusqlite::{Connection, params};

use crate::error::Result;

/// False when it was so before.
pub(crate) fn add(db: &Connection, user: &UserId, blocked: &UserId) -> Result<bool> {
    Ok(db.execute(
        "INSERT INTO block (user_id, blocked) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        params![user.as_str(), blocked.as_str()],
    )? == 1)
}

/// False when it was so before.
pub(crate) fn remove(db: &Connection, user: &UserId, blocked: &UserId) -> Result<bool> {
    Ok(db.execute(
        "DELETE FROM block WHERE user_id = ?1 AND blocked = ?2",
        params![user.as_str(), blocked.as_str()],
    )? == 1)
}

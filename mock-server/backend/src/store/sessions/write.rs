//! What the room `accounts` writes here, and nobody else.

use fulmar_protocol::{DeviceId, SubmitOrder, Timestamp, UserId};
use rusqlite::{Connection, params};

use crate::error::Result;

pub(crate) fn insert(
    db: &Connection,
    session_id: &str,
    user_id: &UserId,
    device_id: &DeviceId,
    refresh: &[u8],
    now: Timestamp,
) -> Result<()> {
    db.execute(
        "INSERT INTO session (session_id, user_id, device_id, current_refresh, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            session_id,
            user_id.as_str(),
            device_id.as_str(),
            refresh,
            now.0
        ],
    )?;
    Ok(())
}

pub(crate) fn set_refresh(
    db: &Connection,
    session_id: &str,
    current: &[u8],
    previous: &[u8],
) -> Result<()> {
    db.prepare_cached(
        "UPDATE session SET current_refresh = ?2, previous_refresh = ?3 WHERE session_id = ?1",
    )?
    .execute(params![session_id, current, previous])?;
    Ok(())
}

/// Remembers the newest submit of a session; false when that one was taken before, or a later one.
pub(crate) fn take_submit(db: &Connection, session_id: &str, order: SubmitOrder) -> Result<bool> {
    let taken = db
        .prepare_cached(
            "UPDATE session SET newest_submit = ?2 WHERE session_id = ?1 AND newest_submit < ?2",
        )?
        .execute(params![session_id, order.0])?;
    Ok(taken == 1)
}

pub(crate) fn delete(db: &Connection, session_id: &str) -> Result<()> {
    db.execute("DELETE FROM session WHERE session_id = ?1", [session_id])?;
    Ok(())
}

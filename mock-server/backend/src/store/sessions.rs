//! Sessions: one per user and device.

use fulmar_protocol::{DeviceId, SessionId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::Result;

pub(crate) struct Session {
    pub(crate) user_id: UserId,
    pub(crate) device_id: DeviceId,
    pub(crate) current_refresh: Vec<u8>,
    pub(crate) previous_refresh: Option<Vec<u8>>,
}

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

pub(crate) fn find(db: &Connection, session_id: &str) -> Result<Option<Session>> {
    let row = db
        .prepare_cached(
            "SELECT user_id, device_id, current_refresh, previous_refresh
             FROM session WHERE session_id = ?1",
        )?
        .query_row([session_id], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get(2)?,
                row.get(3)?,
            ))
        })
        .optional()?;
    let Some((user_id, device_id, current_refresh, previous_refresh)) = row else {
        return Ok(None);
    };
    Ok(Some(Session {
        user_id: UserId::new(user_id)?,
        device_id: DeviceId::new(device_id)?,
        current_refresh,
        previous_refresh,
    }))
}

/// The sessions of a device but the newest.
pub(crate) fn older_of_device(
    db: &Connection,
    user_id: &UserId,
    device_id: &DeviceId,
) -> Result<Vec<String>> {
    let mut statement = db.prepare(
        "SELECT session_id FROM session WHERE user_id = ?1 AND device_id = ?2
         ORDER BY ordinal DESC LIMIT -1 OFFSET 1",
    )?;
    let rows = statement.query_map(params![user_id.as_str(), device_id.as_str()], |row| {
        row.get(0)
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Every session of a user, the newest first.
pub(crate) fn list(
    db: &Connection,
    user_id: &UserId,
) -> Result<Vec<(SessionId, DeviceId, Timestamp)>> {
    let mut statement = db.prepare(
        "SELECT session_id, device_id, created_at FROM session
         WHERE user_id = ?1 ORDER BY ordinal DESC",
    )?;
    let rows = statement.query_map([user_id.as_str()], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?,
            row.get(2)?,
        ))
    })?;
    rows.map(|row| {
        let (session_id, device_id, created_at) = row?;
        Ok((
            SessionId::new(session_id)?,
            DeviceId::new(device_id)?,
            Timestamp(created_at),
        ))
    })
    .collect()
}

pub(crate) fn of_user(db: &Connection, user_id: &UserId) -> Result<Vec<String>> {
    let mut statement =
        db.prepare("SELECT session_id FROM session WHERE user_id = ?1 ORDER BY session_id")?;
    let rows = statement.query_map([user_id.as_str()], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) fn set_refresh(
    db: &Connection,
    session_id: &str,
    current: &[u8],
    previous: &[u8],
) -> Result<()> {
    db.execute(
        "UPDATE session SET current_refresh = ?2, previous_refresh = ?3 WHERE session_id = ?1",
        params![session_id, current, previous],
    )?;
    Ok(())
}

pub(crate) fn delete(db: &Connection, session_id: &str) -> Result<()> {
    db.execute("DELETE FROM session WHERE session_id = ?1", [session_id])?;
    Ok(())
}

//! Sessions: one per user and device.

pub(crate) mod write;

use fulmar_protocol::{DeviceId, SessionId, SubmitOrder, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;

pub(crate) struct Session {
    pub(crate) user_id: UserId,
    pub(crate) device_id: DeviceId,
    pub(crate) current_refresh: Vec<u8>,
    pub(crate) previous_refresh: Option<Vec<u8>>,
}

impl Session {
    /// Whether a refresh token, given by its hash, is the newest one or the one before.
    pub(crate) fn has_refresh_token(&self, hash: &[u8]) -> bool {
        self.current_refresh == hash || self.previous_refresh.as_deref() == Some(hash)
    }
}

pub(crate) fn find(db: &Connection, session_id: &str) -> Result<Option<Session>> {
    let row = db
        .prepare_cached(
            "SELECT user_id, device_id, current_refresh, previous_refresh
             FROM session WHERE session_id = ?1",
        )?
        .query_row([session_id], |row| {
            Ok((
                row.get::<_, String>("user_id")?,
                row.get::<_, String>("device_id")?,
                row.get("current_refresh")?,
                row.get("previous_refresh")?,
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

/// The newest submit that was taken of a session.
pub(crate) fn newest_submit(db: &Connection, session_id: &str) -> Result<SubmitOrder> {
    let newest = db
        .prepare_cached("SELECT newest_submit FROM session WHERE session_id = ?1")?
        .query_row([session_id], |row| row.get("newest_submit"))?;
    Ok(SubmitOrder(newest))
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
        row.get("session_id")
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The sessions of a user but the newest, of which so many stay.
pub(crate) fn beyond(db: &Connection, user_id: &UserId, stay: u32) -> Result<Vec<String>> {
    let mut statement = db.prepare_cached(
        "SELECT session_id FROM session WHERE user_id = ?1 ORDER BY ordinal DESC LIMIT -1 OFFSET ?2",
    )?;
    let rows = statement.query_map(params![user_id.as_str(), stay], |row| row.get("session_id"))?;
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
            row.get::<_, String>("session_id")?,
            row.get::<_, String>("device_id")?,
            row.get("created_at")?,
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
    let rows = statement.query_map([user_id.as_str()], |row| row.get("session_id"))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

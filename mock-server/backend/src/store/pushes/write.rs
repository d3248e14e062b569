//! What the room `push` writes here, and nobody else.

use fulmar_protocol::{DeviceId, PushPayload, PushProvider, PushToken, Timestamp, UserId};
use rusqlite::{Connection, params};

use crate::error::Result;

/// The token goes with the session. A device has one, and no other session has the same (PROTOCOL.md §7.8).
pub(crate) fn set_token(db: &Connection, session: &str, token: &PushToken) -> Result<()> {
    let provider = match token.provider {
        PushProvider::Fcm => "fcm",
        PushProvider::Apns => "apns",
        PushProvider::Expo => "expo",
    };
    db.execute(
        "DELETE FROM push_token WHERE session_id IN
             (SELECT other.session_id FROM session AS own
              JOIN session AS other USING (user_id, device_id) WHERE own.session_id = ?1)",
        [session],
    )?;
    db.execute(
        "DELETE FROM push_token WHERE provider = ?1 AND token = ?2",
        params![provider, token.token],
    )?;
    db.execute(
        "INSERT INTO push_token (session_id, provider, token) VALUES (?1, ?2, ?3)",
        params![session, provider, token.token],
    )?;
    Ok(())
}

pub(crate) fn remove_tokens(db: &Connection, user: &UserId, device: &DeviceId) -> Result<()> {
    db.execute(
        "DELETE FROM push_token WHERE session_id IN
             (SELECT session_id FROM session WHERE user_id = ?1 AND device_id = ?2)",
        params![user.as_str(), device.as_str()],
    )?;
    Ok(())
}

pub(crate) fn insert(db: &Connection, payload: &PushPayload, now: Timestamp) -> Result<()> {
    db.execute(
        "INSERT INTO push (user_id, at, payload, due_at) VALUES (?1, ?2, ?3, ?2)",
        params![
            payload.user_id.as_str(),
            now.0,
            serde_json::to_string(payload)?
        ],
    )?;
    Ok(())
}

pub(crate) fn try_again(db: &Connection, id: u64, at: Timestamp) -> Result<()> {
    db.execute(
        "UPDATE push SET tries = tries + 1, due_at = ?2 WHERE push_id = ?1",
        params![id, at.0],
    )?;
    Ok(())
}

/// It is not tried any more.
pub(crate) fn settle(db: &Connection, id: u64) -> Result<()> {
    db.execute("UPDATE push SET due_at = NULL WHERE push_id = ?1", [id])?;
    Ok(())
}

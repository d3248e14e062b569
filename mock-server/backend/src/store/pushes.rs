//! Push tokens of devices, and the pushes that were recorded.

use fulmar_protocol::{DeviceId, PushPayload, PushProvider, PushToken, Timestamp, UserId};
use rusqlite::{Connection, Row, params};

use crate::Result;
use crate::pushes::PushDevice;

pub(crate) struct Push {
    pub(crate) id: u64,
    pub(crate) at: Timestamp,
    pub(crate) devices: Vec<PushDevice>,
    pub(crate) payload: PushPayload,
}

/// The token goes with the session. A device has one.
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

pub(crate) fn all(db: &Connection) -> Result<Vec<Push>> {
    let mut statement = db.prepare("SELECT push_id, at, payload FROM push ORDER BY push_id")?;
    let rows = statement.query_map([], |row| Ok(read(db, row)))?;
    rows.map(|row| row?).collect()
}

pub(crate) fn due(db: &Connection, now: Timestamp) -> Result<Vec<Push>> {
    let mut statement = db.prepare_cached(
        "SELECT push_id, at, payload FROM push WHERE due_at <= ?1 ORDER BY push_id LIMIT 100",
    )?;
    let rows = statement.query_map([now.0], |row| Ok(read(db, row)))?;
    rows.map(|row| row?).collect()
}

/// How often it was tried before.
pub(crate) fn tries(db: &Connection, id: u64) -> Result<usize> {
    Ok(
        db.query_row("SELECT tries FROM push WHERE push_id = ?1", [id], |row| {
            row.get(0)
        })?,
    )
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

fn read(db: &Connection, row: &Row<'_>) -> Result<Push> {
    let payload: PushPayload = serde_json::from_str(&row.get::<_, String>(2)?)?;
    Ok(Push {
        id: row.get(0)?,
        at: Timestamp(row.get(1)?),
        devices: devices(db, &payload.user_id)?,
        payload,
    })
}

fn devices(db: &Connection, user: &UserId) -> Result<Vec<PushDevice>> {
    let mut statement = db.prepare_cached(
        "SELECT device_id, provider, token FROM push_token JOIN session USING (session_id)
         WHERE user_id = ?1 ORDER BY device_id",
    )?;
    let mut rows = statement.query([user.as_str()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let provider = match row.get::<_, String>(1)?.as_str() {
            "fcm" => PushProvider::Fcm,
            "apns" => PushProvider::Apns,
            _ => PushProvider::Expo,
        };
        found.push(PushDevice {
            device_id: DeviceId::new(row.get::<_, String>(0)?)?,
            token: PushToken {
                provider,
                token: row.get(2)?,
            },
        });
    }
    Ok(found)
}

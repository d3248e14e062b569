//! Push tokens of devices, and the pushes that were recorded.

pub(crate) mod write;

use fulmar_protocol::{DeviceId, PushPayload, PushProvider, PushToken, Timestamp, UserId};
use rusqlite::{Connection, Row};
use serde::Serialize;

use crate::error::Result;

/// A push notification as it was recorded, and as a webhook gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedPush {
    /// Its number, from 1.
    pub push_id: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// The devices that it is for: those of the user that have a token.
    pub devices: Vec<PushDevice>,
    /// The payload of the notification.
    pub payload: PushPayload,
}

/// A device that gets notifications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PushDevice {
    /// The device that the token is of.
    pub device_id: DeviceId,
    /// Its token, and who gave it out.
    #[serde(flatten)]
    pub token: PushToken,
}

pub(crate) fn all(db: &Connection) -> Result<Vec<RecordedPush>> {
    let mut statement = db.prepare("SELECT push_id, at, payload FROM push ORDER BY push_id")?;
    let rows = statement.query_map([], |row| Ok(read(db, row)))?;
    rows.map(|row| row?).collect()
}

pub(crate) fn due(db: &Connection, now: Timestamp) -> Result<Vec<RecordedPush>> {
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
            row.get("tries")
        })?,
    )
}

fn read(db: &Connection, row: &Row<'_>) -> Result<RecordedPush> {
    let payload: PushPayload = serde_json::from_str(&row.get::<_, String>("payload")?)?;
    Ok(RecordedPush {
        push_id: row.get("push_id")?,
        at: Timestamp(row.get("at")?),
        devices: devices(db, &payload.user_id)?,
        payload,
    })
}

pub(crate) fn devices(db: &Connection, user: &UserId) -> Result<Vec<PushDevice>> {
    let mut statement = db.prepare_cached(
        "SELECT device_id, provider, token FROM push_token JOIN session USING (session_id)
         WHERE user_id = ?1 ORDER BY device_id",
    )?;
    let mut rows = statement.query([user.as_str()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let provider = match row.get::<_, String>("provider")?.as_str() {
            "fcm" => PushProvider::Fcm,
            "apns" => PushProvider::Apns,
            _ => PushProvider::Expo,
        };
        found.push(PushDevice {
            device_id: DeviceId::new(row.get::<_, String>("device_id")?)?,
            token: PushToken {
                provider,
                token: row.get("token")?,
            },
        });
    }
    Ok(found)
}

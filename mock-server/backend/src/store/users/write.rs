//! What the room `accounts` writes here, and nobody else.

use fulmar_protocol::{PresenceSetting, Timestamp, UserId};
use rusqlite::{Connection, params};

use crate::defects::{Defect, active};
use crate::error::Result;

pub(crate) fn insert(
    db: &Connection,
    user_id: &UserId,
    name: &str,
    password: &str,
    log_id: &str,
) -> Result<bool> {
    Ok(db.execute(
        "INSERT INTO user (user_id, looks, name, password, log_id)
         SELECT ?1, looks_of(?1), ?2, ?3, ?4
         WHERE NOT EXISTS (SELECT 1 FROM deleted_user WHERE user_id = ?1)
         ON CONFLICT DO NOTHING",
        params![user_id.as_str(), name, password, log_id],
    )? == 1)
}

pub(crate) fn set_profile(
    db: &Connection,
    user_id: &UserId,
    name: &str,
    avatar_url: Option<&str>,
) -> Result<()> {
    db.execute(
        "UPDATE user SET name = ?2, avatar_url = ?3 WHERE user_id = ?1",
        params![user_id.as_str(), name, avatar_url],
    )?;
    Ok(())
}

/// Removes a user with everything that only they had: sessions, log, settings, operation keys. Nobody
/// gets the id again.
pub(crate) fn delete(db: &Connection, user_id: &UserId) -> Result<()> {
    if !active(Defect::FreesIdsOfDeleted) {
        db.execute(
            "INSERT INTO deleted_user (user_id, looks) VALUES (?1, looks_of(?1))",
            [user_id.as_str()],
        )?;
    }
    db.execute("DELETE FROM user WHERE user_id = ?1", [user_id.as_str()])?;
    Ok(())
}

pub(crate) fn set_last_seen(db: &Connection, user_id: &UserId, at: Timestamp) -> Result<()> {
    db.prepare_cached("UPDATE user SET last_seen_at = ?2 WHERE user_id = ?1")?
        .execute(params![user_id.as_str(), at.0])?;
    Ok(())
}

pub(crate) fn set_presence(
    db: &Connection,
    user_id: &UserId,
    setting: PresenceSetting,
) -> Result<()> {
    let setting = match setting {
        PresenceSetting::Shown => "shown",
        PresenceSetting::Hidden => "hidden",
    };
    db.execute(
        "UPDATE user SET presence = ?2 WHERE user_id = ?1",
        params![user_id.as_str(), setting],
    )?;
    Ok(())
}

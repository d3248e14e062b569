//! The account row: whose store this is, their tokens, and how far the event log was followed.

use fulmar_protocol::{Code, DeviceId, LogId, Secret, Seq, Session, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Result, StoreError};

/// The tokens of a running session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) access: Secret,
    pub(crate) refresh: Secret,
    pub(crate) expires_at: Timestamp,
    pub(crate) lifetime_ms: u64,
}

/// What the store knows about its owner.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) device_id: DeviceId,
    pub(crate) user_id: Option<UserId>,
    /// `None` while nobody is signed in, also after the server has ended the session.
    pub(crate) tokens: Option<Tokens>,
    /// Why the server ended the last session.
    pub(crate) ended: Option<Code>,
    pub(crate) log_id: Option<LogId>,
    pub(crate) cursor: Seq,
    pub(crate) key_retention_ms: u64,
}

pub(crate) fn load(db: &Connection) -> Result<Option<Account>> {
    let row = db
        .prepare_cached(
            "SELECT device_id, user_id, access_token, refresh_token, expires_at, lifetime_ms,
                    ended_code, log_id, cursor, key_retention_ms
             FROM account",
        )?
        .query_row([], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, Option<String>>(1)?,
                row.get::<_, Option<String>>(2)?,
                row.get::<_, Option<String>>(3)?,
                (row.get::<_, i64>(4)?, row.get::<_, u64>(5)?),
                row.get::<_, Option<String>>(6)?,
                row.get::<_, Option<String>>(7)?,
                row.get::<_, u64>(8)?,
                row.get::<_, u64>(9)?,
            ))
        })
        .optional()?;
    let Some((device, user, access, refresh, (expires_at, lifetime_ms), ended, log, cursor, keys)) =
        row
    else {
        return Ok(None);
    };
    let bad = |error| StoreError::damaged("account", error);
    Ok(Some(Account {
        device_id: DeviceId::new(device).map_err(bad)?,
        user_id: user.map(UserId::new).transpose().map_err(bad)?,
        tokens: access.zip(refresh).map(|(access, refresh)| Tokens {
            access: access.into(),
            refresh: refresh.into(),
            expires_at: Timestamp(expires_at),
            lifetime_ms,
        }),
        ended: ended.map(Code::from),
        log_id: log.map(LogId::new).transpose().map_err(bad)?,
        cursor: Seq(cursor),
        key_retention_ms: keys,
    }))
}

pub(crate) fn create(db: &Connection, device_id: &DeviceId) -> Result<()> {
    db.execute(
        "INSERT INTO account (only_row, device_id) VALUES (1, ?1)",
        [device_id.as_str()],
    )?;
    Ok(())
}

pub(crate) fn sign_in(db: &Connection, session: &Session, expires_at: Timestamp) -> Result<()> {
    db.execute(
        "UPDATE account
         SET user_id = ?1, name = ?2, access_token = ?3, refresh_token = ?4, expires_at = ?5,
             lifetime_ms = ?6, ended_code = NULL",
        params![
            session.user_id.as_str(),
            session.name,
            session.access_token.expose(),
            session.refresh_token.expose(),
            expires_at.0,
            session.expires_in_ms.min(i64::MAX as u64),
        ],
    )?;
    Ok(())
}

/// The server ended the session: tokens go, everything else stays.
pub(crate) fn end_session(db: &Connection, code: &Code) -> Result<()> {
    db.execute(
        "UPDATE account SET access_token = NULL, refresh_token = NULL, ended_code = ?1",
        [code.as_str()],
    )?;
    Ok(())
}

pub(crate) fn set_cursor(db: &Connection, cursor: Seq) -> Result<()> {
    db.prepare_cached("UPDATE account SET cursor = ?1")?
        .execute([cursor.0])?;
    Ok(())
}

pub(crate) fn set_log(db: &Connection, log_id: &LogId, cursor: Seq) -> Result<()> {
    db.execute(
        "UPDATE account SET log_id = ?1, cursor = ?2",
        params![log_id.as_str(), cursor.0],
    )?;
    Ok(())
}

pub(crate) fn set_key_retention(db: &Connection, millis: u64) -> Result<()> {
    db.execute(
        "UPDATE account SET key_retention_ms = ?1",
        [millis.min(i64::MAX as u64)],
    )?;
    Ok(())
}

/// Forgets everything about the owner: after sign-out the store is as new, but for the device id.
pub(crate) fn wipe(db: &Connection) -> Result<()> {
    db.execute_batch(
        "DELETE FROM operation;
         DELETE FROM message;
         DELETE FROM conversation;
         DELETE FROM quarantine;
         UPDATE account
         SET user_id = NULL, name = '', access_token = NULL, refresh_token = NULL, expires_at = 0,
             lifetime_ms = 0, ended_code = NULL, log_id = NULL, cursor = 0;",
    )?;
    Ok(())
}

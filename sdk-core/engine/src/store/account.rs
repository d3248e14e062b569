//! The account row: whose store this is, their tokens, and how far the event log was followed.

use fulmar_protocol::{Code, DeviceId, LogId, Secret, Seq, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Result, StoreError, Vault};
use crate::effect::SessionEnd;

/// How a session gets its next access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// From the server, for this.
    RefreshToken(Secret),
    /// From the app's token provider.
    Provider,
}

/// The tokens of a running session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) access: Secret,
    pub(crate) renewal: Renewal,
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
    /// Why the last session ended without a sign-out.
    pub(crate) ended: Option<SessionEnd>,
    pub(crate) log_id: Option<LogId>,
    pub(crate) cursor: Seq,
    pub(crate) key_retention_ms: u64,
}

impl Account {
    pub(crate) fn renewal(&self) -> Option<&Renewal> {
        self.tokens.as_ref().map(|tokens| &tokens.renewal)
    }
}

/// Whose store this is, if anybody's.
pub(crate) fn owner(db: &Connection) -> Result<Option<UserId>> {
    let user: Option<Option<String>> = db
        .prepare_cached("SELECT user_id FROM account")?
        .query_row([], |row| row.get(0))
        .optional()?;
    user.flatten()
        .map(UserId::new)
        .transpose()
        .map_err(|error| StoreError::damaged("account", error))
}

/// Reads the row. Tokens that are sealed with a key that is not there end the session, in memory
/// only: with the right key they are there again.
pub(crate) fn load(db: &Connection, vault: Option<&dyn Vault>) -> Result<Option<Account>> {
    let row = db
        .prepare_cached(
            "SELECT device_id, user_id, access_token, refresh_token, expires_at, lifetime_ms,
                    ended_code, log_id, cursor, key_retention_ms, ended_by, sealed_tokens
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
                (
                    row.get::<_, String>(10)?,
                    row.get::<_, Option<Vec<u8>>>(11)?,
                ),
            ))
        })
        .optional()?;
    let Some((device, user, access, refresh, life, ended, log, cursor, keys, (ended_by, sealed))) =
        row
    else {
        return Ok(None);
    };
    let bad = |error| StoreError::damaged("account", error);
    let mut ended = ended.map(|said| match ended_by.as_str() {
        "token_provider" => SessionEnd::ByTokenProvider { reason: said },
        _ => SessionEnd::ByServer {
            code: Code::from(said),
        },
    });
    let pair = match sealed {
        None => access.map(|access| (access.into(), refresh.map(Secret::from))),
        Some(sealed) => {
            let opened = vault.and_then(|vault| unseal(vault, &sealed));
            if opened.is_none() {
                ended = Some(SessionEnd::SecretsLost);
            }
            opened
        }
    };
    Ok(Some(Account {
        device_id: DeviceId::new(device).map_err(bad)?,
        user_id: user.map(UserId::new).transpose().map_err(bad)?,
        tokens: pair.map(|(access, refresh)| Tokens {
            access,
            renewal: refresh.map_or(Renewal::Provider, Renewal::RefreshToken),
            expires_at: Timestamp(life.0),
            lifetime_ms: life.1,
        }),
        ended,
        log_id: log.map(LogId::new).transpose().map_err(bad)?,
        cursor: Seq(cursor),
        key_retention_ms: keys,
    }))
}

/// Sees to it that there is a row; a new one gets this device id.
pub(crate) fn ensure(db: &Connection, device_id: &DeviceId) -> Result<()> {
    db.execute(
        "INSERT INTO account (only_row, device_id) VALUES (1, ?1) ON CONFLICT DO NOTHING",
        [device_id.as_str()],
    )?;
    Ok(())
}

/// Stores the tokens of a session: sealed when there is a vault.
pub(crate) fn sign_in(
    db: &Connection,
    user_id: &UserId,
    tokens: &Tokens,
    vault: Option<&dyn Vault>,
) -> Result<()> {
    let refresh = match &tokens.renewal {
        Renewal::RefreshToken(refresh) => Some(refresh.expose()),
        Renewal::Provider => None,
    };
    let access = tokens.access.expose();
    let sealed = vault
        .map(|vault| seal_pair(vault, access, refresh))
        .transpose()?;
    let (access, refresh) = match &sealed {
        None => (Some(access), refresh),
        Some(_) => (None, None),
    };
    db.execute(
        "UPDATE account
         SET user_id = ?1, access_token = ?2, refresh_token = ?3, sealed_tokens = ?4,
             expires_at = ?5, lifetime_ms = ?6, ended_code = NULL, ended_by = 'server'",
        params![
            user_id.as_str(),
            access,
            refresh,
            sealed,
            tokens.expires_at.0,
            tokens.lifetime_ms.min(i64::MAX as u64),
        ],
    )?;
    Ok(())
}

/// Tokens from before there was a vault are sealed now.
pub(crate) fn seal(db: &Connection, account: &Account, vault: Option<&dyn Vault>) -> Result<()> {
    let open: bool = db.query_row("SELECT access_token IS NOT NULL FROM account", [], |row| {
        row.get(0)
    })?;
    match (&account.user_id, &account.tokens) {
        (Some(user_id), Some(tokens)) if open && vault.is_some() => {
            sign_in(db, user_id, tokens, vault)
        }
        _ => Ok(()),
    }
}

fn seal_pair(vault: &dyn Vault, access: &str, refresh: Option<&str>) -> Result<Vec<u8>> {
    let pair = serde_json::to_vec(&(access, refresh))
        .map_err(|error| StoreError::damaged("account", error))?;
    vault
        .seal(&pair)
        .ok_or_else(|| StoreError::damaged("account", "the tokens could not be sealed"))
}

fn unseal(vault: &dyn Vault, sealed: &[u8]) -> Option<(Secret, Option<Secret>)> {
    serde_json::from_slice(&vault.unseal(sealed)?).ok()
}

pub(crate) fn set_name(db: &Connection, name: &str) -> Result<()> {
    db.execute("UPDATE account SET name = ?1", [name])?;
    Ok(())
}

/// The session came to its end: tokens go, everything else stays.
pub(crate) fn end_session(db: &Connection, end: &SessionEnd) -> Result<()> {
    let (by, said) = match end {
        SessionEnd::ByServer { code } => ("server", code.as_str()),
        SessionEnd::ByTokenProvider { reason } => ("token_provider", reason.as_str()),
        // Nothing to write: the key may come back.
        SessionEnd::SecretsLost => return Ok(()),
    };
    db.execute(
        "UPDATE account
         SET access_token = NULL, refresh_token = NULL, sealed_tokens = NULL, ended_by = ?1,
             ended_code = ?2",
        [by, said],
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
         DELETE FROM blocked;
         DELETE FROM pushed;
         UPDATE account
         SET user_id = NULL, name = '', access_token = NULL, refresh_token = NULL, expires_at = 0,
             lifetime_ms = 0, ended_code = NULL, ended_by = 'server', sealed_tokens = NULL, log_id = NULL, cursor = 0;",
    )?;
    Ok(())
}

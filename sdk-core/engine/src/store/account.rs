//! The account row: whose store this is and their tokens; and the sessions that were ended here and of which
//! the server does not know yet. Written by `session` alone.

use fulmar_protocol::{Code, DeviceId, Secret, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use super::state::SessionEnd;
use super::{Result, StoreError, Vault, remains, search};

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

/// The row as it is.
struct Raw {
    device: String,
    user: Option<String>,
    access: Option<String>,
    refresh: Option<String>,
    expires_at: i64,
    lifetime_ms: u64,
    ended: Option<String>,
    ended_by: String,
    sealed: Option<Vec<u8>>,
}

/// Reads the row. Tokens that are sealed with a key that is not there end the session, in memory
/// only: with the right key they are there again.
pub(crate) fn load(db: &Connection, vault: Option<&dyn Vault>) -> Result<Option<Account>> {
    let row = db
        .prepare_cached(
            "SELECT device_id, user_id, access_token, refresh_token, expires_at, lifetime_ms,
                    ended_code, ended_by, sealed_tokens
             FROM account",
        )?
        .query_row([], |row| {
            Ok(Raw {
                device: row.get("device_id")?,
                user: row.get("user_id")?,
                access: row.get("access_token")?,
                refresh: row.get("refresh_token")?,
                expires_at: row.get("expires_at")?,
                lifetime_ms: row.get("lifetime_ms")?,
                ended: row.get("ended_code")?,
                ended_by: row.get("ended_by")?,
                sealed: row.get("sealed_tokens")?,
            })
        })
        .optional()?;
    let Some(row) = row else {
        return Ok(None);
    };
    let bad = |error| StoreError::damaged("account", error);
    let mut ended = row.ended.map(|said| match row.ended_by.as_str() {
        "token_provider" => SessionEnd::ByTokenProvider { reason: said },
        _ => SessionEnd::ByServer {
            code: Code::from(said),
        },
    });
    let pair = match row.sealed {
        None => {
            let refresh = row.refresh.map(Secret::from);
            row.access.map(|access| (access.into(), refresh))
        }
        Some(sealed) => {
            let opened = vault.and_then(|vault| unseal(vault, &sealed));
            if opened.is_none() {
                ended = Some(SessionEnd::SecretsLost);
            }
            opened
        }
    };
    Ok(Some(Account {
        device_id: DeviceId::new(row.device).map_err(bad)?,
        user_id: row.user.map(UserId::new).transpose().map_err(bad)?,
        tokens: pair.map(|(access, refresh)| Tokens {
            access,
            renewal: refresh.map_or(Renewal::Provider, Renewal::RefreshToken),
            expires_at: Timestamp(row.expires_at),
            lifetime_ms: row.lifetime_ms,
        }),
        ended,
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
    db.prepare_cached(
        "UPDATE account
         SET user_id = ?1, access_token = ?2, refresh_token = ?3, sealed_tokens = ?4,
             expires_at = ?5, lifetime_ms = ?6, ended_code = NULL, ended_by = 'server'",
    )?
    .execute(params![
        user_id.as_str(),
        access,
        refresh,
        sealed,
        tokens.expires_at.0,
        tokens.lifetime_ms.min(i64::MAX as u64),
    ])?;
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
    remains::owe_log(db)
}

/// Names a session that was ended here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EndedKey(i64);

/// What the server has to be told of a session that was ended here, and the token to say it with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Untold {
    /// The session is over: its refresh token.
    SignOut(Secret),
    /// The session is its provider's to end; the push token of this device is taken back: its access token.
    RemovePushToken(Secret),
}

impl Untold {
    fn token(&self) -> &Secret {
        match self {
            Self::SignOut(token) | Self::RemovePushToken(token) => token,
        }
    }
}

/// More than these the server is not told of: it has forgotten them by itself.
const MOST_ENDED: u32 = 20;

/// Remembers that the server has to be told of the end of a session.
pub(crate) fn remember_end(
    db: &Connection,
    untold: &Untold,
    vault: Option<&dyn Vault>,
) -> Result<()> {
    let token = untold.token().expose();
    let provided = match untold {
        Untold::SignOut(_) => false,
        Untold::RemovePushToken(_) => true,
    };
    let sealed = match vault {
        None => None,
        Some(vault) => Some(
            vault
                .seal(token.as_bytes())
                .ok_or_else(|| StoreError::damaged("ended_session", "it could not be sealed"))?,
        ),
    };
    let open = sealed.is_none().then_some(token);
    db.execute(
        "INSERT INTO ended_session (refresh_token, sealed_token, provided) VALUES (?1, ?2, ?3)",
        params![open, sealed, provided],
    )?;
    db.execute(
        "DELETE FROM ended_session
         WHERE key NOT IN (SELECT key FROM ended_session ORDER BY key DESC LIMIT ?1)",
        [MOST_ENDED],
    )?;
    Ok(())
}

/// A session of whose end the server does not know, and its token. One whose token cannot be unsealed any
/// more is forgotten.
pub(crate) fn ended(
    db: &Connection,
    vault: Option<&dyn Vault>,
) -> Result<Option<(EndedKey, Untold)>> {
    let mut statement = db.prepare_cached(
        "SELECT key, refresh_token, sealed_token, provided FROM ended_session ORDER BY key LIMIT 1",
    )?;
    let row = statement
        .query_row([], |row| {
            let key = EndedKey(row.get("key")?);
            let open: Option<String> = row.get("refresh_token")?;
            let sealed: Option<Vec<u8>> = row.get("sealed_token")?;
            Ok((key, open, sealed, row.get::<_, bool>("provided")?))
        })
        .optional()?;
    let Some((key, open, sealed, provided)) = row else {
        return Ok(None);
    };
    let token = open.or_else(|| {
        let plain = vault?.unseal(&sealed?)?;
        String::from_utf8(plain).ok()
    });
    if token.is_none() {
        forget_ended(db, key)?;
    }
    let untold = match provided {
        false => Untold::SignOut,
        true => Untold::RemovePushToken,
    };
    Ok(token.map(|token| (key, untold(token.into()))))
}

/// The server does not take it: the others are told first.
pub(crate) fn put_ended_last(db: &Connection, key: EndedKey) -> Result<()> {
    db.execute(
        "UPDATE ended_session SET key = (SELECT max(key) + 1 FROM ended_session) WHERE key = ?1",
        [key.0],
    )?;
    Ok(())
}

/// The server knows.
pub(crate) fn forget_ended(db: &Connection, key: EndedKey) -> Result<()> {
    db.execute("DELETE FROM ended_session WHERE key = ?1", [key.0])?;
    Ok(())
}

/// Forgets everything about the owner: after sign-out the store is as new, but for the device id.
pub(crate) fn wipe(db: &Connection) -> Result<()> {
    search::forget_all(db)?;
    db.execute_batch(
        "DELETE FROM operation;
         DELETE FROM message;
         DELETE FROM conversation;
         DELETE FROM quarantine;
         DELETE FROM unreadable;
         DELETE FROM blocked;
         DELETE FROM pushed;",
    )?;
    wipe_owner(db)
}

/// Nobody's store any more, whatever else is in it.
pub(crate) fn wipe_owner(db: &Connection) -> Result<()> {
    db.execute_batch(
        "UPDATE account
         SET user_id = NULL, name = '', access_token = NULL, refresh_token = NULL, expires_at = 0,
             lifetime_ms = 0, ended_code = NULL, ended_by = 'server', sealed_tokens = NULL;
         UPDATE log SET log_id = NULL, cursor = 0;",
    )?;
    remains::owe_all(db)
}

//! Who may come in: passwords, sessions, access tokens and rotating refresh tokens
//! (PROTOCOL.md §7.1).

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Argon2, Params};
use fulmar_protocol::{
    Code, DeviceId, LoginRequest, RegisterRequest, Secret, Session, SessionInfo, SessionList,
    Timestamp, UserId,
};
use sha2::{Digest as _, Sha256};

use crate::jwt::Claims;
use crate::profiles::NAME_BYTES;
use crate::store::{sessions, users};
use crate::{Backend, BackendError, Error, Result, Scope};

/// Argon2id at its smallest: a test server's passwords are no secrets, and its sign-ins many.
fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(64, 1, 1, None).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(Argon2::new(
        argon2::Algorithm::Argon2id,
        argon2::Version::V0x13,
        params,
    ))
}

/// A caller whose token was checked.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) user_id: UserId,
    pub(crate) device_id: DeviceId,
    pub(crate) session_id: String,
    pub(crate) expires_at: Timestamp,
}

impl Backend {
    /// Adds a user who can sign in with a password.
    pub fn add_user(
        &mut self,
        user_id: &UserId,
        name: &str,
        password: &Secret,
        now: Timestamp,
    ) -> std::result::Result<(), BackendError> {
        let (added, _) = self.scoped(now, |scope| scope.new_user(user_id, name, password));
        added.map_err(|error| BackendError::Refused(error.into_problem()))
    }

    /// Ends every session of a user, as an administrator would.
    pub fn revoke_sessions(&mut self, user_id: &UserId, now: Timestamp) -> Vec<crate::Outgoing> {
        let (_, pending) = self.scoped(now, |scope| {
            for session in sessions::of_user(scope.tx.db(), user_id)? {
                scope.end_session(&session)?;
            }
            Ok(())
        });
        self.close_sessions(&pending.ended_sessions)
    }
}

/// The shortest password of a user who registers, in bytes (PROTOCOL.md §7.1).
const PASSWORD_BYTES: usize = 8;

impl Scope<'_, '_> {
    fn new_user(&mut self, user_id: &UserId, name: &str, password: &Secret) -> Result<()> {
        let salt: [u8; 16] = self.tx.entropy().bytes();
        let hash = argon2()?
            .hash_password_with_salt(password.expose().as_bytes(), &salt)
            .map_err(|error| Error::Internal(error.to_string()))?
            .to_string();
        let log_id = self.tx.entropy().id("log-");
        match users::write::insert(self.tx.db(), user_id, name, &hash, &log_id)? {
            true => Ok(()),
            false => Err(Error::refused(
                Code::UserExists,
                "There is such a user already",
            )),
        }
    }

    pub(crate) fn register(&mut self, request: &RegisterRequest) -> Result<Session> {
        let name = &request.name;
        let fits = !name.trim().is_empty()
            && name.len() <= NAME_BYTES
            && request.password.expose().len() >= PASSWORD_BYTES;
        if !fits {
            return Err(Error::refused(
                Code::ParamsInvalid,
                "The name is blank or too long, or the password too short",
            ));
        }
        self.new_user(&request.user_id, name, &request.password)?;
        self.note(&request.user_id, "account.registered")?;
        self.login(&LoginRequest {
            user_id: request.user_id.clone(),
            password: request.password.clone(),
            device_id: request.device_id.clone(),
        })
    }

    pub(crate) fn sessions(&self, caller: &Caller) -> Result<SessionList> {
        let sessions = sessions::list(self.tx.db(), &caller.user_id)?
            .into_iter()
            .map(|(session_id, device_id, created_at)| SessionInfo {
                current: session_id.as_str() == caller.session_id,
                session_id,
                device_id,
                created_at,
            })
            .collect();
        Ok(SessionList { sessions })
    }

    /// Ends a session of the caller's, and no other.
    pub(crate) fn end_own_session(&mut self, caller: &Caller, session_id: &str) -> Result<()> {
        match sessions::find(self.tx.db(), session_id)? {
            Some(session) if session.user_id == caller.user_id => self.end_session(session_id),
            _ => Err(Error::refused(
                Code::SessionNotFound,
                "There is no such session",
            )),
        }
    }

    pub(crate) fn login(&mut self, request: &LoginRequest) -> Result<Session> {
        self.check_password(&request.user_id, &request.password)?;
        // A device that signs in again has lost its older sessions; but not the newest, which it
        // may be using when this request is only a late repetition.
        for old in sessions::older_of_device(self.tx.db(), &request.user_id, &request.device_id)? {
            self.end_session(&old)?;
        }
        self.start_session(&request.user_id, &request.device_id)
    }

    pub(crate) fn start_session(
        &mut self,
        user_id: &UserId,
        device_id: &DeviceId,
    ) -> Result<Session> {
        let session_id = self.tx.entropy().id("s-");
        let refresh = self.refresh_token(&session_id);
        sessions::write::insert(
            self.tx.db(),
            &session_id,
            user_id,
            device_id,
            &fingerprint(refresh.expose()),
            self.tx.now(),
        )?;
        self.note(user_id, "session.started")?;
        self.session(user_id, device_id, &session_id, refresh)
    }

    /// Unknown users and wrong passwords look alike.
    pub(crate) fn check_password(&self, user_id: &UserId, password: &Secret) -> Result<()> {
        let refused = || {
            Error::refused(
                Code::CredentialsInvalid,
                "User and password do not go together",
            )
        };
        let user = users::find(self.tx.db(), user_id)?.ok_or_else(refused)?;
        let hash = PasswordHash::new(&user.password)
            .map_err(|error| Error::Internal(error.to_string()))?;
        argon2()?
            .verify_password(password.expose().as_bytes(), &hash)
            .map_err(|_| refused())
    }

    /// Gives a new pair of tokens for the newest refresh token. The one before it gives the same
    /// successor again as long as that has not been used, because the answer may have been lost, or
    /// the request repeated; any other ends the session, because then it was stolen.
    pub(crate) fn refresh(&mut self, token: &Secret) -> Result<Session> {
        let revoked = || Error::refused(Code::SessionRevoked, "The session has ended");
        let session_id = session_of(token.expose()).ok_or_else(revoked)?;
        let session = sessions::find(self.tx.db(), session_id)?.ok_or_else(revoked)?;
        let shown = fingerprint(token.expose());
        let known = shown == session.current_refresh
            || Some(shown.as_slice()) == session.previous_refresh.as_deref();
        if !known {
            self.end_session(session_id)?;
            return Err(Error::refused(
                Code::SessionRevoked,
                "A refresh token was used twice, so the session has ended",
            ));
        }
        let next = self.keys.successor(session_id, token)?;
        if shown == session.current_refresh {
            sessions::write::set_refresh(
                self.tx.db(),
                session_id,
                &fingerprint(next.expose()),
                &shown,
            )?;
        }
        self.session(&session.user_id, &session.device_id, session_id, next)
    }

    pub(crate) fn logout(&mut self, token: &Secret) -> Result<()> {
        let Some(session_id) = session_of(token.expose()) else {
            return Ok(());
        };
        let shown = fingerprint(token.expose());
        match sessions::find(self.tx.db(), session_id)? {
            Some(session)
                if session.current_refresh == shown
                    || session.previous_refresh.as_deref() == Some(&shown) =>
            {
                self.end_session(session_id)
            }
            // Gone already, or not theirs to end.
            _ => Ok(()),
        }
    }

    pub(crate) fn end_session(&mut self, session_id: &str) -> Result<()> {
        if let Some(session) = sessions::find(self.tx.db(), session_id)? {
            self.note(&session.user_id, "session.ended")?;
        }
        sessions::write::delete(self.tx.db(), session_id)?;
        self.tx.pending.ended_sessions.push(session_id.to_owned());
        Ok(())
    }

    /// Checks an access token: signature, expiry, and that its session still runs.
    pub(crate) fn authenticate(&self, token: Option<&str>) -> Result<Caller> {
        let token =
            token.ok_or_else(|| Error::refused(Code::TokenInvalid, "An access token is needed"))?;
        let claims: Claims = self.keys.check(token, self.tx.now())?;
        let expires_at = claims.expires_at();
        match sessions::find(self.tx.db(), &claims.session_id)? {
            Some(session) if session.user_id == claims.user_id => Ok(Caller {
                user_id: claims.user_id,
                device_id: claims.device_id,
                session_id: claims.session_id,
                expires_at,
            }),
            _ => Err(Error::refused(
                Code::TokenInvalid,
                "The session of this access token has ended",
            )),
        }
    }

    fn session(
        &self,
        user_id: &UserId,
        device_id: &DeviceId,
        session_id: &str,
        refresh_token: Secret,
    ) -> Result<Session> {
        let lifetime = self.config.access_token_lifetime;
        let (access_token, claims) =
            self.keys
                .issue(user_id, device_id, session_id, self.tx.now(), lifetime)?;
        let name = users::find(self.tx.db(), user_id)?
            .map(|user| user.name)
            .unwrap_or_default();
        let left = claims.expires_at().since(self.tx.now());
        Ok(Session {
            user_id: user_id.clone(),
            device_id: device_id.clone(),
            name,
            access_token,
            expires_in_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
            refresh_token,
        })
    }

    fn refresh_token(&mut self, session_id: &str) -> Secret {
        let random: [u8; 32] = self.tx.entropy().bytes();
        Secret::new(format!("{session_id}.{}", crate::entropy::hex(&random)))
    }
}

/// The session that a refresh token names in its first half.
fn session_of(token: &str) -> Option<&str> {
    token.split_once('.').map(|(session, _)| session)
}

/// What is stored of a refresh token: it has 256 random bits, so one plain hash is enough.
fn fingerprint(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

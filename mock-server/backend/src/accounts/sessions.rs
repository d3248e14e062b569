//! Sessions: access tokens, and refresh tokens that are each used once (PROTOCOL.md §7.1, §7.2).

use fulmar_protocol::{
    Code, DeviceId, Problem, Secret, Session, SessionInfo, SessionList, SignInRequest, SubmitOrder,
    UserId,
};
use sha2::{Digest as _, Sha256};

use super::tokens::Claims;
use super::{AccountNews, Accounts, WithNews, password};
use crate::actor::Caller;
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::store::sessions::{self, write};
use crate::store::users;
use crate::tx::Tx;

/// The most sessions of a user: the oldest end when there are more (PROTOCOL.md §9).
const MOST_SESSIONS: u32 = 100;

/// What became of a refresh token.
#[derive(Debug)]
pub(crate) enum Refreshed {
    Fresh(Session),
    /// It was used before, so it was stolen, or its successor was: the session has ended.
    Reused(AccountNews),
}

impl Accounts {
    pub(crate) fn sign_in(
        &self,
        tx: &mut Tx<'_>,
        request: &SignInRequest,
    ) -> Result<WithNews<Session>> {
        self.check_password(tx, &request.user_id, &request.password)?;
        // A device that signs in again has lost its older sessions; but not the newest, which it
        // may be using when this request is only a late repetition.
        let mut news = Vec::new();
        for old in sessions::older_of_device(tx.db(), &request.user_id, &request.device_id)? {
            news.extend(self.end_session(tx, &old)?);
        }
        let (session, started) = self.start_session(tx, &request.user_id, &request.device_id)?;
        news.extend(started);
        for old in sessions::beyond(tx.db(), &request.user_id, MOST_SESSIONS)? {
            news.extend(self.end_session(tx, &old)?);
        }
        Ok((session, news))
    }

    pub(crate) fn start_session(
        &self,
        tx: &mut Tx<'_>,
        user_id: &UserId,
        device_id: &DeviceId,
    ) -> Result<WithNews<Session>> {
        let session_id = tx.entropy().id("s-");
        let random: [u8; 32] = tx.entropy().bytes();
        let refresh = self.keys.first(&session_id, random)?;
        write::insert(
            tx.db(),
            &session_id,
            user_id,
            device_id,
            &fingerprint(refresh.expose()),
            tx.now(),
        )?;
        let session = self.session(tx, user_id, device_id, &session_id, refresh)?;
        Ok((session, vec![AccountNews::SessionStarted(user_id.clone())]))
    }

    /// Unknown users and wrong passwords look alike, and take as long.
    pub(crate) fn check_password(
        &self,
        tx: &Tx<'_>,
        user_id: &UserId,
        password: &Secret,
    ) -> Result<()> {
        let refused = || {
            Error::refused(
                Code::CredentialsInvalid,
                "User and password do not go together",
            )
        };
        let unknown = || {
            if active(Defect::SaysWhetherUserExists) {
                Error::no_such_user()
            } else {
                refused()
            }
        };
        let now = tx.now();
        self.guesses.borrow().check(user_id, now)?;
        let user = users::find(tx.db(), user_id)?;
        let fits = match &user {
            Some(user) => password::fits(password, &user.password)?,
            // It takes as long as for a user who is there.
            None => {
                password::hash(password, [0; 16])?;
                false
            }
        };
        let mut guesses = self.guesses.borrow_mut();
        if fits {
            guesses.was_right(user_id);
            return Ok(());
        }
        guesses.was_wrong(user_id, now);
        Err(user.map_or_else(unknown, |_| refused()))
    }

    /// Gives a new pair of tokens for the newest refresh token. The one before it gives the same
    /// successor again as long as that has not been used, because the answer may have been lost, or
    /// the request repeated; any other ends the session.
    pub(crate) fn refresh(&self, tx: &mut Tx<'_>, token: &Secret) -> Result<Refreshed> {
        let revoked = || Error::refused(Code::SessionRevoked, "The session has ended");
        let session_id = session_of(token.expose()).ok_or_else(revoked)?;
        let session = sessions::find(tx.db(), session_id)?.ok_or_else(revoked)?;
        let shown = fingerprint(token.expose());
        if !session.has_refresh_token(&shown) {
            // Anybody who knows its id can make one up: that ends nothing.
            let given = self.keys.has_given(token)? || active(Defect::MadeUpTokensEndSessions);
            if !given || active(Defect::ForgivesThieves) {
                return Err(revoked());
            }
            if active(Defect::ForgivesOlder) {
                let next = fingerprint(self.keys.successor(session_id, token)?.expose());
                if session.previous_refresh != Some(next) {
                    return Err(revoked());
                }
            }
            write::delete(tx.db(), session_id)?;
            return Ok(Refreshed::Reused(AccountNews::SessionEnded {
                user_id: session.user_id,
                session_id: session_id.to_owned(),
            }));
        }
        let next = if active(Defect::ManySuccessors) {
            self.keys.first(session_id, tx.entropy().bytes())?
        } else {
            self.keys.successor(session_id, token)?
        };
        if shown == session.current_refresh {
            let again = session.previous_refresh.is_some() && active(Defect::RepeatsFirstOnly);
            let previous: &[u8] = if again { &[] } else { &shown };
            write::set_refresh(tx.db(), session_id, &fingerprint(next.expose()), previous)?;
        } else if active(Defect::OneRepetition) {
            write::set_refresh(tx.db(), session_id, &session.current_refresh, &[])?;
        }
        self.session(tx, &session.user_id, &session.device_id, session_id, next)
            .map(Refreshed::Fresh)
    }

    /// Ends the session of a refresh token. A session that is gone already, or has another token, stays
    /// as it is, and nobody is told.
    pub(crate) fn sign_out(&self, tx: &mut Tx<'_>, token: &Secret) -> Result<Vec<AccountNews>> {
        let Some(session_id) = session_of(token.expose()) else {
            return Ok(Vec::new());
        };
        if active(Defect::SignsOutNothing) {
            return Ok(Vec::new());
        }
        let shown = fingerprint(token.expose());
        match sessions::find(tx.db(), session_id)? {
            Some(session) if session.has_refresh_token(&shown) => self.end_session(tx, session_id),
            Some(_) | None => Ok(Vec::new()),
        }
    }

    pub(crate) fn sessions(&self, tx: &Tx<'_>, caller: &Caller) -> Result<SessionList> {
        let mut all = sessions::list(tx.db(), &caller.user_id)?;
        if active(Defect::OldestSessionFirst) {
            all.reverse();
        }
        let sessions = all
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

    /// Ends a session of the caller, and no other.
    pub(crate) fn end_own_session(
        &self,
        tx: &mut Tx<'_>,
        caller: &Caller,
        session_id: &str,
    ) -> Result<Vec<AccountNews>> {
        match sessions::find(tx.db(), session_id)? {
            Some(_) if active(Defect::EndsSessionsOfOthers) => self.end_session(tx, session_id),
            Some(session) if session.user_id == caller.user_id => self.end_session(tx, session_id),
            Some(_) | None => Err(Error::refused(
                Code::SessionNotFound,
                "There is no such session",
            )),
        }
    }

    pub(crate) fn end_sessions_of(
        &self,
        tx: &mut Tx<'_>,
        user: &UserId,
    ) -> Result<Vec<AccountNews>> {
        let mut news = Vec::new();
        for session in sessions::of_user(tx.db(), user)? {
            news.extend(self.end_session(tx, &session)?);
        }
        Ok(news)
    }

    fn end_session(&self, tx: &mut Tx<'_>, session_id: &str) -> Result<Vec<AccountNews>> {
        let Some(session) = sessions::find(tx.db(), session_id)? else {
            return Ok(Vec::new());
        };
        write::delete(tx.db(), session_id)?;
        Ok(vec![AccountNews::SessionEnded {
            user_id: session.user_id,
            session_id: session_id.to_owned(),
        }])
    }

    /// Takes note of a submit of a session. One that was taken before, or that a later one has overtaken, is refused
    /// (PROTOCOL.md §5.2).
    pub(crate) fn take_submit(
        &self,
        tx: &Tx<'_>,
        caller: &Caller,
        order: SubmitOrder,
    ) -> Result<()> {
        if active(Defect::OrdersUsers) {
            for session in sessions::of_user(tx.db(), &caller.user_id)? {
                let newest = sessions::newest_submit(tx.db(), &session)?;
                if newest >= order {
                    return Err(overtaken(newest));
                }
            }
        }
        if write::take_submit(tx.db(), &caller.session_id, order)? {
            return Ok(());
        }
        let newest = sessions::newest_submit(tx.db(), &caller.session_id)?;
        let is_copy = newest == order;
        if active(Defect::TakesFormerSubmits) && !is_copy || active(Defect::TakesCopies) && is_copy
        {
            return Ok(());
        }
        Err(overtaken(newest))
    }

    /// Checks an access token: signature, expiry, and that its session still runs.
    pub(crate) fn authenticate(&self, tx: &Tx<'_>, token: Option<&str>) -> Result<Caller> {
        let token =
            token.ok_or_else(|| Error::refused(Code::TokenInvalid, "An access token is needed"))?;
        let claims: Claims = self.keys.check(token, tx.now())?;
        let expires_at = claims.expires_at();
        match sessions::find(tx.db(), &claims.session_id)? {
            Some(session) if session.user_id == claims.user_id => Ok(Caller {
                user_id: claims.user_id,
                device_id: claims.device_id,
                session_id: claims.session_id,
                expires_at,
            }),
            None if active(Defect::KeepsSessionsOfDeleted) => Ok(Caller {
                user_id: claims.user_id,
                device_id: claims.device_id,
                session_id: claims.session_id,
                expires_at,
            }),
            Some(_) | None => Err(Error::refused(
                Code::TokenInvalid,
                "The session of this access token has ended",
            )),
        }
    }

    fn session(
        &self,
        tx: &Tx<'_>,
        user_id: &UserId,
        device_id: &DeviceId,
        session_id: &str,
        refresh_token: Secret,
    ) -> Result<Session> {
        let lifetime = self.access_token_lifetime;
        let (access_token, claims) =
            self.keys
                .issue(user_id, device_id, session_id, tx.now(), lifetime)?;
        let name = users::find(tx.db(), user_id)?
            .map(|user| user.name)
            .unwrap_or_default();
        let left = claims.expires_at().since(tx.now());
        Ok(Session {
            user_id: user_id.clone(),
            device_id: device_id.clone(),
            name,
            access_token,
            expires_in_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
            refresh_token,
        })
    }
}

/// What a submit is told that came after a later one, or twice.
fn overtaken(newest: SubmitOrder) -> Error {
    let problem = Problem::new(
        Code::SubmitOvertaken,
        "This submit of the session was taken before, or a later one",
    );
    Error::Refused(if active(Defect::SaysNoOrder) {
        problem
    } else {
        problem.with_order(newest)
    })
}

/// The session that a refresh token names in its first half.
fn session_of(token: &str) -> Option<&str> {
    token.split_once('.').map(|(session, _)| session)
}

/// What is stored of a refresh token: it has 256 random bits, so one plain hash is enough.
fn fingerprint(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

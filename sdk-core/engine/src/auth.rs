//! Tokens: sign-in, single-flight refresh, and the end of a session.
//!
//! A token that is refused pauses the lanes; it never fails an operation (PROTOCOL.md §7.2).

use std::time::Duration;

use fulmar_protocol::{
    ApiRequest, Authenticate, ClientFrame, Code, FailureClass, LoginRequest, LogoutRequest,
    RefreshRequest, RegisterRequest, Secret, Session, UserId,
};

use crate::brain::Purpose;
use crate::command_error::CommandError;
use crate::connection::LinkState;
use crate::deadline::Why;
use crate::effect::{CommandId, Effect, Reply, SessionEnd};
use crate::input::{NetworkState, RequestFailure, Unsent};
use crate::store::account::{Renewal, Tokens};
use crate::store::{Result, account, conversations, operations};
use crate::time::{Mono, Now, millis};
use crate::turn::Turn;

/// No deadline is further away than this, whatever a server or a wall clock says.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// A session that just began or was renewed.
#[derive(Debug, Clone)]
pub(crate) struct NewSession {
    pub(crate) user_id: UserId,
    /// `None` when it was not said.
    pub(crate) name: Option<String>,
    pub(crate) access: Secret,
    pub(crate) renewal: Renewal,
    pub(crate) lifetime: Duration,
}

impl From<Session> for NewSession {
    fn from(session: Session) -> Self {
        Self {
            user_id: session.user_id,
            name: Some(session.name),
            access: session.access_token,
            renewal: Renewal::RefreshToken(session.refresh_token),
            lifetime: Duration::from_millis(session.expires_in_ms),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Auth {
    /// A refresh is under way; there is never a second one.
    pub(crate) refreshing: bool,
    /// The server said that the access token is no good.
    rejected: bool,
    /// Refreshes that failed in a row.
    pub(crate) failures: u32,
    /// What the last one said.
    pub(crate) last_failure: Option<String>,
    /// When the access token runs out, on the clock that does not jump.
    runs_out: Mono,
}

impl Auth {
    /// What is known about the stored tokens after a start: the wall clock may have jumped since
    /// they came, but nothing is left for longer than they ever had.
    pub(crate) fn of(tokens: Option<&Tokens>, now: Now) -> Self {
        let left = tokens.map_or(Duration::ZERO, |tokens| {
            let lifetime = Duration::from_millis(tokens.lifetime_ms);
            tokens.expires_at.since(now.wall).min(lifetime)
        });
        Self {
            runs_out: now.mono.plus(left.min(LONGEST_WAIT)),
            ..Self::default()
        }
    }
}

impl Turn<'_> {
    pub(crate) fn signed_in(&self) -> bool {
        self.brain.account.tokens.is_some()
    }

    /// The access token, if it can be expected to be accepted.
    pub(crate) fn usable_token(&self) -> Option<Secret> {
        let tokens = self.brain.account.tokens.as_ref()?;
        let usable = !self.brain.auth.rejected && self.now.mono < self.brain.auth.runs_out;
        usable.then(|| tokens.access.clone())
    }

    pub(crate) fn sign_in(
        &mut self,
        command: CommandId,
        user_id: UserId,
        password: Secret,
    ) -> Result<std::result::Result<(), CommandError>> {
        let device_id = self.brain.account.device_id.clone();
        let login = ApiRequest::Login(LoginRequest {
            user_id: user_id.clone(),
            password,
            device_id,
        });
        self.enter(command, &user_id, login)
    }

    /// A new user, who is signed in at once.
    pub(crate) fn register(
        &mut self,
        command: CommandId,
        user_id: UserId,
        name: String,
        password: Secret,
    ) -> Result<std::result::Result<(), CommandError>> {
        let device_id = self.brain.account.device_id.clone();
        let register = ApiRequest::Register(RegisterRequest {
            user_id: user_id.clone(),
            name,
            password,
            device_id,
        });
        self.enter(command, &user_id, register)
    }

    fn enter(
        &mut self,
        command: CommandId,
        user_id: &UserId,
        call: ApiRequest,
    ) -> Result<std::result::Result<(), CommandError>> {
        if let Err(error) = self.may_sign_in(user_id)? {
            return Ok(Err(error));
        }
        self.request(call, Purpose::SignIn { command }, None);
        Ok(Ok(()))
    }

    /// A store is one person's until they sign out.
    pub(crate) fn may_sign_in(
        &self,
        user_id: &UserId,
    ) -> Result<std::result::Result<(), CommandError>> {
        let account = &self.brain.account;
        let Some(owner) = &account.user_id else {
            return Ok(Ok(()));
        };
        if account.tokens.is_some() {
            return Ok(Err(CommandError::AlreadySignedIn {
                user_id: owner.clone(),
            }));
        }
        if owner != user_id && operations::count_unsent(&self.db)? > 0 {
            return Ok(Err(CommandError::OtherUser {
                owner: owner.clone(),
            }));
        }
        Ok(Ok(()))
    }

    pub(crate) fn sign_in_answered(
        &mut self,
        command: CommandId,
        answer: std::result::Result<NewSession, RequestFailure>,
    ) -> Result<()> {
        let owner = self.brain.account.user_id.clone();
        let reply = match (answer, owner) {
            (Ok(session), Some(owner)) if owner != session.user_id => {
                // Something may have been written while the answer was on its way.
                match operations::count_unsent(&self.db)? {
                    0 => {
                        self.wipe()?;
                        self.take_session(&session)?;
                        Ok(Reply::Done)
                    }
                    _ => Err(CommandError::OtherUser { owner }),
                }
            }
            (Ok(session), _) => {
                self.take_session(&session)?;
                Ok(Reply::Done)
            }
            (Err(failure), _) => Err(command_error(failure)),
        };
        self.reply(command, reply);
        Ok(())
    }

    /// Forgets everything about the owner, and tells every screen.
    fn wipe(&mut self) -> Result<()> {
        for key in conversations::all(&self.db)? {
            self.vanish(key);
        }
        self.hold(Effect::DropFiles);
        account::wipe(&self.db)
    }

    /// Stores a session, and wakes everything that waited for one.
    pub(crate) fn take_session(&mut self, session: &NewSession) -> Result<()> {
        let tokens = Tokens {
            access: session.access.clone(),
            renewal: session.renewal.clone(),
            expires_at: self.now.wall.plus(session.lifetime.min(LONGEST_WAIT)),
            lifetime_ms: millis(session.lifetime),
        };
        let vault = self.brain.vault.clone();
        account::sign_in(&self.db, &session.user_id, &tokens, vault.as_deref())?;
        if let Some(name) = &session.name {
            account::set_name(&self.db, name)?;
        }
        self.reload_account()?;
        self.brain.auth = Auth::of(self.brain.account.tokens.as_ref(), self.now);
        self.brain.deadlines.clear(Why::RefreshToken);
        if let LinkState::Open { socket, .. } = self.brain.link.state {
            self.brain.link.token = Some(session.access.clone());
            self.hold(Effect::SendFrame {
                socket,
                frame: ClientFrame::Authenticate(Authenticate {
                    access_token: session.access.clone(),
                }),
            });
        }
        self.wake_after_token();
        Ok(())
    }

    /// The server refused an access token. Only news about the current one matters: an answer that
    /// was long under way speaks of one that has been replaced.
    pub(crate) fn token_rejected(&mut self, token: Option<&Secret>) {
        let current = self.brain.account.tokens.as_ref();
        let is_current = current.map(|tokens| &tokens.access) == token;
        if is_current && !self.brain.auth.refreshing {
            self.brain.auth.rejected = true;
            if self.brain.auth.failures == 0 {
                self.brain.deadlines.clear(Why::RefreshToken);
            }
        }
    }

    /// Sees to it that there will be a usable token: now, or shortly before this one runs out.
    pub(crate) fn settle_token(&mut self) {
        let Some(tokens) = &self.brain.account.tokens else {
            self.brain.deadlines.clear(Why::RefreshToken);
            return;
        };
        if self.brain.auth.refreshing || self.brain.network == NetworkState::Unavailable {
            return;
        }
        if self.brain.deadlines.get(Why::RefreshToken).is_some() {
            return;
        }
        let ahead = self
            .config
            .refresh_ahead
            .min(Duration::from_millis(tokens.lifetime_ms / 5));
        let left = self
            .brain
            .auth
            .runs_out
            .until(self.now.mono)
            .saturating_sub(ahead);
        if self.brain.auth.rejected || left.is_zero() {
            self.refresh();
        } else {
            let at = self.now.mono.plus(left);
            self.brain.deadlines.set(Why::RefreshToken, at);
        }
    }

    pub(crate) fn refresh(&mut self) {
        let Some(tokens) = &self.brain.account.tokens else {
            return;
        };
        if self.brain.auth.refreshing {
            return;
        }
        let renewal = tokens.renewal.clone();
        self.brain.auth.refreshing = true;
        match renewal {
            Renewal::RefreshToken(refresh_token) => {
                let body = RefreshRequest { refresh_token };
                self.request(ApiRequest::Refresh(body), Purpose::Refresh, None);
            }
            Renewal::Provider => self.ask_provider_again(),
        }
    }

    pub(crate) fn refresh_answered(
        &mut self,
        answer: std::result::Result<NewSession, RequestFailure>,
    ) -> Result<()> {
        self.brain.auth.refreshing = false;
        let owner = self.brain.account.user_id.as_ref();
        let answer = match answer {
            // A session of somebody else is no answer.
            Ok(session) if owner != Some(&session.user_id) => Err(RequestFailure::Unreachable(
                "the answer is for another user".to_owned(),
            )),
            answer => answer,
        };
        match answer {
            Ok(session) => self.take_session(&session),
            Err(failure) => match permanent_code(&failure) {
                Some(code) => self.end_session(&SessionEnd::ByServer { code }),
                None => {
                    self.refresh_failed(failure.to_string());
                    Ok(())
                }
            },
        }
    }

    /// There is no new token yet: it is tried again later.
    pub(crate) fn refresh_failed(&mut self, reason: String) {
        tracing::info!(reason, "token refresh failed, trying again later");
        let auth = &mut self.brain.auth;
        auth.refreshing = false;
        auth.failures += 1;
        auth.last_failure = Some(reason);
        let wait = self.config.backoff.wait(auth.failures, &mut self.rng);
        let at = self.now.mono.plus(wait);
        self.brain.deadlines.set(Why::RefreshToken, at);
    }

    /// The session came to its end. Nothing but the tokens goes.
    pub(crate) fn end_session(&mut self, end: &SessionEnd) -> Result<()> {
        tracing::warn!(?end, "the session ended");
        account::end_session(&self.db, end)?;
        self.reload_account()?;
        self.brain.auth = Auth::default();
        self.stop_everything()
    }

    pub(crate) fn sign_out(
        &mut self,
        unsent: Unsent,
    ) -> Result<std::result::Result<Reply, CommandError>> {
        if self.brain.account.user_id.is_none() {
            return Ok(Err(CommandError::SignedOut));
        }
        let count = operations::count_unsent(&self.db)?;
        if count > 0 && unsent == Unsent::Refuse {
            return Ok(Err(CommandError::UnsentOperations { count }));
        }
        self.stop_everything()?;
        // A session of a token provider is the provider's to end.
        if let Some(Renewal::RefreshToken(refresh_token)) = self.brain.account.renewal() {
            let body = LogoutRequest {
                refresh_token: refresh_token.clone(),
            };
            self.request(ApiRequest::Logout(body), Purpose::SignOut, None);
        }
        self.forget_everything()?;
        Ok(Ok(Reply::Done))
    }

    /// Wipes the store, once everything has been stopped.
    pub(crate) fn forget_everything(&mut self) -> Result<()> {
        self.wipe()?;
        self.reload_account()?;
        self.brain.auth = Auth::default();
        Ok(())
    }
}

/// The code of a failure that trying again cannot help.
pub(crate) fn permanent_code(failure: &RequestFailure) -> Option<Code> {
    match failure {
        RequestFailure::Answered(fulmar_protocol::AnswerError::Problem(problem))
            if problem.code.class() == FailureClass::Permanent =>
        {
            Some(problem.code.clone())
        }
        _ => None,
    }
}

/// What a failed request means to the app that asked for it.
pub(crate) fn command_error(failure: RequestFailure) -> CommandError {
    match failure {
        RequestFailure::Answered(fulmar_protocol::AnswerError::Problem(problem)) => {
            CommandError::Refused { problem }
        }
        other => CommandError::Unreachable {
            reason: other.to_string(),
        },
    }
}

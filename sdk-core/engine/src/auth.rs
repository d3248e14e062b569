//! Tokens: sign-in, single-flight refresh, and the end of a session.
//!
//! A token that is refused pauses the lanes; it never fails an operation (PROTOCOL.md §7.2).

use std::time::Duration;

use fulmar_protocol::{
    ApiRequest, Authenticate, ClientFrame, Code, FailureClass, LoginRequest, LogoutRequest,
    RefreshRequest, Secret, Session, UserId,
};

use crate::brain::Purpose;
use crate::connection::LinkState;
use crate::deadline::Why;
use crate::effect::{CommandError, CommandId, Effect, Reply};
use crate::input::{NetworkState, RequestFailure, Unsent};
use crate::store::account::Tokens;
use crate::store::{Result, account, conversations, operations};
use crate::time::{Mono, Now};
use crate::turn::Turn;

/// No deadline is further away than this, whatever a server or a wall clock says.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Default)]
pub(crate) struct Auth {
    /// A refresh is under way; there is never a second one.
    refreshing: bool,
    /// The server said that the access token is no good.
    rejected: bool,
    /// Refreshes that failed in a row.
    failures: u32,
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
        let account = &self.brain.account;
        if let Some(owner) = &account.user_id {
            if account.tokens.is_some() {
                return Ok(Err(CommandError::AlreadySignedIn {
                    user_id: owner.clone(),
                }));
            }
            if *owner != user_id && operations::count(&self.db)? > 0 {
                return Ok(Err(CommandError::OtherUser {
                    owner: owner.clone(),
                }));
            }
        }
        let device_id = account.device_id.clone();
        self.request(
            ApiRequest::Login(LoginRequest {
                user_id,
                password,
                device_id,
            }),
            Purpose::SignIn { command },
            None,
        );
        Ok(Ok(()))
    }

    pub(crate) fn sign_in_answered(
        &mut self,
        command: CommandId,
        answer: std::result::Result<Session, RequestFailure>,
    ) -> Result<()> {
        let owner = self.brain.account.user_id.clone();
        let reply = match (answer, owner) {
            (Ok(session), Some(owner)) if owner != session.user_id => {
                // Something may have been written while the answer was on its way.
                match operations::count(&self.db)? {
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
        account::wipe(&self.db)
    }

    /// Stores a session, and wakes everything that waited for one.
    fn take_session(&mut self, session: &Session) -> Result<()> {
        let expires_at = self
            .now
            .wall
            .plus(Duration::from_millis(session.expires_in_ms).min(LONGEST_WAIT));
        account::sign_in(&self.db, session, expires_at)?;
        self.reload_account()?;
        self.brain.auth = Auth::of(self.brain.account.tokens.as_ref(), self.now);
        self.brain.deadlines.clear(Why::RefreshToken);
        if let LinkState::Open { socket, .. } = self.brain.link.state {
            self.brain.link.token = Some(session.access_token.clone());
            self.hold(Effect::SendFrame {
                socket,
                frame: ClientFrame::Authenticate(Authenticate {
                    access_token: session.access_token.clone(),
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
        let body = RefreshRequest {
            refresh_token: tokens.refresh.clone(),
        };
        self.brain.auth.refreshing = true;
        self.request(ApiRequest::Refresh(body), Purpose::Refresh, None);
    }

    pub(crate) fn refresh_answered(
        &mut self,
        answer: std::result::Result<Session, RequestFailure>,
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
                Some(code) => self.end_session(&code),
                None => {
                    tracing::info!(%failure, "token refresh failed, trying again later");
                    self.brain.auth.failures += 1;
                    let wait = self
                        .config
                        .backoff
                        .wait(self.brain.auth.failures, &mut self.rng);
                    let at = self.now.mono.plus(wait);
                    self.brain.deadlines.set(Why::RefreshToken, at);
                    Ok(())
                }
            },
        }
    }

    /// The server ended the session. Nothing but the tokens goes.
    fn end_session(&mut self, code: &Code) -> Result<()> {
        tracing::warn!(%code, "the server ended the session");
        account::end_session(&self.db, code)?;
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
        let count = operations::count(&self.db)?;
        if count > 0 && unsent == Unsent::Refuse {
            return Ok(Err(CommandError::UnsentOperations { count }));
        }
        self.stop_everything()?;
        if let Some(tokens) = &self.brain.account.tokens {
            let body = LogoutRequest {
                refresh_token: tokens.refresh.clone(),
            };
            self.request(ApiRequest::Logout(body), Purpose::SignOut, None);
        }
        self.wipe()?;
        self.reload_account()?;
        self.brain.auth = Auth::default();
        Ok(Ok(Reply::Done))
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
            CommandError::Refused(problem)
        }
        other => CommandError::Unreachable {
            reason: other.to_string(),
        },
    }
}

//! The session of this store: who is signed in, with which tokens, and how it ends (PROTOCOL.md §7.1, §7.2).
//!
//! One sign-in and one refresh at a time. A token that is refused makes everything else wait; it never
//! fails an operation. How often a refresh is tried is bounded, whatever the server says: a refresh that
//! was followed by no progress counts as one that failed. Only the server's word that the session is over,
//! the token provider's, or the user's own ends it, and nothing but the tokens goes then.

mod ask;
mod provider;
mod refresh;
mod sign_in;
mod sign_out;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fulmar_protocol::{Answer, DeviceId, Secret, Session as NewTokens, UserId};

use self::ask::Ask;
use crate::config::Config;
use crate::defects::{self, Defect};
use crate::io::{
    CommandError, CommandId, ConnectionState, RequestFailure, RequestId, SessionState,
    TokenFailure, WaitReason,
};
use crate::store::account::{self, Account, Renewal, Tokens};
use crate::store::state::SessionEnd;
use crate::store::{Result, Vault};
use crate::time::{Mono, Now, millis};
use crate::timer::{Timed, Timer, Timers};
use crate::tx::Tx;
use crate::view;

/// No timer of a token is further away than this, whatever a server or a wall clock says.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// A token that lives shorter than this is no token: it is out of date before it can be used.
const SHORTEST_LIFE: Duration = Duration::from_secs(1);
/// A token that was not refused for half of its life, which is this long at least and at most, was worth its refresh,
/// whatever was done with it.
const PROVEN: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(10));

/// What happened to the session.
#[derive(Debug)]
pub(crate) enum SessionNews {
    /// Somebody signed in, or the session has its next token.
    Renewed(Secret),
    /// It came to its end. What is unsent stays.
    Ended,
    /// A session of another user begins: the store of the one before is to be emptied first.
    Replaced(CommandId, Box<NewSession>),
}

/// A session that just began or was renewed.
#[derive(Debug, Clone)]
pub(crate) struct NewSession {
    user_id: UserId,
    /// `None` when it was not said.
    name: Option<String>,
    access: Secret,
    renewal: Renewal,
    lifetime: Duration,
}

impl From<NewTokens> for NewSession {
    fn from(session: NewTokens) -> Self {
        Self {
            user_id: session.user_id,
            name: Some(session.name),
            access: session.access_token,
            renewal: Renewal::RefreshToken(session.refresh_token),
            lifetime: Duration::from_millis(session.expires_in_ms),
        }
    }
}

/// The session of a store.
#[derive(Debug)]
pub(crate) struct Session {
    account: Account,
    /// What seals the tokens in the store.
    vault: Option<Arc<dyn Vault>>,
    asks: BTreeMap<RequestId, Ask>,
    /// The server said that the access token is no good.
    rejected: bool,
    /// Refreshes in a row that brought nothing on: no token, or one with which nothing was done.
    in_vain: u32,
    /// What the last one that failed said.
    last_failure: Option<String>,
    /// No refresh before this moment.
    not_before: Mono,
    /// When the access token runs out, on the clock that does not jump.
    runs_out: Mono,
    /// When the access token that a refresh brought will be proven, until it is.
    unproven: Option<Mono>,
    /// How often in a row the end of a session could not be told.
    untold: u32,
    /// How often in a row the server did not take what it was told of an end.
    ends_refused: u32,
    timers: Timers,
}

impl Timed for Session {
    fn timers(&self) -> &Timers {
        &self.timers
    }

    fn timers_mut(&mut self) -> &mut Timers {
        &mut self.timers
    }
}

impl Session {
    /// How much of it is in memory, for the simulation.
    #[cfg(feature = "defects")]
    pub(crate) fn kept(&self) -> usize {
        self.asks.len()
    }

    /// What is known after a start: the wall clock may have jumped since the tokens came, but nothing is
    /// left for longer than they ever had.
    pub(crate) fn of(account: Account, vault: Option<Arc<dyn Vault>>, now: Now) -> Self {
        let runs_out = runs_out(account.tokens.as_ref(), now);
        Self {
            account,
            vault,
            asks: BTreeMap::new(),
            rejected: false,
            in_vain: 0,
            last_failure: None,
            not_before: now.mono,
            runs_out,
            unproven: None,
            untold: 0,
            ends_refused: 0,
            timers: Timers::default(),
        }
    }

    /// Whose store this is; also after the server has ended the session.
    pub(crate) fn owner(&self) -> Option<&UserId> {
        self.account.user_id.as_ref()
    }

    pub(crate) fn device_id(&self) -> &DeviceId {
        &self.account.device_id
    }

    pub(crate) fn signed_in(&self) -> bool {
        self.account.tokens.is_some()
    }

    /// The access token, if it can be expected to be accepted.
    pub(crate) fn usable_token(&self, now: Mono) -> Option<Secret> {
        let tokens = self.account.tokens.as_ref()?;
        let usable = !self.rejected && now < self.runs_out;
        usable.then(|| tokens.access.clone())
    }

    /// The server refused an access token. Only news about the current one matters: an answer that was
    /// long under way speaks of one that has been replaced.
    pub(crate) fn token_rejected(&mut self, token: &Secret) {
        let current = self.account.tokens.as_ref().map(|tokens| &tokens.access);
        if current == Some(token) {
            self.rejected = !defects::active(Defect::KeepsToken);
            self.unproven = None;
        }
    }

    /// Whether the token provider was asked by this request.
    pub(crate) fn awaits_provider(&self, request: RequestId) -> bool {
        match self.asks.get(&request) {
            Some(Ask::FirstToken { .. } | Ask::NextToken) => true,
            Some(Ask::SignIn { .. } | Ask::Me { .. } | Ask::Refresh | Ask::SignOut(..)) | None => {
                false
            }
        }
    }

    /// Something was done with the current token: the next refresh is a first one.
    pub(crate) fn made_progress(&mut self) {
        self.in_vain = 0;
    }

    /// Whether the token has just proven itself: it was not refused for [long enough](PROVEN). So tokens that live
    /// short are renewed for as long as they are accepted, and time alone bounds how often.
    pub(crate) fn proven(&mut self, now: Mono) -> bool {
        let proven = self.unproven.is_some_and(|at| at <= now);
        if proven {
            self.unproven = None;
            self.made_progress();
            // It may run out before the wait after a try that came to nothing is over.
            self.not_before = self.not_before.min(now);
        }
        proven
    }

    /// Something changed for the better: what waits need not wait any longer.
    pub(crate) fn retry_now(&mut self, now: Mono) {
        self.not_before = now;
        self.timers.clear(Timer::RefreshToken);
        self.timers.clear(Timer::TellSignOut);
    }

    /// An HTTP request of this machine was answered, or was not.
    pub(crate) fn answered(
        &mut self,
        tx: &mut Tx<'_>,
        request: RequestId,
        result: std::result::Result<Answer, RequestFailure>,
        config: &Config,
    ) -> Result<Vec<SessionNews>> {
        match self.asks.remove(&request) {
            Some(Ask::SignIn { command, user_id }) => {
                self.sign_in_answered(tx, command, &user_id, session_of(result))
            }
            Some(Ask::Me {
                command,
                user_id,
                token,
            }) => self.me_answered(tx, command, user_id, token, result),
            Some(Ask::Refresh) => self.refresh_answered(tx, session_of(result), config),
            Some(Ask::SignOut(key, said)) => {
                self.sign_out_answered(tx, key, said, &result, config)?;
                Ok(Vec::new())
            }
            // The token provider answers these; that the server did not is no answer either.
            Some(ask @ (Ask::FirstToken { .. } | Ask::NextToken)) => {
                self.asks.insert(request, ask);
                Ok(Vec::new())
            }
            None => Ok(Vec::new()),
        }
    }

    /// No answer came in time, from the server or from the token provider.
    pub(crate) fn missed(
        &mut self,
        tx: &mut Tx<'_>,
        request: RequestId,
        config: &Config,
    ) -> Result<Vec<SessionNews>> {
        let reason = "no answer in time".to_owned();
        match self.asks.get(&request) {
            Some(Ask::FirstToken { .. } | Ask::NextToken) => {
                let failure = Err(TokenFailure::Unavailable { reason });
                self.token_provided(tx, request, failure, config)
            }
            Some(Ask::SignIn { .. } | Ask::Me { .. } | Ask::Refresh | Ask::SignOut(..)) => {
                let failure = Err(RequestFailure::Unreachable(reason));
                self.answered(tx, request, failure, config)
            }
            None => Ok(Vec::new()),
        }
    }

    /// Stores the tokens of a session.
    fn keep(&mut self, tx: &Tx<'_>, session: &NewSession) -> Result<()> {
        let tokens = Tokens {
            access: session.access.clone(),
            renewal: session.renewal.clone(),
            expires_at: tx.now.wall.plus(session.lifetime.min(LONGEST_LIFE)),
            lifetime_ms: millis(session.lifetime),
        };
        account::sign_in(&tx.db, &session.user_id, &tokens, self.vault.as_deref())?;
        if let Some(name) = &session.name {
            account::set_name(&tx.db, name)?;
        }
        self.reload(tx)?;
        self.rejected = false;
        self.last_failure = None;
        self.runs_out = runs_out(self.account.tokens.as_ref(), tx.now);
        self.unproven = None;
        self.timers.clear(Timer::RefreshToken);
        Ok(())
    }

    /// Reads the account row again after it was written.
    fn reload(&mut self, tx: &Tx<'_>) -> Result<()> {
        if let Some(account) = account::load(&tx.db, self.vault.as_deref())? {
            self.account = account;
        }
        Ok(())
    }

    /// Everything that was asked is nobody's any more; commands that wait are told so.
    fn drop_asks(&mut self, tx: &mut Tx<'_>) {
        for ask in std::mem::take(&mut self.asks).into_values() {
            if let Some(command) = ask.command() {
                tx.reply(command, Err(CommandError::SignedOut));
            }
        }
        self.rejected = false;
        self.in_vain = 0;
        self.last_failure = None;
        self.timers.clear(Timer::RefreshToken);
    }

    /// Who is signed in, as a person may see it.
    pub(crate) fn show(&self) -> SessionState {
        view::session::shown(&self.account)
    }

    /// The connection, while it waits for a token.
    pub(crate) fn show_wait(&self, now: Now) -> ConnectionState {
        let again = self.timers.get(Timer::RefreshToken);
        let reason = match &self.last_failure {
            Some(reason) => WaitReason::TokenUnavailable {
                reason: reason.clone(),
            },
            None => WaitReason::Token,
        };
        ConnectionState::Waiting {
            reason,
            retry_at: again.map(|at| now.wall_at(at)),
            attempt: self.in_vain,
        }
    }

    /// The session came to its end. Nothing but the tokens goes.
    fn end(&mut self, tx: &mut Tx<'_>, end: &SessionEnd) -> Result<Vec<SessionNews>> {
        tracing::warn!(?end, "the session ended");
        account::end_session(&tx.db, end)?;
        self.reload(tx)?;
        self.drop_asks(tx);
        Ok(vec![SessionNews::Ended])
    }
}

fn runs_out(tokens: Option<&Tokens>, now: Now) -> Mono {
    let left = tokens.map_or(Duration::ZERO, |tokens| {
        let lifetime = Duration::from_millis(tokens.lifetime_ms);
        tokens.expires_at.since(now.wall).min(lifetime)
    });
    now.mono.plus(left.min(LONGEST_LIFE))
}

fn session_of(
    result: std::result::Result<Answer, RequestFailure>,
) -> std::result::Result<NewSession, RequestFailure> {
    if let Answer::Session(session) = result? {
        Ok(session.into())
    } else {
        Err(RequestFailure::other_answer())
    }
}

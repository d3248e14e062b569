//! The next access token: single-flight, shortly before the old one runs out or once it was refused, and
//! never without rest.

use std::time::Duration;

use fulmar_protocol::{ApiRequest, Code, RefreshRequest};

use super::{Ask, NewSession, PROVEN, SHORTEST_LIFE, Session, SessionNews};
use crate::config::Config;
use crate::defects::{self, Defect};
use crate::io::{NetworkState, RequestFailure};
use crate::pace::Gate;
use crate::store::Result;
use crate::store::account::Renewal;
use crate::store::state::SessionEnd;
use crate::time::Mono;
use crate::timer::Timer;
use crate::tx::{Owner, Tx};

impl Session {
    /// Sees to it that there will be a usable token: now, or shortly before this one runs out.
    pub(crate) fn reconcile(
        &mut self,
        tx: &mut Tx<'_>,
        network: NetworkState,
        refreshes: Gate,
        requests: Gate,
        config: &Config,
    ) -> Result<()> {
        self.tell_sign_out(tx, network, requests)?;
        let Some(tokens) = &self.account.tokens else {
            self.timers.clear(Timer::RefreshToken);
            return Ok(());
        };
        let under_way = self.asks.values().any(Ask::is_refresh);
        if under_way || network == NetworkState::Unavailable {
            return Ok(());
        }
        let ahead = config
            .refresh_ahead
            .min(Duration::from_millis(tokens.lifetime_ms / 5));
        let now = tx.now.mono;
        let left = self.runs_out.until(now).saturating_sub(ahead);
        let mut at = if self.rejected { now } else { now.plus(left) };
        at = at.max(self.not_before);
        if let (true, Gate::ClosedUntil(opens)) = (at <= now, refreshes) {
            at = opens;
        }
        if at <= now {
            self.refresh(tx);
        } else {
            self.timers.set(Timer::RefreshToken, at);
        }
        Ok(())
    }

    fn refresh(&mut self, tx: &mut Tx<'_>) {
        let Some(tokens) = &self.account.tokens else {
            return;
        };
        self.timers.clear(Timer::RefreshToken);
        match tokens.renewal.clone() {
            Renewal::RefreshToken(refresh_token) => {
                let body = RefreshRequest { refresh_token };
                let request = tx.ask(Owner::Refresh, ApiRequest::Refresh(body), None);
                self.asks.insert(request, Ask::Refresh);
            }
            Renewal::Provider => self.ask_provider_again(tx),
        }
    }

    pub(super) fn refresh_answered(
        &mut self,
        tx: &mut Tx<'_>,
        answer: std::result::Result<NewSession, RequestFailure>,
        config: &Config,
    ) -> Result<Vec<SessionNews>> {
        let session = match answer {
            Ok(session) => session,
            Err(failure) => match end_of(&failure) {
                Some(code) => return self.end(tx, &SessionEnd::ByServer { code }),
                None => {
                    self.refresh_failed(tx, failure.to_string(), config);
                    return Ok(Vec::new());
                }
            },
        };
        if self.owner() != Some(&session.user_id) {
            let reason = "the answer is for another user".to_owned();
            self.refresh_failed(tx, reason, config);
            return Ok(Vec::new());
        }
        self.renewed(tx, &session, config)
    }

    /// The next token is here. Until something was done with it, it is one of a row of tries.
    pub(super) fn renewed(
        &mut self,
        tx: &mut Tx<'_>,
        session: &NewSession,
        config: &Config,
    ) -> Result<Vec<SessionNews>> {
        if session.lifetime < SHORTEST_LIFE {
            // It is kept all the same, because the server has forgotten the refresh token before it.
            self.keep(tx, session)?;
            let reason = "the token was out of date when it came".to_owned();
            self.refresh_failed(tx, reason, config);
            return Ok(Vec::new());
        }
        self.keep(tx, session)?;
        self.unproven = Some(if defects::active(Defect::FreshIsProgress) {
            Mono(0)
        } else {
            tx.now.mono.plus(proof(session.lifetime))
        });
        self.wait_before_the_next(tx, config);
        Ok(vec![SessionNews::Renewed(session.access.clone())])
    }

    /// There is no new token yet: it is tried again later.
    pub(super) fn refresh_failed(&mut self, tx: &mut Tx<'_>, reason: String, config: &Config) {
        tracing::info!(reason, "token refresh failed, trying again later");
        self.last_failure = Some(reason);
        self.wait_before_the_next(tx, config);
    }

    fn wait_before_the_next(&mut self, tx: &mut Tx<'_>, config: &Config) {
        self.in_vain += 1;
        let wait = config.backoff.wait(self.in_vain, &mut tx.rng);
        self.not_before = tx.now.mono.plus(wait);
    }
}

/// How long a token of this life must not be refused to be worth its refresh (PROTOCOL.md §3.9).
fn proof(life: Duration) -> Duration {
    let (shortest, longest) = PROVEN;
    (life / 2).clamp(shortest, longest)
}

/// Only these say that the session is over (PROTOCOL.md §7.2). Any other permanent code may come from a
/// damaged request, and is no reason to sign anybody out.
fn end_of(failure: &RequestFailure) -> Option<Code> {
    let code = &failure.problem()?.code;
    let ends = *code == Code::SessionRevoked || *code == Code::CredentialsInvalid;
    ends.then(|| code.clone())
}

//! Signing out: the store is emptied at once, and the server is told until it knows (PROTOCOL.md §7.1), also
//! by a later process and beside a later session. Until it knows, it sends pushes to this device.

use fulmar_protocol::{Answer, ApiRequest, Code, FailureClass, SignOutRequest};

use super::Session;
use super::ask::{Ask, Said};
use crate::config::Config;
use crate::defects::{self, Defect};
use crate::io::{CommandError, Effect, NetworkState, RequestFailure, Unsent};
use crate::pace::Gate;
use crate::store::account::{self, EndedKey, Renewal, Untold};
use crate::store::{Result, conversations, operations};
use crate::timer::Timer;
use crate::tx::{Owner, Tx};

/// A process stops telling after so many refusals in a row; a later one begins anew.
const MOST_REFUSED: u32 = 20;

impl Session {
    /// Whether the user can sign out now.
    pub(crate) fn may_sign_out(
        &self,
        tx: &Tx<'_>,
        unsent: Unsent,
    ) -> Result<std::result::Result<(), CommandError>> {
        if self.owner().is_none() {
            return Ok(Err(CommandError::SignedOut));
        }
        let count = operations::count_unsent(&tx.db)?;
        Ok(match unsent {
            Unsent::Refuse if count > 0 => Err(CommandError::UnsentOperations { count }),
            Unsent::Refuse | Unsent::Discard => Ok(()),
        })
    }

    /// Empties the store, once everything else has been stopped, and remembers to tell the server.
    pub(crate) fn sign_out(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        if let Some(tokens) = self.account.tokens.clone() {
            let untold = match tokens.renewal {
                Renewal::RefreshToken(token) => Untold::SignOut(token),
                Renewal::Provider => Untold::RemovePushToken(tokens.access),
            };
            self.remember(tx, &untold)?;
        }
        self.wipe(tx)
    }

    /// Forgets everything about the owner, and tells every screen.
    pub(crate) fn wipe(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        for key in conversations::all(&tx.db)? {
            tx.vanish(key);
        }
        tx.emit(Effect::DropFiles);
        if defects::active(Defect::SignOutLeaves) {
            account::wipe_owner(&tx.db)?;
        } else {
            account::wipe(&tx.db)?;
        }
        tx.clean();
        self.reload(tx)?;
        self.drop_asks(tx);
        Ok(())
    }

    pub(super) fn remember_end(&mut self, tx: &Tx<'_>, renewal: &Renewal) -> Result<()> {
        match renewal {
            Renewal::RefreshToken(token) => self.remember(tx, &Untold::SignOut(token.clone())),
            // Its provider ends it, and no push token was registered with it.
            Renewal::Provider => Ok(()),
        }
    }

    fn remember(&mut self, tx: &Tx<'_>, untold: &Untold) -> Result<()> {
        self.timers.clear(Timer::TellSignOut);
        self.ends_refused = 0;
        account::remember_end(&tx.db, untold, self.vault.as_deref())
    }

    pub(super) fn tell_sign_out(
        &mut self,
        tx: &mut Tx<'_>,
        network: NetworkState,
        requests: Gate,
    ) -> Result<()> {
        let under_way = self.asks.values().any(Ask::is_sign_out);
        let waits = self.timers.is_set(Timer::TellSignOut);
        let refused = self.ends_refused >= MOST_REFUSED;
        if under_way || waits || refused || network == NetworkState::Unavailable {
            return Ok(());
        }
        let Some((key, untold)) = account::ended(&tx.db, self.vault.as_deref())? else {
            return Ok(());
        };
        if let Gate::ClosedUntil(at) = requests {
            self.timers.set(Timer::TellSignOut, at);
            return Ok(());
        }
        let (request, said) = match untold {
            Untold::SignOut(refresh_token) => {
                let call = ApiRequest::SignOut(SignOutRequest { refresh_token });
                let request = tx.ask(Owner::SignOut, call, None);
                (request, Said::SignOut)
            }
            Untold::RemovePushToken(access) => {
                let device_id = self.device_id().clone();
                let call = ApiRequest::RemovePushToken { device_id };
                let request = tx.ask(Owner::SignOut, call, Some(access));
                (request, Said::RemovePushToken)
            }
        };
        self.asks.insert(request, Ask::SignOut(key, said));
        Ok(())
    }

    pub(super) fn sign_out_answered(
        &mut self,
        tx: &mut Tx<'_>,
        key: EndedKey,
        said: Said,
        answer: &std::result::Result<Answer, RequestFailure>,
        config: &Config,
    ) -> Result<()> {
        let heard = match answer {
            Ok(_) => Heard::Known,
            Err(failure) => heard(said, failure),
        };
        match heard {
            Heard::Known => {
                self.untold = 0;
                self.ends_refused = 0;
                return account::forget_ended(&tx.db, key);
            }
            Heard::Refused => {
                self.ends_refused += 1;
                account::put_ended_last(&tx.db, key)?;
            }
            Heard::Nothing => {}
        }
        self.untold += 1;
        let now = tx.now.mono;
        let at = config.backoff.until(self.untold, None, now, &mut tx.rng);
        self.timers.set(Timer::TellSignOut, at);
        Ok(())
    }
}

/// What an answer says of whether the server knows now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// It knows, or there is nothing left to tell.
    Known,
    /// It will not take it like this.
    Refused,
    /// Nothing: it is told again.
    Nothing,
}

/// Only these say that the session is over (PROTOCOL.md §7.2). Any other permanent code may come from somebody
/// else than the server.
fn heard(said: Said, failure: &RequestFailure) -> Heard {
    let Some(problem) = failure.problem() else {
        return Heard::Nothing;
    };
    if problem.code == Code::SessionRevoked || problem.code == Code::CredentialsInvalid {
        return Heard::Known;
    }
    match (problem.code.class(), said) {
        // An access token that is refused takes nothing back any more.
        (FailureClass::Authentication, Said::RemovePushToken) => Heard::Known,
        (FailureClass::Authentication, Said::SignOut) | (FailureClass::Permanent, _) => {
            Heard::Refused
        }
        (FailureClass::Transient, _) => Heard::Nothing,
    }
}

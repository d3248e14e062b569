//! Signing out: the store is emptied at once, and the server is told until it knows (PROTOCOL.md §7.1), also
//! by a later process and beside a later session. Until it knows, it sends pushes to this device.

use fulmar_protocol::{Answer, ApiRequest, FailureClass, SignOutRequest};

use super::{Ask, Session};
use crate::config::Config;
use crate::io::{CommandError, Effect, NetworkState, RequestFailure, Unsent};
use crate::pace::Gate;
use crate::store::account::{self, EndedKey, Renewal};
use crate::store::{Result, conversations, operations};
use crate::timer::Timer;
use crate::tx::{Owner, Tx};

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
        // A session of a token provider is the provider's to end.
        if let Some(renewal) = self.account.renewal().cloned() {
            self.remember_end(tx, &renewal)?;
        }
        self.wipe(tx)
    }

    /// Forgets everything about the owner, and tells every screen.
    pub(crate) fn wipe(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        for key in conversations::all(&tx.db)? {
            tx.vanish(key);
        }
        tx.emit(Effect::DropFiles);
        account::wipe(&tx.db)?;
        self.reload(tx)?;
        self.drop_asks(tx);
        Ok(())
    }

    pub(super) fn remember_end(&mut self, tx: &Tx<'_>, renewal: &Renewal) -> Result<()> {
        match renewal {
            Renewal::RefreshToken(token) => {
                self.timers.clear(Timer::TellSignOut);
                account::remember_end(&tx.db, token, self.vault.as_deref())
            }
            Renewal::Provider => Ok(()),
        }
    }

    pub(super) fn tell_sign_out(
        &mut self,
        tx: &mut Tx<'_>,
        network: NetworkState,
        requests: Gate,
    ) -> Result<()> {
        let under_way = self.asks.values().any(Ask::is_sign_out);
        let waits = self.timers.is_set(Timer::TellSignOut);
        if under_way || waits || network == NetworkState::Unavailable {
            return Ok(());
        }
        let Some((key, token)) = account::ended(&tx.db, self.vault.as_deref())? else {
            return Ok(());
        };
        if let Gate::ClosedUntil(at) = requests {
            self.timers.set(Timer::TellSignOut, at);
            return Ok(());
        }
        let body = SignOutRequest {
            refresh_token: token,
        };
        let request = tx.ask(Owner::SignOut, ApiRequest::SignOut(body), None);
        self.asks.insert(request, Ask::SignOut(key));
        Ok(())
    }

    pub(super) fn sign_out_answered(
        &mut self,
        tx: &mut Tx<'_>,
        key: EndedKey,
        answer: &std::result::Result<Answer, RequestFailure>,
        config: &Config,
    ) -> Result<()> {
        let known = match answer {
            Ok(_) => true,
            Err(failure) => failure
                .problem()
                .is_some_and(|problem| problem.code.class() != FailureClass::Transient),
        };
        if known {
            self.untold = 0;
            return account::forget_ended(&tx.db, key);
        }
        self.untold += 1;
        let now = tx.now.mono;
        let at = config.backoff.until(self.untold, None, now, &mut tx.rng);
        self.timers.set(Timer::TellSignOut, at);
        Ok(())
    }
}

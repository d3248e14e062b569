//! When what remains of what is gone is cleaned away (`store/remains`): a little later, because more may go; and again
//! later when it could not be done. It never cleans: that is between two transactions.

use std::time::Duration;

use crate::store::Result;
use crate::store::remains::{self, Owed};
use crate::time::Now;
use crate::timer::{Timed, Timer, Timers};
use crate::tx::Tx;

/// After so long the log is emptied, and again while somebody reads from it or the disk does not take it.
const SOON: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(crate) struct Cleaning {
    timers: Timers,
}

impl Timed for Cleaning {
    fn timers(&self) -> &Timers {
        &self.timers
    }

    fn timers_mut(&mut self) -> &mut Timers {
        &mut self.timers
    }
}

impl Cleaning {
    /// Looks what is owed, unless it is cleaned away right after this transaction.
    pub(crate) fn reconcile(&mut self, tx: &Tx<'_>) -> Result<()> {
        if !tx.cleans() {
            self.owe(remains::owed(&tx.db, tx.now.wall)?, tx.now);
        }
        Ok(())
    }

    /// So much is owed: it is waited for, and no longer than before.
    pub(crate) fn owe(&mut self, owed: Owed, now: Now) {
        let wait = match owed {
            Owed::Nothing => {
                self.timers.clear(Timer::Clean);
                return;
            }
            Owed::Log => SOON,
            Owed::File(due) => due.since(now.wall).max(SOON),
        };
        let at = now.mono.plus(wait);
        if self.timers.get(Timer::Clean).is_none_or(|set| at < set) {
            self.timers.set(Timer::Clean, at);
        }
    }
}

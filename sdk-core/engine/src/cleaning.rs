//! When what remains of what is gone is cleaned away (`store/remains`): a little later, because more may go; and again
//! later when it could not be done. It never cleans: that is between two transactions.

use std::time::Duration;

use crate::store::Result;
use crate::store::remains::{self, Owed};
use crate::time::{Mono, Now};
use crate::timer::{Timed, Timer, Timers};
use crate::tx::Tx;

/// After so long the log is emptied, and again while somebody reads from it.
const SOON: Duration = Duration::from_secs(5);
/// After so long it is tried again when the disk did not take it: writing a file anew to a full one wears it out.
const AGAIN: Duration = Duration::from_secs(5 * 60);

#[derive(Debug, Default)]
pub(crate) struct Cleaning {
    /// Not before this moment, because it failed.
    not_before: Option<Mono>,
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

    /// It was cleaned, and so much is owed still.
    pub(crate) fn cleaned(&mut self, owed: Owed, now: Now) {
        self.not_before = None;
        self.owe(owed, now);
    }

    /// The store did not take it.
    pub(crate) fn failed(&mut self, now: Now) {
        self.not_before = Some(now.mono.plus(AGAIN));
        self.timers.clear(Timer::Clean);
        self.owe(Owed::Log, now);
    }

    /// It is waited for what is owed, and no longer than before.
    fn owe(&mut self, owed: Owed, now: Now) {
        let wait = match owed {
            Owed::Nothing => {
                self.timers.clear(Timer::Clean);
                return;
            }
            Owed::Log => SOON,
            Owed::File(due) => due.since(now.wall).max(SOON),
        };
        let at = now.mono.plus(wait).max(self.not_before.unwrap_or_default());
        if self.timers.get(Timer::Clean).is_none_or(|set| at < set) {
            self.timers.set(Timer::Clean, at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{AGAIN, Cleaning, SOON};
    use crate::store::remains::Owed;
    use crate::testing::Bench;
    use crate::timer::{Timed, Timer};

    /// A machine on a store of which something is gone, as far as `remains` says.
    fn with(owed: u8) -> (Bench, Cleaning) {
        let mut bench = Bench::new();
        let written_at = bench.now().wall.0;
        bench.run(|tx| {
            let set = "UPDATE remains SET owed = ?1, written_at = ?2";
            tx.db.execute(set, (owed, written_at)).unwrap();
        });
        (bench, Cleaning::default())
    }

    /// After how long it cleans; `None`: it does not.
    fn wait(bench: &mut Bench, cleaning: &mut Cleaning) -> Option<Duration> {
        bench.run(|tx| cleaning.reconcile(tx).unwrap());
        let at = cleaning.timers().get(Timer::Clean)?;
        Some(at.until(bench.now().mono))
    }

    #[test]
    fn while_nothing_is_owed_nothing_waits() {
        let (mut bench, mut cleaning) = with(0);
        assert_eq!(wait(&mut bench, &mut cleaning), None);
    }

    #[test]
    fn what_is_gone_is_cleaned_soon_and_more_of_it_puts_nothing_off() {
        let (mut bench, mut cleaning) = with(2);
        assert_eq!(wait(&mut bench, &mut cleaning), Some(SOON));
        bench.pass(SOON / 2);
        assert_eq!(wait(&mut bench, &mut cleaning), Some(SOON / 2));
    }

    #[test]
    fn a_file_waits_for_its_time_unless_something_else_is_gone() {
        let (mut bench, mut cleaning) = with(1);
        let long = wait(&mut bench, &mut cleaning).unwrap();
        assert!(long > 4 * SOON, "{long:?}");
        bench.run(|tx| tx.db.execute("UPDATE remains SET owed = 2", []).unwrap());
        assert_eq!(wait(&mut bench, &mut cleaning), Some(SOON));
    }

    #[test]
    fn what_is_cleaned_right_after_this_transaction_is_not_waited_for() {
        let (mut bench, mut cleaning) = with(2);
        bench.run(|tx| {
            tx.clean();
            cleaning.reconcile(tx).unwrap();
        });
        assert!(!cleaning.timers().is_set(Timer::Clean));
        cleaning.cleaned(Owed::Log, bench.now());
        assert_eq!(
            wait(&mut bench, &mut cleaning),
            Some(SOON),
            "somebody reads"
        );
        cleaning.cleaned(Owed::Nothing, bench.now());
        assert!(!cleaning.timers().is_set(Timer::Clean));
    }

    #[test]
    fn what_the_disk_does_not_take_is_not_tried_again_soon() {
        let (mut bench, mut cleaning) = with(2);
        assert_eq!(wait(&mut bench, &mut cleaning), Some(SOON));
        cleaning.failed(bench.now());
        assert_eq!(wait(&mut bench, &mut cleaning), Some(AGAIN));
        bench.pass(AGAIN);
        cleaning.cleaned(Owed::Nothing, bench.now());
        assert_eq!(
            wait(&mut bench, &mut cleaning),
            Some(SOON),
            "it is owed anew"
        );
    }
}

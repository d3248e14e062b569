//! How often the engine may try what comes to nothing (PROTOCOL.md §3.9).
//!
//! Every connection, every request that the engine makes by itself and every refresh of a token takes one
//! from a budget; what made progress gives it back. The budgets are refilled by time alone, so that no
//! answer of a server, whatever it says, can make the engine ask without rest. This module knows nothing
//! of what is tried; how long one thing waits after a failure is its owner's to say, by
//! [`Backoff`](crate::config::Backoff).

use std::collections::VecDeque;
use std::time::Duration;

use crate::defects::{self, Defect};
use crate::time::Mono;

/// Budgets count what was spent in so long.
const WINDOW: Duration = Duration::from_secs(60);
/// How many acts of the app in one window are free tries.
const FREE_ACTS: usize = 6;

/// What takes from a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    Connection,
    Request,
    Refresh,
}

impl Effort {
    pub(crate) const ALL: [Self; 3] = [Self::Connection, Self::Request, Self::Refresh];

    /// How many in one window may come to nothing.
    pub(crate) const fn budget(self) -> usize {
        match self {
            Self::Connection => 12,
            Self::Request => 20,
            Self::Refresh => 6,
        }
    }
}

/// Whether something may be tried now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    Open {
        /// How many, at least one: who tries several things at once counts them.
        left: usize,
    },
    /// Not before this moment.
    ClosedUntil(Mono),
}

#[cfg(test)]
impl Gate {
    /// Nothing was spent.
    pub(crate) const OPEN: Self = Self::Open { left: usize::MAX };

    fn is_open(self) -> bool {
        match self {
            Self::Open { .. } => true,
            Self::ClosedUntil(_) => false,
        }
    }
}

/// How often an engine has tried what came to nothing. Made anew with each process: a start of the app is an act
/// of the app. An engine that was dropped because its store failed gives it to the next one.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    budgets: Budgets,
    /// What they were before this transaction, once it has changed them.
    before: Option<Budgets>,
}

#[derive(Debug, Clone, Default)]
struct Budgets {
    connections: Spent,
    requests: Spent,
    refreshes: Spent,
    acts: Spent,
}

impl Pace {
    /// The transaction is stored, and so is its progress.
    pub(crate) fn commit(&mut self) {
        self.before = None;
    }

    /// Without what a transaction changed that was not stored: it tried nothing, and its progress is lost.
    pub(crate) fn committed(self) -> Self {
        Self {
            budgets: self.before.unwrap_or(self.budgets),
            before: None,
        }
    }

    /// How much of it is in memory, for the simulation.
    #[cfg(feature = "defects")]
    pub(crate) fn kept(&self) -> usize {
        let spent = [
            &self.budgets.connections,
            &self.budgets.requests,
            &self.budgets.refreshes,
            &self.budgets.acts,
        ];
        spent.iter().map(|spent| spent.0.len()).sum()
    }

    /// One try was begun.
    pub(crate) fn spend(&mut self, effort: Effort, now: Mono) {
        if defects::active(Defect::Restless) {
            return;
        }
        self.of_mut(effort).add(now);
    }

    /// One try made progress.
    pub(crate) fn refund(&mut self, effort: Effort) {
        self.of_mut(effort).take_back();
    }

    /// Whether one more may be tried.
    pub(crate) fn gate(&self, effort: Effort, now: Mono) -> Gate {
        self.of(effort).gate(effort.budget(), now)
    }

    /// The app did something that may have changed what failed: the network is back, it came to the
    /// foreground, somebody pressed "retry". Whether waits may be cut short for it.
    pub(crate) fn act(&mut self, now: Mono) -> bool {
        match self.budgets.acts.gate(FREE_ACTS, now) {
            Gate::Open { .. } => {}
            Gate::ClosedUntil(_) => return false,
        }
        self.changing().acts.add(now);
        for effort in Effort::ALL {
            self.refund(effort);
        }
        true
    }

    fn of(&self, effort: Effort) -> &Spent {
        match effort {
            Effort::Connection => &self.budgets.connections,
            Effort::Request => &self.budgets.requests,
            Effort::Refresh => &self.budgets.refreshes,
        }
    }

    fn of_mut(&mut self, effort: Effort) -> &mut Spent {
        let budgets = self.changing();
        match effort {
            Effort::Connection => &mut budgets.connections,
            Effort::Request => &mut budgets.requests,
            Effort::Refresh => &mut budgets.refreshes,
        }
    }

    /// The budgets, of which this transaction changes one.
    fn changing(&mut self) -> &mut Budgets {
        self.before.get_or_insert_with(|| self.budgets.clone());
        &mut self.budgets
    }
}

/// When something was spent, the oldest first; not longer than one window.
#[derive(Debug, Clone, Default)]
struct Spent(VecDeque<Mono>);

impl Spent {
    fn add(&mut self, now: Mono) {
        while self.0.front().is_some_and(|at| at.plus(WINDOW) <= now) {
            self.0.pop_front();
        }
        self.0.push_back(now);
    }

    fn take_back(&mut self) {
        self.0.pop_back();
    }

    fn gate(&self, budget: usize, now: Mono) -> Gate {
        let recent = self.0.iter().filter(|at| at.plus(WINDOW) > now).count();
        // When so many have left the window that one fits in again.
        match self.0.iter().rev().nth(budget - 1) {
            Some(at) if recent >= budget => Gate::ClosedUntil(at.plus(WINDOW)),
            Some(_) | None => Gate::Open {
                left: budget.saturating_sub(recent),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Effort, FREE_ACTS, Gate, Pace};
    use crate::time::Mono;

    #[test]
    fn a_budget_is_refilled_by_time_alone() {
        for effort in Effort::ALL {
            let mut pace = Pace::default();
            let budget = effort.budget() as u64;
            for n in 0..budget {
                let left = (budget - n) as usize;
                assert_eq!(
                    pace.gate(effort, Mono(n)),
                    Gate::Open { left },
                    "{effort:?}"
                );
                pace.spend(effort, Mono(n));
            }
            let full = Mono(budget);
            assert_eq!(pace.gate(effort, full), Gate::ClosedUntil(Mono(60_000)));
            assert_eq!(pace.gate(effort, Mono(60_000)), Gate::Open { left: 1 });
            pace.spend(effort, Mono(60_000));
            assert_eq!(
                pace.gate(effort, Mono(60_000)),
                Gate::ClosedUntil(Mono(60_001))
            );
        }
    }

    #[test]
    fn progress_gives_back_what_it_took() {
        let mut pace = Pace::default();
        for n in 0..1_000 {
            pace.spend(Effort::Request, Mono(n));
            pace.refund(Effort::Request);
            assert!(pace.gate(Effort::Request, Mono(n)).is_open());
        }
    }

    #[test]
    fn a_transaction_that_failed_neither_tried_nor_progressed() {
        let mut pace = Pace::default();
        for n in 0..12 {
            pace.spend(Effort::Connection, Mono(n));
        }
        pace.commit();
        pace.refund(Effort::Connection);
        pace.spend(Effort::Request, Mono(20));
        let pace = pace.committed();
        let closed = Gate::ClosedUntil(Mono(60_000));
        assert_eq!(pace.gate(Effort::Connection, Mono(20)), closed);
        let whole = Gate::Open { left: 20 };
        assert_eq!(pace.gate(Effort::Request, Mono(20)), whole);
    }

    #[test]
    fn an_app_gets_one_try_for_each_act_and_not_more_than_six_in_a_minute() {
        let mut pace = Pace::default();
        for n in 0..Effort::Refresh.budget() as u64 {
            pace.spend(Effort::Refresh, Mono(n));
        }
        assert!(pace.act(Mono(10)));
        assert!(pace.gate(Effort::Refresh, Mono(10)).is_open());
        pace.spend(Effort::Refresh, Mono(10));
        for _ in 1..FREE_ACTS {
            assert!(pace.act(Mono(11)));
        }
        assert!(!pace.act(Mono(12)), "the seventh within a minute");
        assert!(pace.act(Mono(60_010)));
    }
}

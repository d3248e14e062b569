//! Faults: what the network does, to which users and devices, where, and how often.
//!
//! They are applied at the edge, where bytes go in and out, and never inside the rules of the backend.

mod action;
mod mangle;
mod network;
mod rule;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fulmar_protocol::Timestamp;

use crate::clock::Clock;

pub use action::{Action, Restart};
pub(crate) use mangle::{come_again_soon, mangle};
pub use network::Network;
pub use rule::{Fault, FrameKind, Rule, When, Where, Window};
pub(crate) use rule::{InFlight, Who};

/// A test that adds rules in a loop is not to fill the machine.
const MOST: usize = 10_000;

/// The faults of a world, and who is cut off from it.
#[derive(Debug)]
pub struct Faults {
    clock: Arc<Clock>,
    set: Mutex<Set>,
    /// How many rules there are: most of the time none, and then nothing is looked at.
    pending: AtomicUsize,
    applied: AtomicU64,
}

#[derive(Debug, Default)]
struct Set {
    rules: Vec<Installed>,
    offline: BTreeSet<String>,
}

/// A rule that was set.
#[derive(Debug)]
struct Installed {
    fault: Fault,
    since: Timestamp,
    passes_first: u32,
    /// `None`: any number of times.
    left: Option<u32>,
    chances: fastrand::Rng,
    /// It belongs to the network of this user, or of everybody.
    network_of: Option<Option<String>>,
}

/// What the rules do to something that passes.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Applied {
    /// It takes so long.
    pub(crate) wait: Duration,
    /// The smallest of the bandwidths.
    pub(crate) bytes_per_second: Option<u32>,
    /// What else happens.
    pub(crate) action: Option<Action>,
}

impl Applied {
    /// How long so many bytes take, with the delay.
    pub(crate) fn time_for(&self, bytes: usize) -> Duration {
        let line = self.bytes_per_second.map_or(Duration::ZERO, |rate| {
            Duration::from_secs_f64(bytes as f64 / f64::from(rate.max(1)))
        });
        self.wait.saturating_add(line)
    }
}

/// What begins with [`Faults::when`].
#[derive(Debug)]
#[must_use = "nothing happens before `then`"]
pub struct Then<'a> {
    faults: &'a Faults,
    when: When,
}

impl Then<'_> {
    /// Sets the rule.
    pub fn then(self, action: Action) {
        self.faults.add(self.when.then(action));
    }
}

impl Faults {
    pub(crate) fn new(clock: Arc<Clock>) -> Self {
        Self {
            clock,
            set: Mutex::default(),
            pending: AtomicUsize::new(0),
            applied: AtomicU64::new(0),
        }
    }

    /// Begins a rule: `faults.when(When::incoming(FrameKind::Submit).user("alice")).then(Action::Cut)`.
    pub fn when(&self, when: impl Into<When>) -> Then<'_> {
        Then {
            faults: self,
            when: when.into(),
        }
    }

    /// Adds a rule. All delays and bandwidths that fit act; of the other rules that fit, the oldest. Of more than
    /// 10,000 rules the oldest goes.
    pub fn add(&self, fault: Fault) {
        self.install(fault, None);
    }

    /// Takes all rules away, those of networks too; who is cut off stays cut off.
    pub fn clear(&self) {
        let mut set = self.set();
        set.rules.clear();
        self.count(&set);
    }

    /// How many rules have not run out.
    #[must_use]
    pub fn pending(&self) -> usize {
        let mut set = self.set();
        self.forget_over(&mut set);
        set.rules.len()
    }

    /// How often a rule has acted so far.
    #[must_use]
    pub fn applied(&self) -> u64 {
        self.applied.load(Ordering::Relaxed)
    }

    /// Replaces the network of a user, or of everybody.
    pub(crate) fn set_network(&self, user: Option<&str>, network: Network) {
        let owner = Some(user.map(str::to_owned));
        self.set()
            .rules
            .retain(|installed| installed.network_of != owner);
        for fault in network.rules(user) {
            self.install(fault, owner.clone());
        }
        self.count(&self.set());
    }

    pub(crate) fn set_offline(&self, user: &str, offline: bool) {
        let users = &mut self.set().offline;
        if offline {
            users.insert(user.to_owned());
        } else {
            users.remove(user);
        }
    }

    pub(crate) fn is_offline(&self, user: Option<&str>) -> bool {
        user.is_some_and(|user| self.set().offline.contains(user))
    }

    /// Whether there is any rule, so that it is worth while to find out what passes.
    pub(crate) fn any(&self) -> bool {
        self.pending.load(Ordering::Acquire) > 0
    }

    /// What happens to what passes now. Counts it.
    pub(crate) fn apply(&self, in_flight: &InFlight<'_>, who: &Who) -> Applied {
        let now = self.clock.now();
        let mut set = self.set();
        self.forget_over(&mut set);
        let mut applied = Applied::default();
        for installed in &mut set.rules {
            let slows = installed.slows();
            if (slows || applied.action.is_none()) && installed.acts_on(in_flight, who, now) {
                self.applied.fetch_add(1, Ordering::Relaxed);
                installed.act(&mut applied);
            }
        }
        set.rules.retain(|installed| installed.left != Some(0));
        self.count(&set);
        applied
    }

    fn install(&self, fault: Fault, network_of: Option<Option<String>>) {
        let mut set = self.set();
        if set.rules.len() >= MOST {
            // The oldest acts first, so it is the one that has had its time.
            set.rules.remove(0);
        }
        set.rules.push(Installed {
            since: self.clock.now(),
            passes_first: fault.passes_first(),
            left: (fault.acts() > 0).then_some(fault.acts()),
            chances: fastrand::Rng::with_seed(fault.seed()),
            network_of,
            fault,
        });
        self.count(&set);
    }

    fn forget_over(&self, set: &mut Set) {
        let now = self.clock.now();
        set.rules
            .retain(|installed| !installed.fault.is_over(now.since(installed.since)));
        self.count(set);
    }

    fn count(&self, set: &Set) {
        self.pending.store(set.rules.len(), Ordering::Release);
    }

    fn set(&self) -> MutexGuard<'_, Set> {
        // Plain data: a panic elsewhere leaves nothing half done in it.
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Installed {
    fn slows(&self) -> bool {
        matches!(
            self.fault.action(),
            Action::Delay(_)
                | Action::DelayBetween { .. }
                | Action::DelayAbout(_)
                | Action::BytesPerSecond(_)
        )
    }

    fn acts_on(&mut self, in_flight: &InFlight<'_>, who: &Who, now: Timestamp) -> bool {
        if !self.fault.fits(in_flight, who, now.since(self.since)) {
            return false;
        }
        if self.passes_first > 0 {
            self.passes_first -= 1;
            return false;
        }
        self.fault
            .chance()
            .is_none_or(|chance| self.chances.f64() < chance)
    }

    fn act(&mut self, applied: &mut Applied) {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
        }
        match self.fault.action() {
            Action::Delay(wait) => applied.wait = applied.wait.saturating_add(*wait),
            Action::DelayBetween { from, to } => {
                let spread = to.saturating_sub(*from).mul_f64(self.chances.f64());
                applied.wait = applied.wait.saturating_add(from.saturating_add(spread));
            }
            Action::DelayAbout(mean) => {
                // The inverse of the exponential distribution; 1 − x is never 0.
                let factor = -(1.0 - self.chances.f64()).ln();
                let seconds = mean.as_secs_f64() * factor;
                let about = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
                applied.wait = applied.wait.saturating_add(about);
            }
            Action::BytesPerSecond(rate) => {
                let slower = applied
                    .bytes_per_second
                    .map_or(*rate, |other| other.min(*rate));
                applied.bytes_per_second = Some(slower);
            }
            other => applied.action = Some(other.clone()),
        }
    }
}

#[cfg(test)]
mod tests;

//! Many worlds on every core. A world knows nothing of this: each is one thread's from its start to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use fulmar_engine::defects::{Defect, plant};

use crate::{Failure, Fault, Outcome, check};

/// What worlds came to, together.
#[derive(Debug, Clone, Default)]
pub struct Sum {
    /// How many transactions the engines ran.
    pub transactions: u64,
    /// How many messages were sent.
    pub messages: usize,
    /// How often a process crashed.
    pub crashes: u64,
    /// The names of the methods that were submitted somewhere.
    pub methods: BTreeSet<String>,
    /// How often each kind of fault faults.
    pub faults: BTreeMap<Fault, u64>,
}

impl Sum {
    /// With one more world.
    pub fn add(&mut self, outcome: &Outcome) {
        self.transactions += outcome.transactions;
        self.messages += outcome.messages;
        self.crashes += outcome.crashes;
        self.methods.extend(outcome.methods.iter().cloned());
        for (fault, times) in &outcome.faults {
            *self.faults.entry(*fault).or_default() += times;
        }
    }
}

/// Checks the worlds of these seeds, each with the defect planted.
///
/// # Errors
///
/// The failure of the lowest seed that fails, however many cores there are: seeds are taken in their order, and
/// those that were taken are run to their end.
pub fn check_all(seeds: Range<u64>, defect: Option<Defect>) -> Result<Sum, Failure> {
    let work = Work {
        next: AtomicU64::new(seeds.start),
        end: AtomicU64::new(seeds.end),
        done: Mutex::default(),
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| work.run(defect));
        }
    });
    let (sum, failure) = work
        .done
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    failure.map_or(Ok(sum), Err)
}

struct Work {
    next: AtomicU64,
    /// Comes down to the lowest seed that failed.
    end: AtomicU64,
    done: Mutex<(Sum, Option<Failure>)>,
}

impl Work {
    fn run(&self, defect: Option<Defect>) {
        // A defect is planted in the engines of one thread.
        plant(defect);
        loop {
            let seed = self.next.fetch_add(1, Ordering::Relaxed);
            if seed >= self.end.load(Ordering::Relaxed) {
                return;
            }
            let result = check(seed);
            let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            match result {
                Ok(outcome) => done.0.add(&outcome),
                Err(failure) => {
                    self.end.fetch_min(seed, Ordering::Relaxed);
                    if done.1.as_ref().is_none_or(|before| seed < before.seed) {
                        done.1 = Some(failure);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worlds that have all of it between them.
    const WORLDS: Range<u64> = 17..39;

    #[test]
    fn the_lowest_seed_that_fails_is_told() {
        let defect = Some(Defect::ForgetAtOutcome);
        let fails = |seed: &u64| check_all(*seed..*seed + 1, defect).is_err();
        let lowest = (1..5).find(fails).unwrap();
        let failure = check_all(1..5, defect).unwrap_err();
        assert_eq!(failure.seed, lowest);
    }

    /// A new method has to be among what people do in `acting.rs`.
    #[test]
    fn every_method_is_done_somewhere() {
        let sum = check_all(WORLDS, None).unwrap();
        let done: Vec<&str> = sum.methods.iter().map(String::as_str).collect();
        let mut all = fulmar_protocol::Method::NAMES.to_vec();
        all.sort_unstable();
        assert_eq!(done, all);
    }

    #[test]
    fn no_world_is_a_sum_of_nothing() {
        let sum = check_all(3..3, None).unwrap();
        assert_eq!((sum.transactions, sum.messages, sum.crashes), (0, 0, 0));
    }
}

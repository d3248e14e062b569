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
    /// How many converged.
    pub worlds: u64,
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
        self.worlds += 1;
        self.transactions += outcome.transactions;
        self.messages += outcome.messages;
        self.crashes += outcome.crashes;
        self.methods.extend(outcome.methods.iter().cloned());
        for (fault, times) in &outcome.faults {
            *self.faults.entry(*fault).or_default() += times;
        }
    }
}

/// What is told of worlds while they run.
#[derive(Debug)]
pub enum News<'a> {
    /// So many have run, and those that converged come to this.
    Ran(u64, &'a Sum),
    /// One failed.
    Failed(Failure),
}

/// Checks the worlds of these seeds, each with the defect planted, and tells after each how many have run.
///
/// # Errors
///
/// The failure of the lowest seed that fails, however many cores there are: seeds are taken in their order, and
/// those that were taken are run to their end.
pub fn check_all(
    seeds: Range<u64>,
    defect: Option<Defect>,
    ran: &(dyn Fn(u64, &Sum) + Sync),
) -> Result<Sum, Failure> {
    let first = Mutex::new(None::<Failure>);
    let work = Work::of(seeds);
    let sum = work.run_all(defect, &|news| match news {
        News::Ran(worlds, sum) => ran(worlds, sum),
        News::Failed(failure) => {
            work.end.fetch_min(failure.seed, Ordering::Relaxed);
            let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
            if first.as_ref().is_none_or(|first| failure.seed < first.seed) {
                *first = Some(failure);
            }
        }
    });
    let first = first.into_inner().unwrap_or_else(PoisonError::into_inner);
    first.map_or(Ok(sum), Err)
}

/// Checks the worlds of these seeds, goes on after one that failed, and tells of each at once. The sum is that of those
/// that converged.
pub fn check_each(seeds: Range<u64>, tell: &(dyn Fn(News<'_>) + Sync)) -> Sum {
    Work::of(seeds).run_all(None, tell)
}

struct Work {
    next: AtomicU64,
    ran: AtomicU64,
    /// Comes down to the lowest seed that failed, when that is the end.
    end: AtomicU64,
    sum: Mutex<Sum>,
}

impl Work {
    fn of(seeds: Range<u64>) -> Self {
        Self {
            next: AtomicU64::new(seeds.start),
            ran: AtomicU64::new(0),
            end: AtomicU64::new(seeds.end),
            sum: Mutex::default(),
        }
    }

    fn run_all(&self, defect: Option<Defect>, tell: &(dyn Fn(News<'_>) + Sync)) -> Sum {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            for _ in 0..cores {
                scope.spawn(|| self.run(defect, tell));
            }
        });
        std::mem::take(&mut *self.sum.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn run(&self, defect: Option<Defect>, tell: &(dyn Fn(News<'_>) + Sync)) {
        // A defect is planted in the engines of one thread.
        plant(defect);
        loop {
            let seed = self.next.fetch_add(1, Ordering::Relaxed);
            if seed >= self.end.load(Ordering::Relaxed) {
                return;
            }
            let outcome = check(seed);
            let mut sum = self.sum.lock().unwrap_or_else(PoisonError::into_inner);
            match outcome {
                Ok(outcome) => sum.add(&outcome),
                Err(failure) => tell(News::Failed(failure)),
            }
            tell(News::Ran(
                self.ran.fetch_add(1, Ordering::Relaxed) + 1,
                &sum,
            ));
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
        let fails = |seed: &u64| check_all(*seed..*seed + 1, defect, &|_, _| ()).is_err();
        let lowest = (1..5).find(fails).unwrap();
        let failure = check_all(1..5, defect, &|_, _| ()).unwrap_err();
        assert_eq!(failure.seed, lowest);
    }

    /// A new method has to be among what people do in `acting.rs`.
    #[test]
    fn every_method_is_done_somewhere() {
        let sum = check_all(WORLDS, None, &|_, _| ()).unwrap();
        let done: Vec<&str> = sum.methods.iter().map(String::as_str).collect();
        let mut all = fulmar_protocol::Method::NAMES.to_vec();
        all.sort_unstable();
        assert_eq!(done, all);
    }

    #[test]
    fn each_world_that_ran_is_told_whatever_became_of_it() {
        let told = Mutex::new(Vec::new());
        check_each(1..4, &|news| match news {
            News::Ran(worlds, sum) => told.lock().unwrap().push((worlds, sum.worlds)),
            News::Failed(failure) => panic!("{failure:?}"),
        });
        let told = told.into_inner().unwrap();
        assert_eq!(told, [(1, 1), (2, 2), (3, 3)]);
    }

    #[test]
    fn no_world_is_a_sum_of_nothing() {
        let sum = check_all(3..3, None, &|_, _| ()).unwrap();
        assert_eq!((sum.transactions, sum.messages, sum.crashes), (0, 0, 0));
    }
}

//! Defects that are planted on purpose: each has to be found by some world. It hands out worlds and says what became of
//! them, and never judges one.

mod likely;

use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;

use fulmar_engine::defects::{Defect, plant};
use fulmar_simulation::{Effort, Failure, Progress, World, shrink};

use crate::options::Options;
use crate::told;

/// A shorter world that fails.
pub(crate) struct Shorter {
    pub(crate) said: String,
    /// It has at most a quarter of the acts.
    pub(crate) is_short: bool,
}

/// Finds a shorter world that fails, and tells each time it found a shorter one.
pub(crate) fn shorten(
    options: &Options,
    seed: u64,
    effort: Effort,
    tell: &mut dyn FnMut(Progress),
) -> Option<Shorter> {
    let shorter = shrink(seed, &options.reduction(), effort, tell)?;
    let said = format!(
        "  shortened from {} acts to {} in {} runs: {}\n  replay: {} --verbose",
        shorter.before,
        shorter.after,
        shorter.runs,
        told(&shorter.failure),
        options.replay(seed, &shorter.reduction.flags())
    );
    Some(Shorter {
        said,
        is_short: shorter.is_short(),
    })
}

/// Looks for every defect.
#[allow(clippy::print_stdout)]
pub(crate) fn find_all(options: &Options) -> ExitCode {
    let search = Mutex::new(Search::new(options));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| work(options, &search));
        }
    });
    let search = search.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (all, passed) = (Defect::ALL.len(), search.passed);
    println!("{passed} passed, {} failed", all - passed);
    match passed == all {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// One core: it takes jobs until there are none.
#[allow(clippy::print_stdout)]
fn work(options: &Options, search: &Mutex<Search>) {
    let locked = || search.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let job = locked().take();
        let (said, is_right) = match job {
            None => return,
            Some(Job::Look(index, seed)) => {
                plant(Some(Defect::ALL[index]));
                let failure = World::new(seed).run().err();
                match locked().looked(index, failure) {
                    Some(said) => said,
                    None => continue,
                }
            }
            Some(Job::Shorten(defect, failure)) => {
                plant(Some(defect));
                let found = found(defect, &failure);
                let options = options.with(defect);
                match shorten(&options, failure.seed, Effort::Enough, &mut |_| ()) {
                    Some(shorter) => (format!("{found}\n{}", shorter.said), shorter.is_short),
                    None => (format!("{found}\n  it does not fail again"), false),
                }
            }
        };
        println!("{said}");
        locked().passed += usize::from(is_right);
    }
}

fn found(defect: Defect, failure: &Failure) -> String {
    format!("{defect:?}: found by {}", told(failure))
}

/// So many worlds for one defect are a search that is worth naming its end.
const MANY: u64 = 12;

/// What a core does next.
enum Job {
    /// Runs the world of a seed with the defect of this number.
    Look(usize, u64),
    /// Shortens the world that found a defect.
    Shorten(Defect, Failure),
}

/// The search for all of them at once. A world is run with every defect that is still to be found before the next one
/// is, so all cores have work until the last is found.
struct Search {
    shrinks: bool,
    seeds: u64,
    end: u64,
    sought: Vec<Sought>,
    found: Vec<Job>,
    passed: usize,
}

struct Sought {
    /// The world to begin with, where one is known to be likely.
    first: Option<u64>,
    next: u64,
    ran: u64,
    running: u32,
    /// By the lowest seed so far.
    failure: Option<Failure>,
}

impl Search {
    fn new(options: &Options) -> Self {
        let seeds = options.seeds();
        let sought = |defect: &Defect| Sought {
            first: likely::seed(*defect).filter(|seed| seeds.contains(seed)),
            next: seeds.start,
            ran: 0,
            running: 0,
            failure: None,
        };
        Self {
            shrinks: options.shrink,
            seeds: options.seeds,
            end: seeds.end,
            sought: Defect::ALL.iter().map(sought).collect(),
            found: Vec::new(),
            passed: 0,
        }
    }

    fn take(&mut self) -> Option<Job> {
        let sought = self.sought.iter_mut().enumerate();
        let open = sought.filter(|(_, it)| it.failure.is_none() && it.next < self.end);
        match open.min_by_key(|(_, it)| it.ran) {
            Some((index, it)) => {
                it.running += 1;
                it.ran += 1;
                let seed = it.first.take().unwrap_or_else(|| {
                    it.next += 1;
                    it.next - 1
                });
                Some(Job::Look(index, seed))
            }
            None => self.found.pop(),
        }
    }

    /// A world has ended. Says what is to be said of the defect, and whether all is as it has to be, when its search is
    /// over.
    fn looked(&mut self, index: usize, failure: Option<Failure>) -> Option<(String, bool)> {
        let (defect, it) = (Defect::ALL[index], &mut self.sought[index]);
        it.running -= 1;
        it.failure = [it.failure.take(), failure]
            .into_iter()
            .flatten()
            .min_by_key(|failure| failure.seed);
        if it.running > 0 {
            return None;
        }
        match &it.failure {
            Some(failure) if self.shrinks => {
                self.found.push(Job::Shorten(defect, failure.clone()));
                None
            }
            Some(failure) => {
                let said = found(defect, failure);
                let told = match it.ran > MANY {
                    true => format!(
                        "{said}\n  after {} worlds: planted/likely.rs can name it",
                        it.ran
                    ),
                    false => said,
                };
                Some((told, true))
            }
            None if it.next < self.end => None,
            None => {
                let said = format!("{defect:?}: not found in {} worlds", self.seeds);
                Some((said, false))
            }
        }
    }
}

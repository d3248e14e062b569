//! Defects that are planted on purpose: each has to be found by some world, and each core looks for one at a time.

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use fulmar_engine::defects::{Defect, plant};
use fulmar_simulation::{Effort, check, shrink};

use crate::options::Options;
use crate::told;

/// A shorter world that fails.
pub(crate) struct Shorter {
    pub(crate) said: String,
    /// It has at most a quarter of the acts.
    pub(crate) is_short: bool,
}

/// Finds a shorter world that fails.
pub(crate) fn shorten(options: &Options, seed: u64, effort: Effort) -> Option<Shorter> {
    let shorter = shrink(seed, effort)?;
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
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(defect) = Defect::ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (said, is_found) = find(options, *defect);
                    println!("{said}");
                    failed.fetch_add(usize::from(!is_found), Ordering::Relaxed);
                }
            });
        }
    });
    let failed = failed.into_inner();
    println!("{} passed, {failed} failed", Defect::ALL.len() - failed);
    match failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// Looks for one defect, in one thread: what is to be said of it, and whether all is as it has to be.
fn find(options: &Options, defect: Defect) -> (String, bool) {
    plant(Some(defect));
    let Some(failure) = options.seeds().find_map(|seed| check(seed).err()) else {
        let said = format!("{defect:?}: not found in {} worlds", options.seeds);
        return (said, false);
    };
    let found = format!("{defect:?}: found by {}", told(&failure));
    if !options.shrink {
        return (found, true);
    }
    match shorten(&options.with(defect), failure.seed, Effort::Enough) {
        Some(shorter) => (format!("{found}\n{}", shorter.said), shorter.is_short),
        None => (format!("{found}\n  it does not fail again"), false),
    }
}

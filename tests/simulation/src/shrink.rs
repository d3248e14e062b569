//! Finds a shorter world in which something still goes wrong: without kinds of faults, with usual settings, and with as
//! few acts as will do. It knows nothing of what goes wrong: it only runs worlds.
//!
//! Large parts go first. What goes wrong is often a race, so each part is tried in several networks of the same seed,
//! and in more of them only when no part failed in the first ones.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::{Failure, Fault, Reduction, World};

/// How many worlds are run for one failure, at most.
const MOST_RUNS: u32 = 600;
/// Which networks of the same seed are tried in which round, until the world is short enough.
const ROUNDS: [Range<u32>; 3] = [0..2, 2..6, 6..24];
/// How many are tried when single acts or kinds of faults are left out.
const LUCKS: u32 = 3;

/// How far a world is shortened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Until it is short enough.
    Enough,
    /// As far as it goes, for somebody who is going to read it.
    Utmost,
}

/// A shorter world, and what goes wrong in it.
#[derive(Debug, Clone)]
pub struct Shorter {
    /// What it is left without.
    pub reduction: Reduction,
    /// What goes wrong in it.
    pub failure: Failure,
    /// How many acts there were.
    pub before: usize,
    /// How many are left.
    pub after: usize,
    /// How many worlds were run to find it.
    pub runs: u32,
}

impl Shorter {
    /// Whether at most a quarter of the acts is left.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.after <= enough(self.before)
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// So many acts are left.
    pub left: usize,
    /// Of so many.
    pub before: usize,
    /// After so many worlds were run.
    pub runs: u32,
}

/// How many acts a short world has, at most.
fn enough(before: usize) -> usize {
    before / 4
}

/// Shortens the world of a seed that fails, from what `left` has left of it; `None` when that does not fail. Tells each
/// time it found a shorter one.
pub fn shrink(
    seed: u64,
    left: &Reduction,
    effort: Effort,
    tell: &mut dyn FnMut(Progress),
) -> Option<Shorter> {
    let world = World::reduced(seed, left);
    let times = world.times_of_acts();
    let failure = world.run().err()?;
    let acts = (0..).zip(&times).map(|(act, _)| act);
    let acts = acts.filter(|act| left.keeps(*act)).collect();
    let mut search = Search {
        seed,
        runs: 1,
        best: Reduction {
            acts: Some(acts),
            ..left.clone()
        },
        failure,
        times,
        tell,
    };
    search.until_it_failed();
    let goal = enough(search.times.len());
    for lucks in ROUNDS {
        search.drop_parts(goal, &lucks);
        search.drop_acts(goal);
    }
    if effort == Effort::Utmost {
        search.calm();
        search.drop_acts(0);
        search.calm();
    }
    Some(Shorter {
        before: search.times.len(),
        after: search.acts().len(),
        reduction: search.best,
        failure: search.failure,
        runs: search.runs,
    })
}

struct Search<'a> {
    seed: u64,
    runs: u32,
    best: Reduction,
    failure: Failure,
    /// When each act is.
    times: Vec<u64>,
    tell: &'a mut dyn FnMut(Progress),
}

impl Search<'_> {
    fn acts(&self) -> Vec<u32> {
        self.best.acts.iter().flatten().copied().collect()
    }

    fn with(&self, acts: impl IntoIterator<Item = u32>) -> Reduction {
        Reduction {
            acts: Some(acts.into_iter().collect()),
            ..self.best.clone()
        }
    }

    /// Takes a shorter world when it fails, too, in one of these networks, counted from the one that it has.
    fn take(&mut self, shorter: &Reduction, lucks: Range<u32>) -> bool {
        lucks.into_iter().any(|luck| {
            if self.runs >= MOST_RUNS {
                return false;
            }
            self.runs += 1;
            let tried = Reduction {
                luck: shorter.luck + luck,
                ..shorter.clone()
            };
            match World::reduced(self.seed, &tried).run() {
                Ok(_) => false,
                Err(failure) => {
                    let before = self.acts().len();
                    self.failure = failure;
                    self.best = tried;
                    self.told(before);
                    true
                }
            }
        })
    }

    /// Tells how far it is, when there were more acts before.
    fn told(&mut self, before: usize) {
        let left = self.acts().len();
        if left < before {
            (self.tell)(Progress {
                left,
                before: self.times.len(),
                runs: self.runs,
            });
        }
    }

    /// Leaves out what comes after the failure.
    fn until_it_failed(&mut self) {
        let at = self.failure.at;
        let before = (0..).zip(&self.times).filter(|(_, time)| **time <= at);
        let before: BTreeSet<u32> = before.map(|(act, _)| act).collect();
        if before.len() < self.times.len() {
            let shorter = self.with(before);
            self.take(&shorter, 0..1);
        }
    }

    /// Leaves out all but a part, until no more than the goal is left or no part fails.
    fn drop_parts(&mut self, goal: usize, lucks: &Range<u32>) {
        loop {
            let now = self.acts().len();
            let sizes = [goal, now / 2, now - now / 4, now - now / 8];
            let mut sizes = sizes.into_iter().filter(|size| (goal..now).contains(size));
            if !sizes.any(|size| self.take_part(size, lucks)) {
                return;
            }
        }
    }

    /// Takes the first part of a size that fails. A part is what some devices do, or what is done in some time, or
    /// something of everything.
    fn take_part(&mut self, size: usize, lucks: &Range<u32>) -> bool {
        let by_device = self.acts();
        let mut by_time = by_device.clone();
        by_time.sort_by_key(|act| self.times.get(*act as usize));
        let mut parts: Vec<_> = [by_time, by_device.clone()]
            .iter()
            .flat_map(|acts| windows(acts, size))
            .collect();
        if (1..=by_device.len() / 2).contains(&size) {
            let every = by_device.len().div_ceil(size);
            parts.extend((0..every).map(|first| {
                let acts = by_device.iter().skip(first).step_by(every);
                acts.copied().collect()
            }));
        }
        lucks.clone().any(|luck| {
            parts.iter().any(|part| {
                let shorter = self.with(part.iter().copied());
                self.take(&shorter, luck..luck + 1)
            })
        })
    }

    /// Leaves out each kind of fault, and the settings.
    fn calm(&mut self) {
        for fault in Fault::ALL {
            let mut shorter = self.best.clone();
            if shorter.calm.insert(*fault) {
                self.take(&shorter, 0..LUCKS);
            }
        }
        if !self.best.usual {
            let shorter = Reduction {
                usual: true,
                ..self.best.clone()
            };
            self.take(&shorter, 0..LUCKS);
        }
    }

    /// Leaves out acts, halves first and single ones in the end, until no more than the goal is left.
    fn drop_acts(&mut self, goal: usize) {
        let mut size = self.acts().len().div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < self.acts().len() {
                if self.acts().len() <= goal {
                    return;
                }
                let left = without(&self.acts(), &(from..from + size));
                let shorter = self.with(left);
                if !self.take(&shorter, 0..LUCKS) {
                    from += size;
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
    }
}

/// The parts of a size that lie together, each half way into the one before; of more than half the acts, those whose rest
/// lies together.
fn windows(acts: &[u32], size: usize) -> Vec<Vec<u32>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    let rest = acts.len() - size;
    let step = size.min(rest).div_ceil(2).max(1);
    match size < rest {
        true => (0..=rest)
            .step_by(step)
            .map(|from| acts[from..from + size].to_vec())
            .collect(),
        false => (0..=size)
            .step_by(step)
            .map(|from| without(acts, &(from..from + rest)))
            .collect(),
    }
}

fn without(acts: &[u32], dropped: &Range<usize>) -> Vec<u32> {
    let left = acts.iter().enumerate();
    let left = left.filter(|(index, _)| !dropped.contains(index));
    left.map(|(_, act)| *act).collect()
}

#[cfg(test)]
mod tests {
    use fulmar_engine::defects::{Defect, plant};

    use super::*;

    #[test]
    fn a_shorter_world_fails_wherever_it_is_run_again() {
        plant(Some(Defect::ForgetAtOutcome));
        let mut told = Vec::new();
        let shorter = (1..20)
            .find_map(|seed| {
                told.clear();
                let mut tell = |progress| told.push(progress);
                shrink(seed, &Reduction::default(), Effort::Enough, &mut tell)
            })
            .unwrap();
        let last = told.last().unwrap();
        assert_eq!((last.left, last.before), (shorter.after, shorter.before));
        assert!(told.windows(2).all(|two| two[1].left < two[0].left));
        assert!(shorter.is_short(), "{shorter:?}");
        let Failure { seed, at, what } = &shorter.failure;
        let again = World::reduced(*seed, &shorter.reduction).run().unwrap_err();
        assert_eq!((again.at, &again.what), (*at, what));
        // What is short already is shortened from where it is.
        let shrink = |left| shrink(*seed, left, Effort::Enough, &mut |_| ());
        let further = shrink(&shorter.reduction).unwrap();
        assert!(further.after <= shorter.after, "{further:?}");
        plant(None);
        assert!(World::reduced(*seed, &shorter.reduction).run().is_ok());
        assert!(shrink(&Reduction::default()).is_none());
    }

    #[test]
    fn a_window_is_a_part_that_lies_together_or_whose_rest_does() {
        let acts: Vec<u32> = (0..8).collect();
        assert_eq!(windows(&acts, 2).len(), 7);
        assert_eq!(windows(&acts, 2)[6], [6, 7]);
        assert_eq!(windows(&acts, 6).len(), 7);
        assert_eq!(windows(&acts, 6)[0], [2, 3, 4, 5, 6, 7]);
        assert_eq!(windows(&acts, 0), [Vec::<u32>::new()]);
        for size in 0..8 {
            let parts = windows(&acts, size);
            assert!(parts.iter().all(|part| part.len() == size), "{size}");
        }
    }
}

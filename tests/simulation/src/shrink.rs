//! Finds a shorter world in which something still goes wrong: without kinds of faults, with usual settings, and with as
//! few acts as will do. It knows nothing of what goes wrong: it only runs worlds.

use std::collections::BTreeSet;

use crate::{Failure, Fault, Reduction, World};

/// How many worlds are run for one failure, at most.
const MOST_RUNS: u32 = 600;
/// How many networks of the same seed are tried for each shorter world.
const LUCKS: u32 = 3;

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
}

/// Shortens the world of a seed that fails; `None` when it does not fail.
#[must_use]
pub fn shrink(seed: u64) -> Option<Shorter> {
    let world = World::new(seed);
    let all: BTreeSet<u32> = (0..world.acts()).collect();
    let failure = world.run().err()?;
    let before = all.len();
    let mut search = Search {
        seed,
        runs: 0,
        best: Reduction {
            acts: Some(all),
            ..Reduction::default()
        },
        failure,
    };
    search.calm();
    search.drop_acts();
    search.calm();
    let after = search.acts().len();
    Some(Shorter {
        reduction: search.best,
        failure: search.failure,
        before,
        after,
    })
}

struct Search {
    seed: u64,
    runs: u32,
    best: Reduction,
    failure: Failure,
}

impl Search {
    fn acts(&self) -> Vec<u32> {
        self.best.acts.iter().flatten().copied().collect()
    }

    /// Takes a shorter world when it fails, too, in this network or another.
    fn take(&mut self, shorter: &Reduction) -> bool {
        for luck in 0..LUCKS {
            if self.runs >= MOST_RUNS {
                return false;
            }
            self.runs += 1;
            let tried = Reduction {
                luck: shorter.luck + luck,
                ..shorter.clone()
            };
            if let Err(failure) = World::reduced(self.seed, &tried).run() {
                self.failure = failure;
                self.best = tried;
                return true;
            }
        }
        false
    }

    /// Leaves out each kind of fault, and the settings.
    fn calm(&mut self) {
        for fault in Fault::ALL {
            let mut shorter = self.best.clone();
            if shorter.calm.insert(*fault) {
                self.take(&shorter);
            }
        }
        if !self.best.usual {
            let shorter = Reduction {
                usual: true,
                ..self.best.clone()
            };
            self.take(&shorter);
        }
    }

    /// Leaves out acts: halves first, single ones in the end.
    fn drop_acts(&mut self) {
        let mut size = self.acts().len().div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < self.acts().len() {
                let acts = self.acts();
                let left = acts.iter().enumerate().filter(|(index, _)| {
                    let dropped = from..from + size;
                    !dropped.contains(index)
                });
                let shorter = Reduction {
                    acts: Some(left.map(|(_, act)| *act).collect()),
                    ..self.best.clone()
                };
                if !self.take(&shorter) {
                    from += size;
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
    }
}

#[cfg(test)]
mod tests {
    use fulmar_engine::defects::{Defect, plant};

    use super::*;

    #[test]
    fn a_shorter_world_fails_wherever_it_is_run_again() {
        plant(Some(Defect::ForgetAtOutcome));
        let shorter = (1..20).find_map(shrink).unwrap();
        assert!(shorter.after * 4 <= shorter.before, "{shorter:?}");
        let Failure { seed, at, what } = &shorter.failure;
        let again = World::reduced(*seed, &shorter.reduction).run().unwrap_err();
        assert_eq!((again.at, &again.what), (*at, what));
        plant(None);
        assert!(World::reduced(*seed, &shorter.reduction).run().is_ok());
        assert!(shrink(*seed).is_none());
    }
}

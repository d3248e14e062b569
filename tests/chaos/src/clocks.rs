//! What time a process believes it is, by libfaketime. The monotonic clock stays true: a wrong wall clock is what devices
//! have, a wrong monotonic one is a broken kernel.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use fastrand::Rng;

use crate::trouble::{Outcome, machine};

/// A clock is wrong by less than this: ten years.
const FURTHEST_SECONDS: i64 = 10 * 365 * 24 * 60 * 60;

/// The clock of one device.
#[derive(Debug)]
pub(crate) enum Clock {
    True,
    /// By what the file says, which is read again every second.
    Wrong {
        library: PathBuf,
        file: PathBuf,
    },
}

impl Clock {
    /// One that is wrong, where there is a library for it.
    pub(crate) fn new(library: Option<&Path>, file: PathBuf) -> Outcome<Self> {
        let Some(library) = library else {
            return Ok(Self::True);
        };
        fs::write(&file, "+0\n").map_err(machine)?;
        Ok(Self::Wrong {
            library: library.to_owned(),
            file,
        })
    }

    /// Sets it, forward or back, also under a process that runs. Whether there is anything to set.
    pub(crate) fn jump(&self, rng: &mut Rng) -> Outcome<bool> {
        match self {
            Self::True => Ok(false),
            Self::Wrong { file, .. } => {
                let seconds = offset(rng);
                // Whole at any time: it is read meanwhile.
                let next = file.with_extension("next");
                fs::write(&next, format!("{seconds:+}\n")).map_err(machine)?;
                fs::rename(&next, file).map_err(machine)?;
                Ok(true)
            }
        }
    }

    /// What a process needs around it to see this clock.
    pub(crate) fn environment(&self) -> Vec<(&'static str, OsString)> {
        match self {
            Self::True => Vec::new(),
            Self::Wrong { library, file } => vec![
                ("LD_PRELOAD", library.into()),
                ("FAKETIME_TIMESTAMP_FILE", file.into()),
                ("FAKETIME_CACHE_DURATION", "1".into()),
                ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            ],
        }
    }
}

/// Seconds, minutes, days or years, before or after, each as likely as another.
fn offset(rng: &mut Rng) -> i64 {
    let range = [60, 60 * 60, 30 * 24 * 60 * 60, FURTHEST_SECONDS];
    let range = range[rng.usize(..range.len())];
    rng.i64(-range..range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_a_signed_number_of_seconds_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock");
        let clock = Clock::new(Some(Path::new("libfaketime.so.1")), file.clone()).unwrap();
        let mut rng = Rng::with_seed(5);
        let mut signs = String::new();
        for _ in 0..40 {
            assert!(clock.jump(&mut rng).unwrap());
            let told = fs::read_to_string(&file).unwrap();
            let seconds: i64 = told.trim_end().parse().unwrap();
            assert!(seconds.abs() <= FURTHEST_SECONDS);
            signs.push_str(&told[..1]);
        }
        assert!(signs.contains('+') && signs.contains('-'));
    }

    #[test]
    fn without_a_library_the_clock_is_true() {
        let clock = Clock::new(None, PathBuf::from("nowhere")).unwrap();
        assert!(clock.environment().is_empty());
        assert!(!clock.jump(&mut Rng::with_seed(1)).unwrap());
    }
}

//! What time it is at the server, as far as that can be believed: by this clock the age of what may have been
//! applied is measured.
//!
//! While a process runs, its own steady clock says how much time has passed since the server's last word. A word
//! that contradicts it is believed only when the next one agrees with it, and then the server's clock was set,
//! which makes nothing older or younger. How long no process ran, only the server can say.

use std::time::Duration;

use fulmar_protocol::Timestamp;

use crate::time::Mono;

/// How far a word may be from what is expected: for answers that are slow, and clocks that drift.
const TOLERANCE: Duration = Duration::from_secs(60 * 60);
/// The end of the year 9999. A word beyond it, or from before 1970, is taken as the nearest that can be.
const LATEST: i64 = 253_402_300_799_999;

#[derive(Debug, Default)]
pub(super) struct ServerClock {
    believed: Option<Timestamp>,
    /// When that was; `None` in a process to which the server has not said it.
    since: Option<Mono>,
    /// The last word, where it contradicts that, and when it came.
    doubted: Option<(Timestamp, Mono)>,
}

impl ServerClock {
    /// As an earlier process has left it.
    pub(super) fn of(stored: Option<Timestamp>) -> Self {
        Self {
            believed: stored.map(possible),
            ..Self::default()
        }
    }

    /// What time it is there now; nothing before the first word.
    pub(super) fn at(&self, now: Mono) -> Option<Timestamp> {
        let passed = self.since.map_or(Duration::ZERO, |since| now.until(since));
        self.believed.map(|time| time.plus(passed))
    }

    /// The server says what time it is there. Returns by how many milliseconds its clock was set: moments that
    /// were read from it are later by that now.
    pub(super) fn said(&mut self, word: Timestamp, now: Mono) -> i64 {
        let word = possible(word);
        let confirms =
            |(doubted, at): (Timestamp, Mono)| is_near(word, doubted.plus(now.until(at)));
        let doubted = self.doubted.take();
        let (believed, set_by) = match (self.at(now), self.since) {
            (None, _) => (word, 0),
            // Nobody here knows how long no process ran, only that it was no time before the last word.
            (Some(last), None) => (word, (word.0 - last.0).min(0)),
            (Some(expected), Some(_)) if is_near(word, expected) => (expected, 0),
            (Some(expected), Some(_)) if doubted.is_some_and(confirms) => {
                (word, word.0 - expected.0)
            }
            (Some(expected), Some(_)) => {
                self.doubted = Some((word, now));
                (expected, 0)
            }
        };
        self.believed = Some(believed);
        self.since = Some(now);
        set_by
    }
}

fn possible(word: Timestamp) -> Timestamp {
    Timestamp(word.0.clamp(0, LATEST))
}

fn is_near(one: Timestamp, other: Timestamp) -> bool {
    one.since(other).max(other.since(one)) <= TOLERANCE
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// After the first word of a process, no word makes more or less time pass than has passed.
        #[test]
        fn no_word_makes_anything_older_or_younger(
            stored in any::<Option<i64>>(),
            words in prop::collection::vec((any::<i64>(), 0..10_000_000_000u64), 1..20),
        ) {
            let mut clock = ServerClock::of(stored.map(Timestamp));
            let mut now = Mono(7);
            clock.said(Timestamp(words[0].0), now);
            let mut tried_at = clock.at(now).unwrap().0;
            let mut age = 0;
            for (word, later) in words {
                now = now.plus(Duration::from_millis(later));
                age += i64::try_from(later).unwrap();
                tried_at += clock.said(Timestamp(word), now);
                prop_assert_eq!(clock.at(now).unwrap().0 - tried_at, age);
            }
        }
    }
}

//! Clocks on the wall: those of devices and of the server differ from the start, by up to years, and go at their own
//! pace. Only the clock that measures waits is right.

use fastrand::Rng;

use crate::storm::{Fault, Storm};

const HOUR: i64 = 60 * 60 * 1000;

/// What a clock shows beside the time, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    pub(crate) ahead: i64,
    /// Of a thousand milliseconds it shows so many more.
    gains: i64,
}

impl Clock {
    /// One of those that a world begins with.
    pub(crate) fn of(rng: &mut Rng, storm: &Storm) -> Self {
        let mut clock = Self::default();
        if storm.level(Fault::Clock) > 0 {
            clock.ahead = away(rng);
            clock.gains = [0, 0, 1, -1, 50, -50][rng.usize(0..6)];
        }
        clock
    }

    /// What it shows at a moment of the virtual time, since the beginning of the world.
    pub(crate) fn shows(self, time: u64) -> i64 {
        let time = i64::try_from(time).unwrap_or(i64::MAX);
        time + time * self.gains / 1000 + self.ahead
    }

    /// Somebody sets it.
    pub(crate) fn jump(&mut self, rng: &mut Rng) {
        self.ahead = away(rng);
    }
}

/// Minutes, a day, or years.
fn away(rng: &mut Rng) -> i64 {
    let most = [2 * HOUR, 24 * HOUR, 4 * 365 * 24 * HOUR][rng.usize(0..3)];
    rng.i64(-most..most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_gains_shows_more_with_time() {
        let clock = Clock {
            ahead: -7,
            gains: 50,
        };
        assert_eq!(clock.shows(0), -7);
        assert_eq!(clock.shows(20_000), 20_993);
    }
}

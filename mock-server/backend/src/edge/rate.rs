//! How often something was done within a second. It refuses nothing itself, and keeps two numbers, whatever comes.

use std::time::Duration;

use fulmar_protocol::Timestamp;

const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    began: Timestamp,
    times: u32,
}

impl Rate {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            began: now,
            times: 0,
        }
    }

    /// It was done once more: how often that makes in this second.
    pub(super) fn count(&mut self, now: Timestamp) -> u32 {
        // A clock that was set back begins another second.
        if now < self.began || now.since(self.began) >= SECOND {
            *self = Self::new(now);
        }
        self.times = self.times.saturating_add(1);
        self.times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_counted_for_itself_also_when_the_clock_is_set_back() {
        let now = Timestamp(1_000_000);
        let mut rate = Rate::new(now);
        assert_eq!([rate.count(now), rate.count(now.plus(SECOND / 2))], [1, 2]);
        assert_eq!(rate.count(now.plus(SECOND)), 1);
        assert_eq!(rate.count(now), 1);
        assert_eq!(rate.count(now), 2);
    }
}

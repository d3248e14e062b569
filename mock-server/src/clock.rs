//! The clock of a world: real time and as much more as the test says, or a clock that stands until the test moves
//! it. Everything that waits in a world waits on it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fulmar_protocol::Timestamp;
use tokio::sync::watch;

/// The last time that a JSON number tells (PROTOCOL.md §2.3). A clock stops there: beyond the last one a wait would
/// be over before it began, and a loop of waits would never rest.
const LATEST: i64 = (1 << 53) - 1;

#[derive(Debug)]
pub(crate) struct Clock(watch::Sender<Reading>);

#[derive(Debug, Clone, Copy)]
enum Reading {
    Running { ahead_ms: i64 },
    Stepped { at: Timestamp },
}

impl Default for Clock {
    fn default() -> Self {
        Self(watch::Sender::new(Reading::Running { ahead_ms: 0 }))
    }
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        self.0.borrow().now()
    }

    /// Stands from now on, until it is advanced.
    pub(crate) fn stop(&self) {
        self.0
            .send_modify(|reading| *reading = Reading::Stepped { at: reading.now() });
    }

    /// Runs from where it stands.
    pub(crate) fn start(&self) {
        self.0.send_modify(|reading| {
            let ahead_ms = reading.now().0.saturating_sub(real().0);
            *reading = Reading::Running { ahead_ms };
        });
    }

    /// Whether time passes only when the test says so.
    pub(crate) fn is_stepped(&self) -> bool {
        matches!(*self.0.borrow(), Reading::Stepped { .. })
    }

    pub(crate) fn advance(&self, by: Duration) {
        let by = millis(by);
        self.0.send_modify(|reading| match reading {
            Reading::Running { ahead_ms } => {
                *ahead_ms = ahead_ms.saturating_add(by).min(LATEST - real().0);
            }
            Reading::Stepped { at } => at.0 = at.0.saturating_add(by).min(LATEST),
        });
    }

    pub(crate) async fn sleep(&self, wait: Duration) {
        if !wait.is_zero() {
            let until = self.now().0.saturating_add(millis(wait));
            self.sleep_until(Timestamp(until)).await;
        }
    }

    pub(crate) async fn sleep_until(&self, until: Timestamp) {
        let mut readings = self.0.subscribe();
        loop {
            let reading = *readings.borrow_and_update();
            let left = u64::try_from(until.0.saturating_sub(reading.now().0)).unwrap_or(0);
            if left == 0 {
                return;
            }
            // The sender is in this clock, so a change is the only end of waiting for one.
            match reading {
                Reading::Running { .. } => {
                    let passed = tokio::time::sleep(Duration::from_millis(left));
                    tokio::select! {
                        () = passed => {}
                        _ = readings.changed() => {}
                    }
                }
                Reading::Stepped { .. } => {
                    let _ = readings.changed().await;
                }
            }
        }
    }
}

impl Reading {
    fn now(self) -> Timestamp {
        match self {
            Self::Running { ahead_ms } => Timestamp(real().0.saturating_add(ahead_ms)),
            Self::Stepped { at } => at,
        }
    }
}

fn real() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis());
    Timestamp(i64::try_from(since).unwrap_or(i64::MAX))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Clock, LATEST};
    use std::time::Duration;

    #[tokio::test]
    async fn a_stopped_clock_moves_only_when_it_is_told_to() {
        let clock = Clock::default();
        clock.stop();
        let before = clock.now();
        let hour = Duration::from_secs(3600);
        let waiting = clock.sleep(hour);
        tokio::pin!(waiting);
        assert!(futures_util::poll!(&mut waiting).is_pending());
        clock.advance(hour / 2);
        assert!(futures_util::poll!(&mut waiting).is_pending());
        clock.advance(hour / 2);
        waiting.await;
        assert_eq!(clock.now().since(before), hour);
        clock.start();
        assert!(clock.now().since(before) >= hour);
    }

    #[tokio::test]
    async fn at_the_end_of_time_a_wait_is_still_a_wait() {
        let clock = Clock::default();
        for stepped in [false, true] {
            if stepped {
                clock.stop();
            }
            clock.advance(Duration::MAX);
            assert!(clock.now().0 >= LATEST && clock.now().0 < LATEST + 60_000);
            let mut waiting = std::pin::pin!(clock.sleep(Duration::from_secs(1)));
            assert!(futures_util::poll!(&mut waiting).is_pending());
        }
    }
}

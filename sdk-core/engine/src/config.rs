//! What an app can tune. Every default is the one that REQUIREMENTS of a phone app ask for.

use std::time::Duration;

use crate::defects::{self, Defect};
use crate::time::Mono;

/// How long to wait between tries: exponential with jitter (PROTOCOL.md §3.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The upper bound of the first wait. Default: 1 s.
    pub first: Duration,
    /// The upper bound of every wait. Default: 30 s.
    pub cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            cap: Duration::from_secs(30),
        }
    }
}

impl Backoff {
    /// The wait after the failure number `attempt` (from 1): between half of
    /// `min(cap, first × 2^(attempt-1))` and all of it, so that a crowd of clients does not return as one.
    pub(crate) fn wait(&self, attempt: u32, rng: &mut fastrand::Rng) -> Duration {
        let attempt = if defects::active(Defect::Restless) {
            1
        } else {
            attempt
        };
        let doubled = 1u32
            .checked_shl(attempt.saturating_sub(1))
            .and_then(|factor| self.first.checked_mul(factor))
            .unwrap_or(self.cap);
        let bound = crate::time::millis(doubled.min(self.cap));
        Duration::from_millis(rng.u64(bound / 2..=bound))
    }

    /// The moment after such a wait, or after the wait that the server asked for if that is longer: a server that
    /// asks to be tried again at once is not.
    pub(crate) fn until(
        &self,
        attempt: u32,
        asked_ms: Option<u64>,
        now: Mono,
        rng: &mut fastrand::Rng,
    ) -> Mono {
        let asked = Duration::from_millis(asked_ms.unwrap_or_default()).min(LONGEST_ASKED);
        now.plus(self.wait(attempt, rng).max(asked))
    }
}

/// The longest wait that a server can ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);

/// What happens behind a message that failed for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailurePolicy {
    /// Later messages of the conversation wait until the app retries or discards it. People expect
    /// order or nothing.
    #[default]
    Hold,
    /// Later messages go out.
    Skip,
}

/// How much history stays on a device. What goes is fetched again when somebody looks.
///
/// Messages that are unsent, unread or about to be changed always stay, and so do the newest 50 of each
/// conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// At most so many messages of each conversation. Default: all.
    pub messages_per_conversation: Option<u32>,
    /// At most about so many bytes of messages in all: the oldest go first. Default: all.
    pub total_bytes: Option<u64>,
}

/// Settings of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Waits between tries to connect, to submit again and to fetch again.
    pub backoff: Backoff,
    /// How many operations may wait in the outbox before a command is refused. Default: 10,000.
    pub outbox_capacity: u32,
    /// What a failed message does to those behind it.
    pub failure_policy: FailurePolicy,
    /// How long an answer may take before the request counts as lost. Default: 20 s.
    pub answer_timeout: Duration,
    /// How long the app's token provider may take before it is asked again. Default: 30 s.
    pub token_timeout: Duration,
    /// How long a pong may take before the connection counts as dead. Default: 10 s.
    pub pong_timeout: Duration,
    /// How many times in a row the socket must fail before HTTP takes over. Default: 2.
    pub fallback_after: u32,
    /// How often HTTP asks for events while it stands in for the socket. Default: 5 s.
    pub poll_interval: Duration,
    /// A token is refreshed when less than this is left of it. Default: 60 s, and never more than
    /// a fifth of its life.
    pub refresh_ahead: Duration,
    /// How much history stays on this device. Default: all of it.
    pub retention: Retention,
    /// How many bytes of files stay on this device: those that were used last. Files of messages that the
    /// server has not confirmed always stay. Default: 512 MiB.
    pub file_cache_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            backoff: Backoff::default(),
            outbox_capacity: 10_000,
            failure_policy: FailurePolicy::Hold,
            answer_timeout: Duration::from_secs(20),
            token_timeout: Duration::from_secs(30),
            pong_timeout: Duration::from_secs(10),
            fallback_after: 2,
            poll_interval: Duration::from_secs(5),
            refresh_ahead: Duration::from_secs(60),
            retention: Retention::default(),
            file_cache_bytes: 512 * 1024 * 1024,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Backoff;
    use std::time::Duration;

    #[test]
    fn waits_double_up_to_the_cap_and_lie_in_their_upper_half() {
        let backoff = Backoff::default();
        let mut rng = fastrand::Rng::with_seed(1);
        for (attempt, bound) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (90, 30)] {
            let waits: Vec<_> = (0..500).map(|_| backoff.wait(attempt, &mut rng)).collect();
            let bound = Duration::from_secs(bound);
            assert!(
                waits
                    .iter()
                    .all(|wait| *wait <= bound && *wait >= bound / 2)
            );
            assert!(waits.iter().any(|wait| *wait > bound.mul_f64(0.9)));
            assert!(waits.iter().any(|wait| *wait < bound.mul_f64(0.6)));
        }
    }
}

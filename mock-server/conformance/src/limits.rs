//! The bounds of the judge itself: how long it takes, and how much it makes up, whatever a backend does and says.

use std::time::{Duration, Instant};

use crate::wire::{WireError, wire};

/// A check that is not over in this time has failed.
const CHECK: Duration = Duration::from_secs(60);
/// The same for all checks together.
const RUN: Duration = Duration::from_secs(60 * 60);
/// How many bytes a text, a frame or a part of a file may have that is made up by a limit of the backend.
pub(crate) const MOST_BYTES: usize = 16 << 20;
/// How many messages or operations are made up by a limit of the backend.
pub(crate) const MOST_THINGS: usize = 1_000;

/// How long the judge takes at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) check: Duration,
    pub(crate) run: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            check: CHECK,
            run: RUN,
        }
    }
}

/// Ends each check in its time, and all of them in theirs.
pub(crate) struct Clock {
    limits: Limits,
    began: Instant,
}

impl Clock {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            began: Instant::now(),
        }
    }

    pub(crate) async fn within<T>(
        &self,
        check: impl Future<Output = Result<T, WireError>>,
    ) -> Result<T, WireError> {
        let left = self.limits.run.saturating_sub(self.began.elapsed());
        let reason = match left < self.limits.check {
            true => format!("all checks together are not over in {:?}", self.limits.run),
            false => format!("the check is not over in {:?}", self.limits.check),
        };
        tokio::time::timeout(left.min(self.limits.check), check)
            .await
            .unwrap_or_else(|_| Err(wire(reason)))
    }
}

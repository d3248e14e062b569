//! The engine's notion of time: two clocks and a little entropy, handed in with every batch.

use std::fmt;
use std::time::Duration;

use fulmar_protocol::Timestamp;

/// A reading of a monotonic clock that also counts while the machine is suspended, in milliseconds
/// since some fixed moment. Only differences mean anything, and only within one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mono(pub u64);

impl Mono {
    /// This moment and a while.
    #[must_use]
    pub fn plus(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(millis(wait)))
    }

    /// How long it is from now until this moment; zero when it has passed.
    #[must_use]
    pub fn until(self, now: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(now.0))
    }
}

impl fmt::Display for Mono {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}ms", self.0)
    }
}

/// What the engine is told about the moment in which it handles a batch.
///
/// Waiting is measured on [`mono`](Self::mono), because wall clocks jump; what people see and what
/// is stored is on [`wall`](Self::wall).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The wall clock.
    pub wall: Timestamp,
    /// The waiting clock.
    pub mono: Mono,
    /// Fresh random bits, for jitter only. The same bits give the same effects.
    pub entropy: u64,
}

impl Now {
    /// The wall-clock time of a moment on the waiting clock.
    #[must_use]
    pub fn wall_at(&self, at: Mono) -> Timestamp {
        self.wall.plus(at.until(self.mono))
    }
}

pub(crate) fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}

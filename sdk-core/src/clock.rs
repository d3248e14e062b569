//! The two clocks and the randomness that the engine is handed.

use std::time::{SystemTime, UNIX_EPOCH};

use fulmar_engine::{Mono, Now};
use fulmar_protocol::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// The clock that also counts while the machine is suspended: a phone that slept an hour is to
/// reconnect now, not in an hour.
#[cfg(any(target_os = "linux", target_os = "android"))]
const WAITING_CLOCK: ClockId = ClockId::Boottime;
/// On Apple's systems this one counts suspended time.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const WAITING_CLOCK: ClockId = ClockId::Monotonic;

pub(crate) fn now() -> Now {
    let waiting = clock_gettime(WAITING_CLOCK);
    let seconds = u64::try_from(waiting.tv_sec).unwrap_or_default();
    let millis = u64::try_from(waiting.tv_nsec / 1_000_000).unwrap_or_default();
    Now {
        wall: wall(),
        mono: Mono(seconds * 1000 + millis),
        entropy: random::<8>().map(u64::from_ne_bytes).unwrap_or_default(),
    }
}

pub(crate) fn wall() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis());
    Timestamp(i64::try_from(since).unwrap_or(i64::MAX))
}

/// Random bytes of the system; `None` when it has none to give.
pub(crate) fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).ok().map(|()| bytes)
}

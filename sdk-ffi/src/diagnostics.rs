//! What is alive on this side: for finding leaks.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Count;

static CLIENTS: AtomicU64 = AtomicU64::new(0);
static WATCHERS: AtomicU64 = AtomicU64::new(0);

/// What the SDK holds in this process at one moment, for an app that looks for a leak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Diagnostics {
    /// Clients that were opened and are still held by somebody.
    pub clients: Count,
    /// Live queries that somebody still watches.
    pub watchers: Count,
}

/// What the SDK holds in this process at this moment.
#[uniffi::export]
pub fn diagnostics() -> Diagnostics {
    Diagnostics {
        clients: Count(CLIENTS.load(Ordering::SeqCst)),
        watchers: Count(WATCHERS.load(Ordering::SeqCst)),
    }
}

/// Counts one thing from its making to its end.
#[derive(Debug)]
pub(crate) struct Counted(&'static AtomicU64);

impl Counted {
    pub(crate) fn client() -> Self {
        Self::one_more(&CLIENTS)
    }

    pub(crate) fn watcher() -> Self {
        Self::one_more(&WATCHERS)
    }

    fn one_more(counter: &'static AtomicU64) -> Self {
        counter.fetch_add(1, Ordering::SeqCst);
        Self(counter)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

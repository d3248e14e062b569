//! How many drivers this process has, for one whose language cannot end while a thread of theirs calls into it.
//! It must never keep a driver running.

use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// The drivers of this process.
struct Drivers {
    state: Mutex<State>,
    fewer: Condvar,
    /// Whether all are to end.
    over: watch::Sender<bool>,
}

struct State {
    running: usize,
    over: bool,
}

static DRIVERS: LazyLock<Drivers> = LazyLock::new(|| Drivers {
    state: Mutex::new(State {
        running: 0,
        over: false,
    }),
    fewer: Condvar::new(),
    over: watch::Sender::new(false),
});

/// One driver, from before its thread begins until it has nothing to do but end.
#[derive(Debug)]
pub(super) struct Running(());

impl Running {
    /// One more, unless all are to end.
    pub(super) fn begin() -> Option<Self> {
        let mut state = lock();
        if state.over {
            return None;
        }
        state.running += 1;
        Some(Self(()))
    }

    /// Tells when all are to end.
    pub(super) fn over() -> watch::Receiver<bool> {
        DRIVERS.over.subscribe()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        lock().running -= 1;
        DRIVERS.fewer.notify_all();
    }
}

/// Ends every client of this process, also those that were dropped or are just being built, and returns when none of
/// their threads calls anybody any more. Blocks. No client can be built afterwards: that fails with
/// [`OpenError::Unusable`]. Does not wait for the network.
///
/// For the very end of a process, where a language's own runtime goes away and must not be called any more.
///
/// [`OpenError::Unusable`]: crate::OpenError::Unusable
pub fn end_all_clients() {
    lock().over = true;
    DRIVERS.over.send_replace(true);
    let mut state = lock();
    while state.running > 0 {
        // Two numbers: a panic elsewhere leaves nothing half done in them.
        state = DRIVERS
            .fewer
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner);
    }
}

fn lock() -> MutexGuard<'static, State> {
    DRIVERS.state.lock().unwrap_or_else(PoisonError::into_inner)
}

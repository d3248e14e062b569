//! How many drivers run, for one whose language cannot end while a thread of theirs calls into it. It must never keep a
//! driver running.

use tokio::sync::watch;

use super::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The drivers of a process.
#[derive(Debug)]
pub(super) struct Drivers {
    state: Mutex<State>,
    fewer: Condvar,
    /// Whether all are to end.
    over: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    running: usize,
    over: bool,
}

/// One driver, from before its thread begins until it has nothing to do but end.
#[derive(Debug)]
pub(super) struct Running(&'static Drivers);

impl Drivers {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                running: 0,
                over: false,
            }),
            fewer: Condvar::new(),
            over: watch::channel(false).0,
        }
    }

    /// One more, unless all are to end.
    pub(super) fn begin(&'static self) -> Option<Running> {
        let mut state = self.lock();
        if state.over {
            return None;
        }
        state.running += 1;
        Some(Running(self))
    }

    /// Tells when all are to end.
    pub(super) fn over(&self) -> watch::Receiver<bool> {
        self.over.subscribe()
    }

    /// Ends all, lets none begin, and returns when none runs.
    pub(super) fn end_all(&self) {
        self.lock().over = true;
        self.over.send_replace(true);
        let mut state = self.lock();
        while state.running > 0 {
            // Two numbers: a panic elsewhere leaves nothing half done in them.
            state = self
                .fewer
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.lock().running -= 1;
        self.0.fewer.notify_all();
    }
}

//! Hints for which the mailbox to the driver had no room. They arrive in the order in which they were given, because
//! the last word about the network or the app is what is true. A command must not wait here.

use std::collections::VecDeque;

use fulmar_engine::Input;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::setup::Request;
use super::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
pub(super) struct LateHints(Mutex<VecDeque<Request>>);

impl LateHints {
    /// Puts a hint into the mailbox, or behind those that wait for room; that somebody types goes unheard then. True
    /// when it is the first that waits: then somebody has to call `hand_over`.
    pub(super) fn put(&self, mailbox: &mpsc::Sender<Request>, hint: Input) -> bool {
        let passing = matches!(hint, Input::Typing { .. });
        let mut waiting = self.lock();
        let is_first = waiting.is_empty();
        let hint = Request::Hint(hint);
        let late = if is_first {
            match mailbox.try_send(hint) {
                Err(TrySendError::Full(hint)) => hint,
                // It has arrived, or nobody hears it any more.
                Ok(()) | Err(TrySendError::Closed(_)) => return false,
            }
        } else {
            hint
        };
        if passing {
            return false;
        }
        waiting.push_back(late);
        is_first
    }

    /// Puts into the mailbox what waits, each when there is room, until nothing waits.
    pub(super) async fn hand_over(&self, mailbox: &mpsc::Sender<Request>) {
        while let Ok(room) = mailbox.reserve().await {
            // None passes while this is held.
            let mut waiting = self.lock();
            if let Some(hint) = waiting.pop_front() {
                room.send(hint);
            }
            if waiting.is_empty() {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Request>> {
        // Whole requests: a panic elsewhere leaves nothing half done in it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

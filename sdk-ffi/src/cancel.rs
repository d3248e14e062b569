//! Giving up a call from the other side.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::watch;

use crate::CommandError;

/// Ends the calls that it was handed to. Swift's tasks need it: cancelling one does not reach the
/// future that it awaits.
#[derive(Debug, uniffi::Object)]
pub struct CancelHandle {
    cancelled: watch::Sender<bool>,
}

#[uniffi::export]
impl CancelHandle {
    /// One for a call, or for several.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            cancelled: watch::Sender::new(false),
        })
    }

    /// Ends the calls that have it, now and from now on.
    pub fn cancel(&self) {
        self.cancelled.send_replace(true);
    }
}

/// The outcome of a future, or `None` when it was given up before.
pub(crate) async fn unless_cancelled<T>(
    cancel: Option<Arc<CancelHandle>>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let Some(cancel) = cancel else {
        return Some(work.await);
    };
    let mut cancelled = cancel.cancelled.subscribe();
    tokio::select! {
        biased;
        _ = cancelled.wait_for(|cancelled| *cancelled) => None,
        outcome = work => Some(outcome),
    }
}

/// A command that can be given up.
pub(crate) async fn cancellable<T>(
    cancel: Option<Arc<CancelHandle>>,
    command: impl Future<Output = Result<T, fulmar::CommandError>>,
) -> Result<T, CommandError> {
    unless_cancelled(cancel, command)
        .await
        .ok_or(CommandError::Cancelled)?
        .map_err(Into::into)
}

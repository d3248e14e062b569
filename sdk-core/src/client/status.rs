//! Connection and session, live.

use fulmar_engine::{ConnectionState, SessionState};
use tokio::sync::watch;

use crate::error::WatchError;

macro_rules! status {
    ($(#[$doc:meta])* $name:ident of $state:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            states: watch::Receiver<$state>,
            ended: watch::Receiver<bool>,
        }

        impl $name {
            pub(super) fn new(
                mut states: watch::Receiver<$state>,
                ended: watch::Receiver<bool>,
            ) -> Self {
                // The first `next` gives the state as it is.
                states.mark_changed();
                Self { states, ended }
            }

            /// The state at this moment.
            #[must_use]
            pub fn current(&self) -> $state {
                self.states.borrow().clone()
            }

            /// Waits until the state is another one, and gives the newest; the first time at once.
            /// States in between may be skipped. Safe to cancel. Does not wait for the network.
            ///
            /// # Errors
            /// [`WatchError::Closed`] when the client is.
            pub async fn next(&mut self) -> Result<$state, WatchError> {
                tokio::select! {
                    biased;
                    _ = self.ended.wait_for(|ended| *ended) => Err(WatchError::Closed),
                    changed = self.states.changed() => {
                        changed.map_err(|_| WatchError::Closed)?;
                        Ok(self.states.borrow_and_update().clone())
                    }
                }
            }
        }
    };
}

status! {
    /// A live view of the connection: what it is, why, and when it is tried next.
    ConnectionWatch of ConnectionState
}
status! {
    /// A live view of the session.
    SessionWatch of SessionState
}

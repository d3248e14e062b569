//! Who is there.

use fulmar_protocol::{Presence, UserId};
use tokio::sync::watch;

use super::Client;
use crate::error::WatchError;
use crate::runtime::PresentNow;

impl Client {
    /// Whether a user is there, on any of their devices, live. It is unknown for a user who shares no
    /// conversation with this user, and while there is no connection. PROTOCOL.md §3.11.
    #[must_use]
    pub fn presence(&self, user: &UserId) -> PresenceWatch {
        PresenceWatch {
            user: user.clone(),
            now: self.runtime().present.clone(),
            ended: self.runtime().ended(),
            shown: None,
        }
    }
}

/// A live view of whether somebody is there.
#[derive(Debug, Clone)]
pub struct PresenceWatch {
    user: UserId,
    now: watch::Receiver<PresentNow>,
    ended: watch::Receiver<bool>,
    shown: Option<Presence>,
}

impl PresenceWatch {
    /// Waits until it is different, and gives it; the first time at once. States in between may be
    /// skipped. Safe to cancel. Does not wait for the network.
    ///
    /// # Errors
    /// [`WatchError::Closed`] when the client is.
    pub async fn next(&mut self) -> Result<Presence, WatchError> {
        loop {
            if *self.ended.borrow() {
                return Err(WatchError::Closed);
            }
            let presence = self
                .now
                .borrow_and_update()
                .get(&self.user)
                .copied()
                .unwrap_or_default();
            if self.shown != Some(presence) {
                self.shown = Some(presence);
                return Ok(presence);
            }
            tokio::select! {
                biased;
                _ = self.ended.wait_for(|ended| *ended) => return Err(WatchError::Closed),
                changed = self.now.changed() => changed.map_err(|_| WatchError::Closed)?,
            }
        }
    }
}

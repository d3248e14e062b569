//! Who is there.

use std::sync::Arc;

use fulmar::{Timestamp, UserId};

use crate::{ClientHandle, CommandError, PresenceWatcher};

/// Whether somebody is there, on any of their devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Presence {
    /// Connected.
    Online,
    /// Not connected.
    Offline {
        /// When they last were, unless they hide it or never were.
        last_seen_at: Option<Timestamp>,
    },
    /// Nobody knows: this device is not connected, or they share no conversation with this user.
    Unknown,
}

impl From<fulmar::Presence> for Presence {
    fn from(presence: fulmar::Presence) -> Self {
        match presence {
            fulmar::Presence::Online => Self::Online,
            fulmar::Presence::Offline { last_seen_at } => Self::Offline { last_seen_at },
            fulmar::Presence::Unknown => Self::Unknown,
        }
    }
}

/// Whether others see whether a user is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum PresenceSetting {
    /// Others see whether the user is online.
    Shown,
    /// To them the user is offline, and was never seen.
    Hidden,
}

impl From<PresenceSetting> for fulmar::PresenceSetting {
    fn from(setting: PresenceSetting) -> Self {
        match setting {
            PresenceSetting::Shown => Self::Shown,
            PresenceSetting::Hidden => Self::Hidden,
        }
    }
}

#[uniffi::export]
impl ClientHandle {
    /// Whether somebody is there, live.
    pub fn watch_presence(&self, user: UserId) -> Result<Arc<PresenceWatcher>, CommandError> {
        Ok(PresenceWatcher::of(self.core().presence(&user)))
    }
}

//! Who is there: told while connected, kept nowhere (PROTOCOL.md §3.11).

use serde::{Deserialize, Serialize};

use crate::{Timestamp, UserId};

/// `presence` (PROTOCOL.md §3.11): the presence of some users, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PresenceFrame {
    /// One entry per user.
    pub users: Vec<UserPresence>,
}

/// Whether a user is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UserPresence {
    /// The user whose presence this is.
    pub user_id: UserId,
    /// Whether on any device.
    #[serde(flatten)]
    pub presence: Presence,
}

/// Whether somebody is there, on any of their devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum Presence {
    /// Connected.
    Online,
    /// Not connected.
    #[serde(rename_all = "camelCase")]
    Offline {
        /// When they last were, unless they hide it or never were.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_seen_at: Option<Timestamp>,
    },
    /// Nobody knows: this device is not connected, or they share no conversation with this user.
    #[default]
    #[serde(other)]
    Unknown,
}

/// Whether others see whether a user is there (PROTOCOL.md §3.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum PresenceSetting {
    /// Others see whether the user is online.
    #[default]
    Shown,
    /// To them the user is offline, and was never seen.
    Hidden,
}

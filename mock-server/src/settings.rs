//! Settings of a world over those of the server.

use std::collections::BTreeSet;
use std::time::Duration;

use fulmar_backend::Config;
use fulmar_protocol::Capability;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds;

/// Settings of a world; what is absent is as at the server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// How long an access token is valid, in milliseconds; at least 1.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounds::at_least_one"
    )]
    pub access_token_ms: Option<u64>,
    /// How often clients are asked to ping, in milliseconds; at least 1.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounds::at_least_one"
    )]
    pub heartbeat_ms: Option<u64>,
    /// How many messages a user may send in a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages_per_minute: Option<u32>,
    /// How many people may register in a minute, all together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registrations_per_minute: Option<u32>,
    /// How many bytes the files of a user may have together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_bytes: Option<u64>,
    /// How many events each log keeps; at least 1.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounds::at_least_one"
    )]
    pub log_capacity: Option<u64>,
    /// What it can do beyond what every backend does (PROTOCOL.md §10.2); an empty list for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<BTreeSet<Capability>>,
}

impl Settings {
    /// These settings over those of the server.
    pub(crate) fn over(&self, server: &Config) -> Config {
        let time = |own: Option<u64>, other| own.map_or(other, Duration::from_millis);
        Config {
            access_token_lifetime: time(self.access_token_ms, server.access_token_lifetime),
            heartbeat: time(self.heartbeat_ms, server.heartbeat),
            messages_per_minute: self.messages_per_minute.or(server.messages_per_minute),
            registrations_per_minute: self
                .registrations_per_minute
                .or(server.registrations_per_minute),
            storage_bytes: self.storage_bytes.unwrap_or(server.storage_bytes),
            log_capacity: self.log_capacity.unwrap_or(server.log_capacity),
            capabilities: self
                .capabilities
                .clone()
                .unwrap_or_else(|| server.capabilities.clone()),
            ..server.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;

    #[test]
    fn without_time_or_room_there_is_no_world() {
        for name in ["accessTokenMs", "heartbeatMs", "logCapacity"] {
            let read = |amount| {
                let text = format!("{{\"{name}\":{amount}}}");
                serde_json::from_str::<Settings>(&text)
            };
            assert!(read(0).is_err(), "{name}");
            assert!(read(1).is_ok(), "{name}");
        }
        assert_eq!(
            serde_json::from_str::<Settings>("{}").unwrap(),
            Settings::default()
        );
    }
}

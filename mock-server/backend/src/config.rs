//! Settings of a backend.

use std::collections::BTreeSet;
use std::time::Duration;

use fulmar_protocol::{Capability, Limits};

/// Settings of a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// How long an access token is valid. Default: 15 minutes.
    pub access_token_lifetime: Duration,
    /// How long operation keys are remembered. Default and minimum by the spec: 30 days.
    pub operation_key_retention: Duration,
    /// How often clients are asked to ping. Default: 30 s.
    pub heartbeat: Duration,
    /// How many events each user's log keeps before its beginning is cut. Default: 100,000.
    pub log_capacity: u64,
    /// How many messages a user may send in a minute. Default: any number.
    pub messages_per_minute: Option<u32>,
    /// How many wrong passwords a user may have in a minute before none is looked at. Default: 10.
    pub wrong_passwords_per_minute: u32,
    /// How many people may register in a minute, all together. Default: any number.
    pub registrations_per_minute: Option<u32>,
    /// How many bytes the files of a user may have together, from when they are announced. Default: 10 GiB.
    pub storage_bytes: u64,
    /// How many bytes of events one answer or frame has at most: fewer are in it then, but always one (PROTOCOL.md §9).
    /// Default: 8 MiB.
    pub event_bytes: usize,
    /// Bounds that are enforced and told to clients.
    pub limits: Limits,
    /// What it can do beyond what every backend does (PROTOCOL.md §10.2). Default: everything.
    pub capabilities: BTreeSet<Capability>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            access_token_lifetime: Duration::from_secs(15 * 60),
            operation_key_retention: Duration::from_secs(30 * 24 * 60 * 60),
            heartbeat: Duration::from_secs(30),
            log_capacity: 100_000,
            messages_per_minute: None,
            wrong_passwords_per_minute: 10,
            registrations_per_minute: None,
            storage_bytes: 10 * 1024 * 1024 * 1024,
            event_bytes: 8 * 1024 * 1024,
            limits: Limits::default(),
            capabilities: Capability::ALL.into(),
        }
    }
}

//! The rooms of the backend. No room knows of this, or of another room's inside.

use std::collections::BTreeSet;

use fulmar_protocol::{Capability, Limits};

use crate::accounts::Accounts;
use crate::audit::Audit;
use crate::config::Config;
use crate::conversations::Conversations;
use crate::files::Files;
use crate::log::Log;
use crate::messages::Messages;
use crate::push::Push;

pub(crate) struct Rooms {
    pub(crate) accounts: Accounts,
    pub(crate) audit: Audit,
    pub(crate) conversations: Conversations,
    pub(crate) files: Files,
    pub(crate) log: Log,
    pub(crate) messages: Messages,
    pub(crate) push: Push,
    pub(crate) limits: Limits,
    capabilities: BTreeSet<Capability>,
}

impl Rooms {
    /// `secret` signs access tokens.
    pub(crate) fn new(config: &Config, secret: &[u8]) -> Self {
        let limits = config.limits;
        Self {
            accounts: Accounts::new(secret, config),
            audit: Audit,
            conversations: Conversations,
            files: Files::new(limits.file_bytes, config.storage_bytes),
            log: Log::new(config.log_capacity, config.event_bytes),
            messages: Messages::new(&limits, config.messages_per_minute),
            push: Push,
            limits,
            capabilities: config.capabilities.clone(),
        }
    }

    /// Whether the backend was set up to do this.
    pub(crate) fn can(&self, capability: &Capability) -> bool {
        self.capabilities.contains(capability)
    }
}

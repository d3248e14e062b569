//! The rooms of the backend. No room knows of this, or of another room's inside.

use crate::accounts::Accounts;
use crate::audit::Audit;
use crate::config::Config;
use crate::files::Files;
use crate::log::Log;
use crate::push::Push;

pub(crate) struct Rooms {
    pub(crate) accounts: Accounts,
    pub(crate) audit: Audit,
    pub(crate) files: Files,
    pub(crate) log: Log,
    pub(crate) push: Push,
}

impl Rooms {
    /// `secret` signs access tokens.
    pub(crate) fn new(config: &Config, secret: &[u8]) -> Self {
        Self {
            accounts: Accounts::new(secret, config.access_token_lifetime),
            audit: Audit,
            files: Files::new(config.limits.file_bytes),
            log: Log::new(config.log_capacity),
            push: Push,
        }
    }
}

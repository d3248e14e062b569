//! The rooms of the backend.

use crate::audit::Audit;
use crate::config::Config;
use crate::log::Log;

pub(crate) struct Rooms {
    pub(crate) audit: Audit,
    pub(crate) log: Log,
}

impl Rooms {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            audit: Audit,
            log: Log::new(config.log_capacity),
        }
    }
}

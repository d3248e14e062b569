//! How much history stays on this device. What is unsent, unread or about to be changed is not history:
//! it always stays.

use crate::store::{Result, retention};
use crate::turn::Turn;

/// After so many messages that came in, it is looked again whether there are too many.
const LOOK_AFTER: u32 = 1_000;

impl Turn<'_> {
    /// One more message is here.
    pub(crate) fn arrived(&mut self) {
        self.brain.arrived += 1;
    }

    /// At the end of a turn: rarely, because it looks at every conversation.
    pub(crate) fn settle_retention(&mut self) -> Result<()> {
        match self.brain.arrived >= LOOK_AFTER {
            true => self.let_go_of_history(),
            false => Ok(()),
        }
    }

    /// Lets go of the oldest messages beyond what the app wants to keep. They are fetched again when
    /// somebody looks.
    pub(crate) fn let_go_of_history(&mut self) -> Result<()> {
        self.brain.arrived = 0;
        self.outdate_pages();
        for key in retention::trim(&self.db, self.config.retention)? {
            tracing::debug!(conversation = key.0, "let go of old messages");
            self.touch(key);
        }
        Ok(())
    }
}

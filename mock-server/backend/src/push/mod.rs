//! Push notifications for users without a live connection (PROTOCOL.md §7.8): recorded, and handed to
//! whatever carries them, several times if need be.
//!
//! It owns the tables `push_token` and `push`. It does not know who has a live connection, and sends
//! nothing itself.

mod record;

use std::time::Duration;

use fulmar_protocol::text::PUSH_TOKEN_BYTES;
use fulmar_protocol::{Code, PushToken};

pub(crate) use record::Recorded;

use crate::actor::Caller;
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::store::pushes::{self, RecordedPush, write};
use crate::tx::Tx;

/// The waits between tries to hand a push over; after the last it is given up.
const WAITS: [Duration; 3] = [
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// The push notifications.
pub(crate) struct Push;

impl Push {
    pub(crate) fn set_token(
        &self,
        tx: &mut Tx<'_>,
        caller: &Caller,
        device: &str,
        token: &PushToken,
    ) -> Result<()> {
        check_own_device(caller, device)?;
        if token.token.is_empty() || token.token.len() > PUSH_TOKEN_BYTES {
            return Err(Error::invalid(
                "A push token is not empty, and not that long",
            ));
        }
        write::set_token(tx.db(), &caller.session_id, token)
    }

    pub(crate) fn remove_token(
        &self,
        tx: &mut Tx<'_>,
        caller: &Caller,
        device: &str,
    ) -> Result<()> {
        check_own_device(caller, device)?;
        write::remove_tokens(tx.db(), &caller.user_id, &caller.device_id)
    }

    /// Every push so far, the oldest first.
    pub(crate) fn all(&self, tx: &Tx<'_>) -> Result<Vec<RecordedPush>> {
        pushes::all(tx.db())
    }

    /// The pushes that are to be handed over now.
    pub(crate) fn due(&self, tx: &Tx<'_>) -> Result<Vec<RecordedPush>> {
        pushes::due(tx.db(), tx.now())
    }

    /// A push was taken, or was not: then it is due again after 2, 4 and 8 seconds.
    pub(crate) fn handed_over(&self, tx: &mut Tx<'_>, push_id: u64, taken: bool) -> Result<()> {
        if taken {
            return write::settle(tx.db(), push_id);
        }
        let tries = pushes::tries(tx.db(), push_id)?;
        match WAITS.get(tries) {
            Some(wait) => write::try_again(tx.db(), push_id, tx.now().plus(*wait)),
            None => write::settle(tx.db(), push_id),
        }
    }
}

fn check_own_device(caller: &Caller, device: &str) -> Result<()> {
    if caller.device_id.as_str() == device || active(Defect::SpeaksForOthers) {
        Ok(())
    } else {
        Err(Error::refused(
            Code::SessionNotFound,
            "A session speaks for its own device only",
        ))
    }
}

#[cfg(test)]
mod tests;

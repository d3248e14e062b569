//! What has to be done because time passed, and for no other reason.

use std::time::Duration;

use fulmar_protocol::Timestamp;

use super::notify::close;
use super::sockets::{Outgoing, Sockets};
use super::typing;
use crate::error::Error;
use crate::operations;
use crate::service::Service;

/// How often what is old is forgotten.
const EVERY: Duration = Duration::from_secs(3_600);

/// When what is old was last forgotten.
#[derive(Default)]
pub(crate) struct Upkeep {
    forgot_at: Option<Timestamp>,
}

impl Upkeep {
    /// Time passed: sockets whose token has run out, or that were silent for too long, are closed, and
    /// users who have not said for a while that they type have stopped.
    pub(crate) fn tick(
        &mut self,
        service: &mut Service,
        sockets: &mut Sockets,
        now: Timestamp,
    ) -> Vec<Outgoing> {
        self.forget_what_is_old(service, now);
        let patience = service.config().heartbeat * 2 + Duration::from_secs(15);
        let overdue = sockets.overdue(now, patience);
        let mut outgoing = typing::expire(service, sockets, now);
        for (socket, code) in overdue {
            outgoing.extend(close(service, sockets, socket, code));
        }
        outgoing
    }

    /// Operation keys that are older than the retention (PROTOCOL.md §5.1), and files that no message
    /// carries (§7.10).
    fn forget_what_is_old(&mut self, service: &mut Service, now: Timestamp) {
        let before = self.forgot_at;
        let due = before.is_none_or(|at| now.since(at) >= EVERY);
        if due {
            self.forgot_at = Some(now);
        }
        // In a database that is only in memory nothing is old at the beginning.
        if !due || before.is_none() && service.is_in_memory() {
            return;
        }
        let kept = service.config().operation_key_retention.as_millis();
        let kept = i64::try_from(kept).unwrap_or(i64::MAX);
        let oldest = Timestamp(now.0.saturating_sub(kept));
        let forgotten = service.quiet(now, |rooms, tx| {
            rooms.files.delete_expired(tx)?;
            operations::forget_keys_before(tx, oldest)
        });
        // Where it failed, the next hour tries again.
        forgotten.unwrap_or_else(Error::report);
    }
}

//! What has to be done because time passed, and for no other reason.

use std::time::Duration;

use fulmar_protocol::{CloseCode, Timestamp};

use super::socket::{Outgoing, State};
use crate::Backend;
use crate::store::applied;

impl Backend {
    /// Time passed: sockets whose token has run out, or that were silent for too long, are closed; whoever has not
    /// said for a while that they type has stopped.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Outgoing> {
        self.forget_old_keys(now);
        let patience = self.config.heartbeat * 2 + Duration::from_secs(15);
        let mut closing = Vec::new();
        for (id, socket) in &self.sockets {
            match &socket.state {
                State::Ready { caller, .. } if caller.expires_at <= now => {
                    closing.push((*id, CloseCode::Unauthenticated));
                }
                _ if now.since(socket.last_heard) > patience => {
                    closing.push((*id, CloseCode::Silent));
                }
                _ => {}
            }
        }
        let mut outgoing = self.expire_typing(now);
        outgoing.extend(
            closing
                .into_iter()
                .flat_map(|(id, code)| self.close(id, code)),
        );
        outgoing
    }

    /// Once an hour: operation keys that are older than the retention (PROTOCOL.md §5.1), and files that no
    /// message carries (§7.10).
    fn forget_old_keys(&mut self, now: Timestamp) {
        if now.since(self.forgot_at) < Duration::from_secs(3600) {
            return;
        }
        self.forgot_at = now;
        let kept = i64::try_from(self.config.operation_key_retention.as_millis());
        let oldest = Timestamp(now.0.saturating_sub(kept.unwrap_or(i64::MAX)));
        let (forgotten, _) = self.scoped(now, |scope| {
            scope.rooms.files.delete_expired(scope.tx)?;
            applied::write::forget_before(scope.tx.db(), oldest)
        });
        if let Err(error) = forgotten {
            // Reported by the conversion; the next hour tries again.
            error.report();
        }
    }
}

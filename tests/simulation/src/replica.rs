//! Replicas: requests that only read are answered from a copy of the server that lags behind, by seconds, while sockets
//! and everything that writes have the newest (PROTOCOL.md §7.11).
//!
//! A copy must not outlive a restored server: it would speak of a log that is gone.

use fulmar_backend::Backend;
use fulmar_protocol::ApiRequest;

use crate::storm::Fault;
use crate::world::{Step, World};

/// A copy is read for so long at most, in virtual milliseconds.
const LONGEST: u64 = 15_000;

/// The copy that is read, and until when.
pub(crate) struct Replica {
    pub(crate) backend: Backend,
    until: u64,
}

impl World {
    /// Once a second: from now on reads are answered by a copy that stays as it is.
    pub(crate) fn fall_behind(&mut self) -> Step {
        if self.happens(Fault::Replica) {
            let failed = |error: fulmar_backend::BackendError| error.to_string();
            let image = self.backend.checkpoint().map_err(failed)?;
            let until = self.time + self.rng.u64(1_000..LONGEST);
            let backend = self.backend.replica(&image).map_err(failed)?;
            self.replica = Some(Replica { backend, until });
        }
        Ok(())
    }

    /// The copy that answers a call, if one does.
    pub(crate) fn replica_for(&mut self, call: &ApiRequest) -> Option<&mut Backend> {
        let is_fresh = self.stormy && self.replica.as_ref().is_some_and(|it| self.time < it.until);
        if !is_fresh {
            self.replica = None;
            return None;
        }
        // One of several, so the next answer may be newer, or older, again.
        if !reads(call) || self.rng.bool() {
            return None;
        }
        self.replica.as_mut().map(|replica| &mut replica.backend)
    }
}

/// Whether a call only reads what is in conversations and logs.
fn reads(call: &ApiRequest) -> bool {
    matches!(
        call,
        ApiRequest::Sync { .. }
            | ApiRequest::Snapshot
            | ApiRequest::Messages { .. }
            | ApiRequest::Search { .. }
            | ApiRequest::Versions { .. }
    )
}

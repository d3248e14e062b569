//! What the server said of itself in its last `ready` (PROTOCOL.md §3.3, §9, §10.2): its limits, how long it
//! remembers keys, what it can do, what time it is there. It is checked like everything else that a server says.

use std::collections::BTreeSet;

use fulmar_protocol::{Capability, Limits, Ready, Timestamp};
use rusqlite::Connection;

use super::clock::ServerClock;
use crate::store::server::KnownServer;
use crate::store::{Result, operations, server};
use crate::time::Mono;
use crate::tx::Tx;

/// A server remembers keys for at least so long (PROTOCOL.md §5.1, [M11]), whatever it says.
const LEAST_KEY_RETENTION_MS: u64 = 30 * 24 * 60 * 60 * 1000;

#[derive(Debug, Default)]
pub(super) struct Server {
    limits: Limits,
    key_retention_ms: u64,
    clock: ServerClock,
    /// What it can do beyond what every server does, once it has said so.
    capabilities: Option<BTreeSet<Capability>>,
}

impl Server {
    pub(super) fn of(db: &Connection) -> Result<Self> {
        let known = server::load(db)?;
        Ok(Self {
            limits: Limits::default(),
            key_retention_ms: known.key_retention_ms.max(LEAST_KEY_RETENTION_MS),
            clock: ServerClock::of(known.time),
            capabilities: known.capabilities,
        })
    }

    pub(super) fn said(&mut self, tx: &Tx<'_>, ready: &Ready) -> Result<()> {
        self.limits = sane(&ready.limits);
        self.key_retention_ms = ready.operation_key_retention_ms.max(LEAST_KEY_RETENTION_MS);
        self.capabilities = Some(ready.capabilities.clone());
        let now = tx.now.mono;
        let set_by = self.clock.said(ready.server_time, now);
        if set_by != 0 {
            operations::shift_tried_at(&tx.db, set_by)?;
        }
        self.remember(tx)
    }

    /// Another server may be next.
    pub(super) fn forget_capabilities(&mut self, tx: &Tx<'_>) -> Result<()> {
        self.capabilities = None;
        self.remember(tx)
    }

    fn remember(&self, tx: &Tx<'_>) -> Result<()> {
        let known = KnownServer {
            key_retention_ms: self.key_retention_ms,
            time: self.clock.at(tx.now.mono),
            capabilities: self.capabilities.clone(),
        };
        server::store(&tx.db, &known)
    }

    /// Whether it said that it cannot do this. Before it has said anything it may.
    pub(super) fn lacks(&self, capability: Capability) -> bool {
        !server::may(self.capabilities.as_ref(), capability)
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What time it is there; the wall clock of this device says nothing about that.
    pub(super) fn time(&self, now: Mono) -> Option<Timestamp> {
        self.clock.at(now)
    }

    /// Whether a key that was first tried at this time of the server may be forgotten by now.
    pub(super) fn may_have_forgotten(&self, tried_at: Option<Timestamp>, now: Mono) -> bool {
        match (self.time(now), tried_at) {
            (Some(now), Some(tried_at)) => {
                let age = now.since(tried_at).as_millis();
                age > u128::from(self.key_retention_ms)
            }
            (None, _) | (_, None) => false,
        }
    }
}

/// A limit of zero is none: nothing could be done by it.
fn sane(limits: &Limits) -> Limits {
    let standard = Limits::default();
    let or_standard = |said: u32, standard: u32| if said == 0 { standard } else { said };
    Limits {
        operations_per_submit: or_standard(
            limits.operations_per_submit,
            standard.operations_per_submit,
        ),
        frame_bytes: or_standard(limits.frame_bytes, standard.frame_bytes),
        text_bytes: or_standard(limits.text_bytes, standard.text_bytes),
        page_size: or_standard(limits.page_size, standard.page_size),
        file_bytes: if limits.file_bytes == 0 {
            standard.file_bytes
        } else {
            limits.file_bytes
        },
        chunk_bytes: or_standard(limits.chunk_bytes, standard.chunk_bytes),
    }
}

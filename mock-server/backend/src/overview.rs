//! What is read across rooms: all that a device needs to start afresh, and figures about the backend.

use fulmar_protocol::{Capability, Seq, Snapshot, UserId};
use serde::{Deserialize, Serialize};

use crate::defects::{Defect, active};
use crate::error::Result;
use crate::rooms::Rooms;
use crate::store::{blocks, conversations, log, messages, users};
use crate::tx::Tx;

/// Answer to `GET /stats`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// How many sockets are open.
    pub connections: u64,
    /// Users who could sign in.
    pub users: u64,
    /// How many conversations there are.
    pub conversations: u64,
    /// How many messages there are in all conversations.
    pub messages: u64,
}

pub(crate) fn stats(tx: &Tx<'_>, connections: usize) -> Result<Stats> {
    Ok(Stats {
        connections: connections as u64,
        users: users::count(tx.db())?,
        conversations: conversations::count(tx.db())?,
        messages: messages::count(tx.db())?,
    })
}

/// Answer to `GET /v1/snapshot` (PROTOCOL.md §6.3).
pub(crate) fn snapshot(rooms: &Rooms, tx: &Tx<'_>, user: &UserId) -> Result<Snapshot> {
    let state = log::state(tx.db(), user)?;
    Ok(Snapshot {
        log_id: state.log_id,
        seq: Seq(state
            .head
            .0
            .saturating_sub(u64::from(active(Defect::SnapshotBehind)))),
        conversations: rooms.conversations.list(tx, user)?.into(),
        blocked: match rooms.can(&Capability::Blocks) {
            true => blocks::of(tx.db(), user)?,
            false => Vec::new(),
        },
    })
}

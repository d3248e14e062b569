//! What the server said of itself, as far as a later process has to know it. Written by `outbox` alone.

use std::collections::BTreeSet;

use fulmar_protocol::{Capability, SubmitOrder, Timestamp};
use rusqlite::{Connection, params};

use super::Result;

/// A store that was restored from a backup is not further behind than that: a place beyond it was made up.
const FARTHEST_SUBMIT: u64 = 1 << 32;

/// What is known of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownServer {
    pub(crate) key_retention_ms: u64,
    /// What time it was there, as far as it could be believed, when it last said so.
    pub(crate) time: Option<Timestamp>,
    /// What it can do beyond what every server does, once it has said so.
    pub(crate) capabilities: Option<BTreeSet<Capability>>,
}

/// Whether a server can do this by what it said; before it has said anything it may.
pub(crate) fn may(said: Option<&BTreeSet<Capability>>, capability: Capability) -> bool {
    said.is_none_or(|capabilities| capabilities.contains(&capability))
}

pub(crate) fn load(db: &Connection) -> Result<KnownServer> {
    Ok(db
        .prepare_cached("SELECT key_retention_ms, time, capabilities FROM server")?
        .query_row([], |row| {
            let capabilities: Option<String> = row.get("capabilities")?;
            Ok(KnownServer {
                key_retention_ms: row.get("key_retention_ms")?,
                time: row.get::<_, Option<i64>>("time")?.map(Timestamp),
                // What cannot be read was not said.
                capabilities: capabilities.and_then(|list| serde_json::from_str(&list).ok()),
            })
        })?)
}

/// The place of the submit that leaves now: one behind the newest that left before.
pub(crate) fn next_submit(db: &Connection) -> Result<SubmitOrder> {
    let order = db
        .prepare_cached("UPDATE server SET submit_order = submit_order + 1 RETURNING submit_order")?
        .query_row([], |row| row.get("submit_order"))?;
    Ok(SubmitOrder(order))
}

/// The server has taken a submit of this place, so the next ones stand behind it.
pub(crate) fn goes_on_behind(db: &Connection, taken: SubmitOrder) -> Result<()> {
    db.prepare_cached(
        "UPDATE server SET submit_order = ?1 WHERE submit_order < ?1 AND ?1 - submit_order <= ?2",
    )?
    .execute(params![taken.0, FARTHEST_SUBMIT])?;
    Ok(())
}

pub(crate) fn store(db: &Connection, known: &KnownServer) -> Result<()> {
    let KnownServer {
        key_retention_ms,
        time,
        capabilities,
    } = known;
    // A list of names always has a JSON form.
    let capabilities = capabilities
        .as_ref()
        .and_then(|capabilities| serde_json::to_string(capabilities).ok());
    db.prepare_cached("UPDATE server SET key_retention_ms = ?1, time = ?2, capabilities = ?3")?
        .execute(params![
            (*key_retention_ms).min(i64::MAX as u64),
            time.map(|time| time.0),
            capabilities
        ])?;
    Ok(())
}

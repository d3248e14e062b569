//! What the server said of itself, as far as a later process has to know it. Written by `outbox` alone.

use fulmar_protocol::Timestamp;
use rusqlite::{Connection, params};

use super::Result;

/// What is known of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownServer {
    pub(crate) key_retention_ms: u64,
    /// What time it was there, as far as it could be believed, when it last said so.
    pub(crate) time: Option<Timestamp>,
}

pub(crate) fn load(db: &Connection) -> Result<KnownServer> {
    Ok(db
        .prepare_cached("SELECT key_retention_ms, time FROM server")?
        .query_row([], |row| {
            Ok(KnownServer {
                key_retention_ms: row.get("key_retention_ms")?,
                time: row.get::<_, Option<i64>>("time")?.map(Timestamp),
            })
        })?)
}

pub(crate) fn store(db: &Connection, key_retention_ms: u64, time: Option<Timestamp>) -> Result<()> {
    db.prepare_cached("UPDATE server SET key_retention_ms = ?1, time = ?2")?
        .execute(params![
            key_retention_ms.min(i64::MAX as u64),
            time.map(|time| time.0)
        ])?;
    Ok(())
}

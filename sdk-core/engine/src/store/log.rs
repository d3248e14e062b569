//! How far the event log was followed. Written by `sync` alone.

use fulmar_protocol::{LogId, Seq};
use rusqlite::{Connection, params};

use super::{Result, StoreError};

/// Which log, and its last event that is committed here.
pub(crate) fn position(db: &Connection) -> Result<(Option<LogId>, Seq)> {
    let (log_id, cursor) = db
        .prepare_cached("SELECT log_id, cursor FROM log")?
        .query_row([], |row| {
            Ok((row.get::<_, Option<String>>("log_id")?, row.get("cursor")?))
        })?;
    let log_id = log_id
        .map(LogId::new)
        .transpose()
        .map_err(|error| StoreError::damaged("log", error))?;
    Ok((log_id, Seq(cursor)))
}

pub(crate) fn set_cursor(db: &Connection, cursor: Seq) -> Result<()> {
    db.prepare_cached("UPDATE log SET cursor = ?1")?
        .execute([cursor.0])?;
    Ok(())
}

pub(crate) fn set_log(db: &Connection, log_id: &LogId, cursor: Seq) -> Result<()> {
    db.execute(
        "UPDATE log SET log_id = ?1, cursor = ?2",
        params![log_id.as_str(), cursor.0],
    )?;
    Ok(())
}

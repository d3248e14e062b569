//! Events that could not be understood, kept until a version comes that can. Messages and conversations of
//! answers that could not are in `unreadable`.

use fulmar_protocol::{Event, LogId, Seq, Timestamp};
use rusqlite::{Connection, params};

use super::{Result, StoreError};

/// How many events are kept; beyond that the oldest go.
const CAPACITY: u32 = 1_000;

pub(crate) fn add(
    db: &Connection,
    log_id: &LogId,
    event: &Event,
    reason: &str,
    version: &str,
) -> Result<()> {
    db.execute(
        "INSERT OR REPLACE INTO quarantine (log_id, seq, at, kind, data, reason, tried_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            log_id.as_str(),
            event.seq.0,
            event.at.0,
            event.kind,
            event.data.to_string(),
            reason,
            version
        ],
    )?;
    db.execute(
        "DELETE FROM quarantine WHERE rowid <= (
             SELECT rowid FROM quarantine ORDER BY rowid DESC LIMIT 1 OFFSET ?1)",
        [CAPACITY],
    )?;
    Ok(())
}

/// The events that this version has not tried yet, in order.
pub(crate) fn untried(db: &Connection, version: &str) -> Result<Vec<(LogId, Event)>> {
    let mut statement = db.prepare(
        "SELECT log_id, seq, at, kind, data FROM quarantine WHERE tried_by <> ?1
         ORDER BY log_id, seq",
    )?;
    let rows = statement.query_map([version], |row| {
        Ok((
            row.get::<_, String>("log_id")?,
            row.get::<_, u64>("seq")?,
            row.get::<_, i64>("at")?,
            row.get::<_, String>("kind")?,
            row.get::<_, String>("data")?,
        ))
    })?;
    rows.map(|row| {
        let (log_id, seq, at, kind, data) = row?;
        let bad = |error: String| StoreError::damaged("quarantine", error);
        Ok((
            LogId::new(log_id).map_err(|error| bad(error.to_string()))?,
            Event {
                seq: Seq(seq),
                at: Timestamp(at),
                kind,
                data: serde_json::from_str(&data).map_err(|error| bad(error.to_string()))?,
            },
        ))
    })
    .collect()
}

pub(crate) fn remove(db: &Connection, log_id: &LogId, seq: Seq) -> Result<()> {
    db.execute(
        "DELETE FROM quarantine WHERE log_id = ?1 AND seq = ?2",
        params![log_id.as_str(), seq.0],
    )?;
    Ok(())
}

//! Each user's event log.

pub(crate) mod write;

use fulmar_protocol::{Event, LogId, Seq, Timestamp, UserId};
use rusqlite::{Connection, params};

use crate::error::Result;

/// Where a log stands.
pub(crate) struct LogState {
    pub(crate) log_id: LogId,
    /// The newest event.
    pub(crate) head: Seq,
    /// The newest event that is no longer there; a client that has it can go on.
    pub(crate) cut_to: Seq,
}

pub(crate) fn state(db: &Connection, user: &UserId) -> Result<LogState> {
    let (log_id, head, first) = db
        .prepare_cached(
            "SELECT log_id, head,
                    coalesce((SELECT min(seq) FROM event WHERE event.user_id = user.user_id),
                             head + 1) AS first
             FROM user WHERE user_id = ?1",
        )?
        .query_row([user.as_str()], |row| {
            Ok((
                row.get::<_, String>("log_id")?,
                row.get::<_, u64>("head")?,
                row.get::<_, u64>("first")?,
            ))
        })?;
    Ok(LogState {
        log_id: LogId::new(log_id)?,
        head: Seq(head),
        cut_to: Seq(first.saturating_sub(1)),
    })
}

pub(crate) fn after(db: &Connection, user: &UserId, since: Seq, limit: u32) -> Result<Vec<Event>> {
    let mut statement = db.prepare_cached(
        "SELECT seq, at, kind, data FROM event JOIN event_body USING (body)
         WHERE user_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let rows = statement.query_map(params![user.as_str(), since.0, limit], |row| {
        Ok((
            row.get::<_, u64>("seq")?,
            row.get::<_, i64>("at")?,
            row.get::<_, String>("kind")?,
            row.get::<_, String>("data")?,
        ))
    })?;
    rows.map(|row| {
        let (seq, at, kind, data) = row?;
        Ok(Event {
            seq: Seq(seq),
            at: Timestamp(at),
            kind,
            data: serde_json::from_str(&data)?,
        })
    })
    .collect()
}

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

/// What is after an event: so many events at most, and so many bytes of what they say, but for the first.
pub(crate) fn after(
    db: &Connection,
    user: &UserId,
    since: Seq,
    limit: u32,
    most_bytes: usize,
) -> Result<Vec<Event>> {
    let mut statement = db.prepare_cached(
        "SELECT seq, at, kind, data FROM event JOIN event_body USING (body)
         WHERE user_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let mut rows = statement.query(params![user.as_str(), since.0, limit])?;
    let (mut events, mut bytes) = (Vec::new(), 0_usize);
    while let Some(row) = rows.next()? {
        let data: String = row.get("data")?;
        bytes = bytes.saturating_add(data.len());
        if bytes > most_bytes && !events.is_empty() {
            break;
        }
        events.push(Event {
            seq: Seq(row.get("seq")?),
            at: Timestamp(row.get("at")?),
            kind: row.get("kind")?,
            data: serde_json::from_str(&data)?,
        });
    }
    Ok(events)
}

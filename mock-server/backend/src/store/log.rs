//! Each user's event log.

use fulmar_protocol::{Event, EventData, LogId, Seq, Timestamp, UserId};
use rusqlite::{Connection, params};

use crate::Result;

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
                             head + 1)
             FROM user WHERE user_id = ?1",
        )?
        .query_row([user.as_str()], |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, u64>(1)?,
                row.get::<_, u64>(2)?,
            ))
        })?;
    Ok(LogState {
        log_id: LogId::new(log_id)?,
        head: Seq(head),
        cut_to: Seq(first.saturating_sub(1)),
    })
}

/// Appends an event and cuts what is over the capacity.
pub(crate) fn append(
    db: &Connection,
    user: &UserId,
    at: Timestamp,
    data: &EventData,
    capacity: u64,
) -> Result<Seq> {
    let seq: u64 = db
        .prepare_cached("UPDATE user SET head = head + 1 WHERE user_id = ?1 RETURNING head")?
        .query_row([user.as_str()], |row| row.get(0))?;
    db.prepare_cached(
        "INSERT INTO event (user_id, seq, at, kind, data) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        user.as_str(),
        seq,
        at.0,
        data.kind(),
        data.to_value().to_string()
    ])?;
    if seq > capacity {
        db.prepare_cached("DELETE FROM event WHERE user_id = ?1 AND seq <= ?2")?
            .execute(params![user.as_str(), seq - capacity])?;
    }
    Ok(Seq(seq))
}

pub(crate) fn after(db: &Connection, user: &UserId, since: Seq, limit: u32) -> Result<Vec<Event>> {
    let mut statement = db.prepare_cached(
        "SELECT seq, at, kind, data FROM event
         WHERE user_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    let rows = statement.query_map(params![user.as_str(), since.0, limit], |row| {
        Ok((
            row.get::<_, u64>(0)?,
            row.get::<_, i64>(1)?,
            row.get::<_, String>(2)?,
            row.get::<_, String>(3)?,
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

/// Forgets all events so far; who has not seen them needs a snapshot.
pub(crate) fn cut(db: &Connection, user: &UserId) -> Result<()> {
    db.execute("DELETE FROM event WHERE user_id = ?1", [user.as_str()])?;
    Ok(())
}

/// From now on its numbers mean something else.
pub(crate) fn rename(db: &Connection, user: &UserId, log_id: &str) -> Result<()> {
    db.execute(
        "UPDATE user SET log_id = ?2 WHERE user_id = ?1",
        params![user.as_str(), log_id],
    )?;
    Ok(())
}

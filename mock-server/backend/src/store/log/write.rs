//! What the room `log` writes here, and nobody else.

use fulmar_protocol::{Timestamp, UserId};
use rusqlite::{Connection, params};

use crate::error::Result;

/// The content of an event as it is stored: once for all who are told the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Body(i64);

/// Writes down what an event says that so many logs are about to tell. It stays as long as one of them does.
pub(crate) fn body(db: &Connection, kind: &str, data: &str, logs: usize) -> Result<Body> {
    let body = db
        .prepare_cached("INSERT INTO event_body (kind, data) VALUES (?1, ?2) RETURNING body")?
        .query_row([kind, data], |row| row.get("body").map(Body))?;
    db.prepare_cached("INSERT INTO event_body_logs (body, logs) VALUES (?1, ?2)")?
        .execute(params![body.0, logs])?;
    Ok(body)
}

/// Appends an event and cuts what is over the capacity.
pub(crate) fn append(
    db: &Connection,
    user: &UserId,
    at: Timestamp,
    body: Body,
    capacity: u64,
) -> Result<()> {
    let seq: u64 = db
        .prepare_cached("UPDATE user SET head = head + 1 WHERE user_id = ?1 RETURNING head")?
        .query_row([user.as_str()], |row| row.get("head"))?;
    db.prepare_cached("INSERT INTO event (user_id, seq, at, body) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![user.as_str(), seq, at.0, body.0])?;
    if seq > capacity {
        db.prepare_cached("DELETE FROM event WHERE user_id = ?1 AND seq <= ?2")?
            .execute(params![user.as_str(), seq - capacity])?;
    }
    Ok(())
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

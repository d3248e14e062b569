//! Which users have blocked which.

pub(crate) mod write;

use fulmar_protocol::UserId;
use rusqlite::{Connection, params};

use crate::error::Result;

/// The users that a user has blocked, by id.
pub(crate) fn of(db: &Connection, user: &UserId) -> Result<Vec<UserId>> {
    let mut statement =
        db.prepare_cached("SELECT blocked FROM block WHERE user_id = ?1 ORDER BY blocked")?;
    let rows = statement.query_map([user.as_str()], |row| row.get::<_, String>("blocked"))?;
    rows.map(|row| Ok(UserId::new(row?)?)).collect()
}

/// Whether somebody has blocked another.
pub(crate) fn has(db: &Connection, user: &UserId, blocked: &UserId) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM block WHERE user_id = ?1 AND blocked = ?2)")?
        .query_row(params![user.as_str(), blocked.as_str()], |row| row.get(0))?)
}

/// Whether either of two people has blocked the other.
pub(crate) fn between(db: &Connection, one: &UserId, other: &UserId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM block WHERE user_id = ?1 AND blocked = ?2
                            UNION ALL
                            SELECT 1 FROM block WHERE user_id = ?2 AND blocked = ?1)",
        )?
        .query_row(params![one.as_str(), other.as_str()], |row| row.get(0))?)
}

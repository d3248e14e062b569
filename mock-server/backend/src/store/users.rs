//! Users.

use fulmar_protocol::UserId;
use rusqlite::{Connection, OptionalExtension, params};

use crate::Result;

pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) password: String,
}

pub(crate) fn insert(
    db: &Connection,
    user_id: &UserId,
    name: &str,
    password: &str,
    log_id: &str,
) -> Result<bool> {
    Ok(db.execute(
        "INSERT INTO user (user_id, name, password, log_id) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
        params![user_id.as_str(), name, password, log_id],
    )? == 1)
}

pub(crate) fn find(db: &Connection, user_id: &UserId) -> Result<Option<User>> {
    Ok(db
        .prepare_cached("SELECT name, password FROM user WHERE user_id = ?1")?
        .query_row([user_id.as_str()], |row| {
            Ok(User {
                name: row.get(0)?,
                password: row.get(1)?,
            })
        })
        .optional()?)
}

pub(crate) fn count(db: &Connection) -> Result<u64> {
    Ok(db.query_row("SELECT count(*) FROM user", [], |row| row.get(0))?)
}

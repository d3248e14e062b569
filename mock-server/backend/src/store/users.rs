//! Users.

use fulmar_protocol::{PresenceSetting, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::Result;

pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) avatar_url: Option<String>,
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
        "INSERT INTO user (user_id, name, password, log_id)
         SELECT ?1, ?2, ?3, ?4
         WHERE NOT EXISTS (SELECT 1 FROM deleted_user WHERE user_id = ?1)
         ON CONFLICT DO NOTHING",
        params![user_id.as_str(), name, password, log_id],
    )? == 1)
}

pub(crate) fn find(db: &Connection, user_id: &UserId) -> Result<Option<User>> {
    Ok(db
        .prepare_cached("SELECT name, password, avatar_url FROM user WHERE user_id = ?1")?
        .query_row([user_id.as_str()], |row| {
            Ok(User {
                name: row.get(0)?,
                password: row.get(1)?,
                avatar_url: row.get(2)?,
            })
        })
        .optional()?)
}

pub(crate) fn ids(db: &Connection) -> Result<Vec<UserId>> {
    let mut statement = db.prepare_cached("SELECT user_id FROM user ORDER BY user_id")?;
    let ids = statement.query_map([], |row| row.get::<_, String>(0))?;
    ids.map(|id| Ok(UserId::new(id?)?)).collect()
}

pub(crate) fn set_profile(
    db: &Connection,
    user_id: &UserId,
    name: &str,
    avatar_url: Option<&str>,
) -> Result<()> {
    db.execute(
        "UPDATE user SET name = ?2, avatar_url = ?3 WHERE user_id = ?1",
        params![user_id.as_str(), name, avatar_url],
    )?;
    Ok(())
}

/// Removes a user with everything that only they had: sessions, log, settings, operation keys. Nobody
/// gets the id again.
pub(crate) fn delete(db: &Connection, user_id: &UserId) -> Result<()> {
    db.execute(
        "INSERT INTO deleted_user (user_id) VALUES (?1)",
        [user_id.as_str()],
    )?;
    db.execute("DELETE FROM user WHERE user_id = ?1", [user_id.as_str()])?;
    Ok(())
}

/// Users whose name or id contains a text, by id.
pub(crate) fn search(db: &Connection, text: &str, limit: u32) -> Result<Vec<UserId>> {
    let mut statement = db.prepare_cached(
        "SELECT user_id FROM user
         WHERE instr(lower(name), lower(?1)) > 0 OR instr(lower(user_id), lower(?1)) > 0
         ORDER BY user_id LIMIT ?2",
    )?;
    let rows = statement.query_map(params![text, limit], |row| row.get::<_, String>(0))?;
    rows.map(|row| Ok(UserId::new(row?)?)).collect()
}

pub(crate) fn set_last_seen(db: &Connection, user_id: &UserId, at: Timestamp) -> Result<()> {
    db.prepare_cached("UPDATE user SET last_seen_at = ?2 WHERE user_id = ?1")?
        .execute(params![user_id.as_str(), at.0])?;
    Ok(())
}

/// Whether others see whether somebody is there, and when they last were.
pub(crate) fn presence(
    db: &Connection,
    user_id: &UserId,
) -> Result<(PresenceSetting, Option<Timestamp>)> {
    Ok(db
        .prepare_cached("SELECT presence, last_seen_at FROM user WHERE user_id = ?1")?
        .query_row([user_id.as_str()], |row| {
            let setting = match row.get::<_, String>(0)?.as_str() {
                "hidden" => PresenceSetting::Hidden,
                _ => PresenceSetting::Shown,
            };
            Ok((setting, row.get::<_, Option<i64>>(1)?.map(Timestamp)))
        })?)
}

pub(crate) fn set_presence(
    db: &Connection,
    user_id: &UserId,
    setting: PresenceSetting,
) -> Result<()> {
    let setting = match setting {
        PresenceSetting::Shown => "shown",
        PresenceSetting::Hidden => "hidden",
    };
    db.execute(
        "UPDATE user SET presence = ?2 WHERE user_id = ?1",
        params![user_id.as_str(), setting],
    )?;
    Ok(())
}

pub(crate) fn count(db: &Connection) -> Result<u64> {
    Ok(db.query_row("SELECT count(*) FROM user", [], |row| row.get(0))?)
}

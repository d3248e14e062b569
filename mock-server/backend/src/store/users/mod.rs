//! Users.

pub(crate) mod write;

use fulmar_protocol::{PresenceSetting, Timestamp, UserId, text};
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;

pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) avatar_url: Option<String>,
    pub(crate) password: String,
}

/// Makes the functions that are called here: what an id looks like, and a text whatever its case.
pub(super) fn define(database: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    database.create_scalar_function("looks_of", 1, flags, |arguments| {
        arguments.get::<String>(0).map(|id| text::looks(&id))
    })?;
    database.create_scalar_function("folded", 1, flags, |arguments| {
        arguments.get::<String>(0).map(|name| text::folded(&name))
    })
}

/// Whether somebody has, or had, an id that looks like this one.
pub(crate) fn looks_taken(db: &Connection, user_id: &UserId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM user WHERE looks = ?1)
                 OR EXISTS (SELECT 1 FROM deleted_user WHERE looks = ?1)",
        )?
        .query_row([text::looks(user_id.as_str())], |row| row.get(0))?)
}

pub(crate) fn find(db: &Connection, user_id: &UserId) -> Result<Option<User>> {
    Ok(db
        .prepare_cached("SELECT name, password, avatar_url FROM user WHERE user_id = ?1")?
        .query_row([user_id.as_str()], |row| {
            Ok(User {
                name: row.get("name")?,
                password: row.get("password")?,
                avatar_url: row.get("avatar_url")?,
            })
        })
        .optional()?)
}

pub(crate) fn ids(db: &Connection) -> Result<Vec<UserId>> {
    let mut statement = db.prepare_cached("SELECT user_id FROM user ORDER BY user_id")?;
    let ids = statement.query_map([], |row| row.get::<_, String>("user_id"))?;
    ids.map(|id| Ok(UserId::new(id?)?)).collect()
}

/// Users whose name or id contains a text, by id.
pub(crate) fn search(db: &Connection, text: &str, limit: u32) -> Result<Vec<UserId>> {
    let mut statement = db.prepare_cached(
        "SELECT user_id FROM user
         WHERE instr(folded(name), folded(?1)) > 0 OR instr(folded(user_id), folded(?1)) > 0
         ORDER BY user_id LIMIT ?2",
    )?;
    let rows = statement.query_map(params![text, limit], |row| row.get::<_, String>("user_id"))?;
    rows.map(|row| Ok(UserId::new(row?)?)).collect()
}

/// Whether others see whether somebody is there, and when they last were. Who is gone is not seen.
pub(crate) fn presence(
    db: &Connection,
    user_id: &UserId,
) -> Result<(PresenceSetting, Option<Timestamp>)> {
    Ok(db
        .prepare_cached("SELECT presence, last_seen_at FROM user WHERE user_id = ?1")?
        .query_row([user_id.as_str()], |row| {
            let setting = match row.get::<_, String>("presence")?.as_str() {
                "hidden" => PresenceSetting::Hidden,
                _ => PresenceSetting::Shown,
            };
            Ok((
                setting,
                row.get::<_, Option<i64>>("last_seen_at")?.map(Timestamp),
            ))
        })
        .optional()?
        .unwrap_or((PresenceSetting::Hidden, None)))
}

pub(crate) fn count(db: &Connection) -> Result<u64> {
    Ok(db.query_row("SELECT count(*) FROM user", [], |row| row.get(0))?)
}

/// What somebody is called; their id when they are gone.
pub(crate) fn name(db: &Connection, user_id: &UserId) -> Result<String> {
    Ok(find(db, user_id)?.map_or_else(|| user_id.to_string(), |user| user.name))
}

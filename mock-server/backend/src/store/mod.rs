//! The backend's tables, and the only place with SQL: one file per entity.

pub(crate) mod applied;
pub(crate) mod audit;
pub(crate) mod blocks;
pub(crate) mod conversations;
pub(crate) mod counters;
pub(crate) mod files;
pub(crate) mod log;
pub(crate) mod messages;
pub(crate) mod participants;
pub(crate) mod pushes;
pub(crate) mod runs;
pub(crate) mod search;
pub(crate) mod sessions;
pub(crate) mod users;

use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};

use crate::error::BackendError;

/// What a new database has.
const SCHEMA: &str = include_str!("schema.sql");
/// From each version to the next. The first made a new database before there was another version.
const STEPS: &[&str] = &[
    include_str!("steps/1.sql"),
    include_str!("steps/2.sql"),
    include_str!("steps/3.sql"),
    include_str!("steps/4.sql"),
    include_str!("steps/5.sql"),
    include_str!("steps/6.sql"),
    include_str!("steps/7.sql"),
    include_str!("steps/8.sql"),
    include_str!("steps/9.sql"),
    include_str!("steps/10.sql"),
    include_str!("steps/11.sql"),
    include_str!("steps/12.sql"),
];
/// The version that this server writes.
const NEWEST: i64 = STEPS.len() as i64;

/// Makes the pages of a new database small: each table has one at least, and of a small world most have no more.
pub(crate) fn in_small_pages(database: &Connection) -> Result<(), BackendError> {
    Ok(database.pragma_update(None, "page_size", 512)?)
}

/// Opens the schema, and gives the signing secret: the stored one, or `fresh_secret` for a new
/// database.
pub(crate) fn prepare(
    database: &Connection,
    fresh_secret: &[u8; 32],
) -> Result<Vec<u8>, BackendError> {
    database.busy_timeout(Duration::from_secs(5))?;
    check_ours(database)?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    // A test server need not survive a power cut, only its own end.
    database.pragma_update(None, "synchronous", "NORMAL")?;
    database.pragma_update(None, "foreign_keys", true)?;
    database.pragma_update(None, "trusted_schema", false)?;
    // Plans do not depend on the values that are bound; otherwise SQLite compiles most statements
    // anew for each value, which takes longer than running them.
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    database.set_prepared_statement_cache_capacity(128);
    define(database)?;
    let version: i64 = database.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let missing = match usize::try_from(version) {
        Ok(0) => Some(&[SCHEMA][..]),
        Ok(done) => STEPS.get(done..),
        Err(_) => None,
    };
    let missing = missing.ok_or(BackendError::NewerVersion {
        found: version,
        known: NEWEST,
    })?;
    if !missing.is_empty() {
        database.execute_batch(&format!(
            "BEGIN IMMEDIATE; {} PRAGMA user_version = {NEWEST}; COMMIT;",
            missing.concat()
        ))?;
    }
    database.execute(
        "INSERT INTO secret (only_row, signing) VALUES (1, ?1) ON CONFLICT DO NOTHING",
        [fresh_secret],
    )?;
    let secret: Option<Vec<u8>> = database
        .query_row("SELECT signing FROM secret", [], |row| row.get(0))
        .optional()?;
    Ok(secret.unwrap_or_else(|| fresh_secret.to_vec()))
}

/// Nothing is written into the database of another program.
fn check_ours(database: &Connection) -> Result<(), BackendError> {
    let (any, ours) = database.query_row(
        "SELECT count(*) > 0 AS has_any, coalesce(max(name = 'secret'), false) AS is_ours FROM sqlite_schema",
        [],
        |row| Ok((row.get("has_any")?, row.get("is_ours")?)),
    )?;
    match (any, ours) {
        (true, false) => Err(BackendError::Foreign),
        (false, _) | (true, true) => Ok(()),
    }
}

/// How far the description of a world was carried out in a database. It stands in the header of the file, in the place
/// that SQLite keeps for the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Described {
    /// Nothing of it.
    Not,
    /// It was begun, and may be there in part.
    Begun,
    /// All of it is there.
    Whole,
}

const BEGUN: i64 = 0x4675_6c62;
const WHOLE: i64 = 0x4675_6c77;

pub(crate) fn described(database: &Connection) -> Result<Described, BackendError> {
    let mark: i64 = database.pragma_query_value(None, "application_id", |row| row.get(0))?;
    Ok(match mark {
        BEGUN => Described::Begun,
        WHOLE => Described::Whole,
        _ => Described::Not,
    })
}

pub(crate) fn set_described(database: &Connection, how: Described) -> Result<(), BackendError> {
    let mark = match how {
        Described::Not => 0,
        Described::Begun => BEGUN,
        Described::Whole => WHOLE,
    };
    Ok(database.pragma_update(None, "application_id", mark)?)
}

/// Makes the functions that the schema calls.
fn define(database: &Connection) -> rusqlite::Result<()> {
    search::define(database)?;
    users::define(database)?;
    messages::define(database)
}

#[cfg(test)]
mod tests;

//! The schema: `schema.sql` makes a new store, and the numbered steps make the same of an older one. A step never
//! deletes an operation that is not sent, and one that makes the table `operation` anew keeps its row in
//! `sqlite_sequence`, because the marker rests on it.
//!
//! Each released version keeps a database file in `tests/stores/`, and a test brings every one of
//! them to the newest version and compares the schema with a new store's.

use rusqlite::{Connection, TransactionBehavior};

use super::error::{OpenError, open_error};

/// The mark of a Fulmar store in the header of the file: `Fulm`.
pub(super) const APPLICATION_ID: i32 = 0x4675_6c6d;

/// The version that this SDK writes.
pub(super) const NEWEST: i64 = STEPS.len() as i64;

/// What a new store has.
const SCHEMA: &str = include_str!("schema.sql");

/// From each version to the next. The first made a new store before there was another version.
pub(super) const STEPS: &[&str] = &[
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
    include_str!("steps/13.sql"),
    include_str!("steps/14.sql"),
    include_str!("steps/15.sql"),
    include_str!("steps/16.sql"),
];

/// Brings a store to the newest version, in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let version: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(open_error)?;
    if version == NEWEST {
        return Ok(());
    }
    let steps = match usize::try_from(version) {
        Ok(0) => Some(&[SCHEMA][..]),
        Ok(done) => STEPS.get(done..),
        Err(_) => None,
    };
    let steps = steps.ok_or(OpenError::NewerVersion {
        found: version,
        known: NEWEST,
    })?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(open_error)?;
    for step in steps {
        transaction.execute_batch(step).map_err(open_error)?;
    }
    transaction
        .pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(open_error)?;
    transaction
        .pragma_update(None, "user_version", NEWEST)
        .map_err(open_error)?;
    transaction.commit().map_err(open_error)
}

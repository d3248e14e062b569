//! The schema, as numbered steps. A step never deletes an operation that is not sent, and one that makes the
//! table `operation` anew keeps its row in `sqlite_sequence`, because the marker rests on it.
//!
//! Each released version keeps a database file in `tests/stores/`, and a test brings every one of
//! them to the newest version and compares the schema with a new store's.

use rusqlite::{Connection, TransactionBehavior};

use super::error::{OpenError, open_error};

/// The mark of a Fulmar store in the header of the file: `Fulm`.
pub(super) const APPLICATION_ID: i32 = 0x4675_6c6d;

/// The version that this SDK writes.
pub(super) const NEWEST: i64 = STEPS.len() as i64;

const STEPS: &[&str] = &[
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
    include_str!("schema_7.sql"),
    include_str!("schema_8.sql"),
    include_str!("schema_9.sql"),
    include_str!("schema_10.sql"),
    include_str!("schema_11.sql"),
    include_str!("schema_12.sql"),
    include_str!("schema_13.sql"),
    include_str!("schema_14.sql"),
    include_str!("schema_15.sql"),
    include_str!("schema_16.sql"),
];

/// Brings a store to the newest version, in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let version: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(open_error)?;
    if version == NEWEST {
        return Ok(());
    }
    let steps = usize::try_from(version)
        .ok()
        .and_then(|done| STEPS.get(done..))
        .ok_or(OpenError::NewerVersion {
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

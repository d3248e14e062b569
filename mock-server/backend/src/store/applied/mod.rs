//! Operations that were applied, by their key.

pub(crate) mod write;

use fulmar_protocol::{Operation, OperationKey, OutcomeStatus, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;

/// The operation that a user applied under a key, and what became of it.
pub(crate) fn find(
    db: &Connection,
    user: &UserId,
    key: OperationKey,
) -> Result<Option<(Operation, OutcomeStatus)>> {
    let row = db
        .prepare_cached(
            "SELECT method, params, outcome FROM applied
             WHERE user_id = ?1 AND operation_key = ?2",
        )?
        .query_row(params![user.as_str(), key.to_bytes()], |row| {
            Ok((
                row.get::<_, String>("method")?,
                row.get::<_, String>("params")?,
                row.get::<_, String>("outcome")?,
            ))
        })
        .optional()?;
    let Some((method, params, outcome)) = row else {
        return Ok(None);
    };
    let first = Operation {
        operation_key: key,
        method,
        params: serde_json::from_str(&params)?,
    };
    Ok(Some((first, serde_json::from_str(&outcome)?)))
}

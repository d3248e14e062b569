//! Operations that were applied, by their key.

pub(crate) mod write;

use fulmar_protocol::{OperationKey, OutcomeStatus, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;

pub(crate) struct Applied {
    pub(crate) method: String,
    pub(crate) params: serde_json::Value,
    pub(crate) outcome: OutcomeStatus,
}

pub(crate) fn find(db: &Connection, user: &UserId, key: OperationKey) -> Result<Option<Applied>> {
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
    Ok(Some(Applied {
        method,
        params: serde_json::from_str(&params)?,
        outcome: serde_json::from_str(&outcome)?,
    }))
}

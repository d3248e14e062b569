//! Operations that were applied, by their key.

use fulmar_protocol::{Operation, OperationKey, OutcomeStatus, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::Result;

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
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
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

pub(crate) fn insert(
    db: &Connection,
    user: &UserId,
    operation: &Operation,
    outcome: &OutcomeStatus,
    now: Timestamp,
) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO applied (user_id, operation_key, method, params, outcome, applied_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        user.as_str(),
        operation.operation_key.to_bytes(),
        operation.method,
        operation.params.to_string(),
        serde_json::to_string(outcome)?,
        now.0
    ])?;
    Ok(())
}

/// Forgets keys that are older than the retention.
pub(crate) fn forget_before(db: &Connection, oldest: Timestamp) -> Result<()> {
    db.prepare_cached("DELETE FROM applied WHERE applied_at < ?1")?
        .execute([oldest.0])?;
    Ok(())
}

//! What the room `operations` writes here, and nobody else.

use fulmar_protocol::{Operation, OutcomeStatus, Timestamp, UserId};
use rusqlite::{Connection, params};

use crate::error::Result;

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

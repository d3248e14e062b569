//! What the room `audit` writes here, and nobody else.

use fulmar_protocol::{OperationKey, Timestamp, UserId};
use rusqlite::{Connection, params};

use crate::error::Result;

pub(crate) fn insert(
    db: &Connection,
    at: Timestamp,
    user: &UserId,
    action: &str,
    conversation: Option<&str>,
    key: Option<OperationKey>,
) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO audit (at, user_id, action, conversation_id, operation_key)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        at.0,
        user.as_str(),
        action,
        conversation,
        key.map(OperationKey::to_bytes)
    ])?;
    Ok(())
}

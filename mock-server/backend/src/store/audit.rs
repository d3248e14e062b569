//! Who did what.

use fulmar_protocol::{ConversationId, OperationKey, Timestamp, UserId};
use rusqlite::{Connection, params};

use crate::Result;
use crate::audit::AuditEntry;

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

pub(crate) fn all(db: &Connection) -> Result<Vec<AuditEntry>> {
    let mut statement = db.prepare(
        "SELECT at, user_id, action, conversation_id, operation_key FROM audit ORDER BY ordinal",
    )?;
    let mut rows = statement.query([])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let conversation: Option<String> = row.get(3)?;
        let key: Option<[u8; 16]> = row.get(4)?;
        entries.push(AuditEntry {
            at: Timestamp(row.get(0)?),
            user_id: UserId::new(row.get::<_, String>(1)?)?,
            action: row.get(2)?,
            conversation_id: conversation.map(ConversationId::new).transpose()?,
            operation_key: key.map(OperationKey::from_bytes),
        });
    }
    Ok(entries)
}

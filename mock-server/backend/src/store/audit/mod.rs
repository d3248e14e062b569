//! Who did what.

pub(crate) mod write;

use fulmar_protocol::{ConversationId, OperationKey, Timestamp, UserId};
use rusqlite::Connection;
use serde::Serialize;

use crate::error::Result;

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// When it was done, by the server's clock.
    pub at: Timestamp,
    /// The user who did it.
    pub user_id: UserId,
    /// What: the method of an operation, or `account.registered`, `account.deleted`, `session.started`,
    /// `session.ended`, `user.blocked`, `user.unblocked`.
    pub action: String,
    /// Where, if that was in a conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<ConversationId>,
    /// The key of the operation, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_key: Option<OperationKey>,
}

pub(crate) fn all(db: &Connection) -> Result<Vec<AuditEntry>> {
    let mut statement = db.prepare(
        "SELECT at, user_id, action, conversation_id, operation_key FROM audit ORDER BY ordinal",
    )?;
    let mut rows = statement.query([])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let conversation: Option<String> = row.get("conversation_id")?;
        let key: Option<[u8; 16]> = row.get("operation_key")?;
        entries.push(AuditEntry {
            at: Timestamp(row.get("at")?),
            user_id: UserId::new(row.get::<_, String>("user_id")?)?,
            action: row.get("action")?,
            conversation_id: conversation.map(ConversationId::new).transpose()?,
            operation_key: key.map(OperationKey::from_bytes),
        });
    }
    Ok(entries)
}

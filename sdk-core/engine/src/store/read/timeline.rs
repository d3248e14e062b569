//! What a timeline shows behind the messages that have a place in it.

use fulmar_protocol::{OperationKey, Position, UserId};
use rusqlite::{Connection, params};

use crate::store::messages::{COLUMNS, MessageRow, read};
use crate::store::runs::Run;
use crate::store::{ConversationKey, Result};

/// The own messages of a run that lie behind everything that the log has told of, in their order.
pub(crate) fn own_after(
    db: &Connection,
    run: Run,
    known: Position,
    own: &UserId,
) -> Result<Vec<MessageRow>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message
         WHERE conversation = ?1 AND position > ?2 AND sender_id = ?3 AND thread_root IS ?4
         ORDER BY position"
    ))?;
    let root = run.thread.map(OperationKey::to_bytes);
    let mut rows = statement.query(params![run.conversation.0, known.0, own.as_str(), root])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The messages that the outbox holds for a conversation, in the order in which they were handed over.
pub(crate) fn unsent(db: &Connection, conversation: ConversationKey) -> Result<Vec<OperationKey>> {
    let mut statement = db.prepare_cached(
        "SELECT operation_key FROM operation
         WHERE lane = ?1 AND method = 'message.send'
         ORDER BY ordinal",
    )?;
    let keys = statement.query_map([conversation.0], |row| {
        Ok(OperationKey::from_bytes(row.get("operation_key")?))
    })?;
    Ok(keys.collect::<rusqlite::Result<_>>()?)
}

//! Message rows. A message without a position is in the outbox under the same operation key.

use fulmar_protocol::{Message, OperationKey, Position, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use super::{ConversationKey, Result};

/// The optimistic row of a message that was just handed over.
pub(crate) fn insert_unsent(
    db: &Connection,
    operation_key: OperationKey,
    conversation: ConversationKey,
    sender: &UserId,
    text: &str,
    now: Timestamp,
) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO message (operation_key, conversation, sender_id, text, at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        operation_key.to_bytes(),
        conversation.0,
        sender.as_str(),
        text,
        now.0
    ])?;
    Ok(())
}

/// Writes a message as the server has it. The row of an unsent message of the same key becomes it;
/// a second time changes nothing.
pub(crate) fn upsert_confirmed(
    db: &Connection,
    conversation: ConversationKey,
    message: &Message,
) -> Result<()> {
    // A server that was restored from a backup gives positions out again; its word is newer.
    db.prepare_cached(
        "DELETE FROM message
         WHERE conversation = ?1 AND position = ?2 AND operation_key <> ?3",
    )?
    .execute(params![
        conversation.0,
        message.position.0,
        message.operation_key.to_bytes()
    ])?;
    db.prepare_cached(
        "INSERT INTO message (operation_key, conversation, position, message_id, sender_id, text, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (operation_key) DO UPDATE
         SET conversation = excluded.conversation, position = excluded.position,
             message_id = excluded.message_id, sender_id = excluded.sender_id,
             text = excluded.text, at = excluded.at",
    )?
    .execute(params![
        message.operation_key.to_bytes(),
        conversation.0,
        message.position.0,
        message.message_id.as_str(),
        message.sender_id.as_str(),
        message.text,
        message.sent_at.0
    ])?;
    Ok(())
}

/// Whether a message of this key is here, and where: `Some(None)` while it is unsent.
pub(crate) fn position(
    db: &Connection,
    operation_key: OperationKey,
) -> Result<Option<Option<Position>>> {
    Ok(db
        .prepare_cached("SELECT position FROM message WHERE operation_key = ?1")?
        .query_row([operation_key.to_bytes()], |row| {
            row.get::<_, Option<u64>>(0)
                .map(|found| found.map(Position))
        })
        .optional()?)
}

/// Drops an unsent message that was discarded. A confirmed one stays.
pub(crate) fn delete_unsent(db: &Connection, operation_key: OperationKey) -> Result<()> {
    db.execute(
        "DELETE FROM message WHERE operation_key = ?1 AND position IS NULL",
        [operation_key.to_bytes()],
    )?;
    Ok(())
}

/// Drops the confirmed messages of a conversation that lie after a position: the server's log was
/// replaced by one that does not know them.
pub(crate) fn delete_after(
    db: &Connection,
    conversation: ConversationKey,
    head: Position,
) -> Result<()> {
    db.execute(
        "DELETE FROM message WHERE conversation = ?1 AND position > ?2",
        params![conversation.0, head.0],
    )?;
    Ok(())
}

//! Messages.

use fulmar_protocol::{
    ConversationId, Message, MessageId, OperationKey, Position, Timestamp, UserId,
};
use rusqlite::{Connection, Row, params};

use crate::Result;

const COLUMNS: &str =
    "message_id, operation_key, conversation_id, position, sender_id, text, sent_at";

pub(crate) fn insert(db: &Connection, message: &Message) -> Result<()> {
    db.prepare_cached(&format!(
        "INSERT INTO message ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
    ))?
    .execute(params![
        message.message_id.as_str(),
        message.operation_key.to_bytes(),
        message.conversation_id.as_str(),
        message.position.0,
        message.sender_id.as_str(),
        message.text,
        message.sent_at.0
    ])?;
    Ok(())
}

/// The newest `limit` messages before a position, oldest first.
pub(crate) fn before(
    db: &Connection,
    id: &ConversationId,
    before: Position,
    limit: u32,
) -> Result<Vec<Message>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message
         WHERE conversation_id = ?1 AND position < ?2
         ORDER BY position DESC LIMIT ?3"
    ))?;
    let rows = statement.query_map(params![id.as_str(), before.0, limit], |row| Ok(read(row)))?;
    let mut messages: Vec<Message> = rows.map(|row| row?).collect::<Result<_>>()?;
    messages.reverse();
    Ok(messages)
}

/// The oldest `limit` messages after a position, oldest first.
pub(crate) fn after(
    db: &Connection,
    id: &ConversationId,
    after: Position,
    limit: u32,
) -> Result<Vec<Message>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message
         WHERE conversation_id = ?1 AND position > ?2
         ORDER BY position LIMIT ?3"
    ))?;
    let rows = statement.query_map(params![id.as_str(), after.0, limit], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

pub(crate) fn count(db: &Connection) -> Result<u64> {
    Ok(db.query_row("SELECT count(*) FROM message", [], |row| row.get(0))?)
}

fn read(row: &Row<'_>) -> Result<Message> {
    Ok(Message {
        message_id: MessageId::new(row.get::<_, String>(0)?)?,
        operation_key: OperationKey::from_bytes(row.get(1)?),
        conversation_id: ConversationId::new(row.get::<_, String>(2)?)?,
        position: Position(row.get(3)?),
        sender_id: UserId::new(row.get::<_, String>(4)?)?,
        text: row.get(5)?,
        sent_at: Timestamp(row.get(6)?),
    })
}

//! Message rows. A message without a position is in the outbox under the same operation key.
//!
//! What is here of a confirmed message is what the server said; what the outbox is about to change
//! is put over it when it is shown (see `operation/overlay`).

use fulmar_protocol::{
    Content, Deletion, Message, MessageId, OperationKey, Pin, Position, Reaction, Revision,
    ThreadSummary, Timestamp, UserId,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns::columns;
use super::{ConversationKey, Result, StoreError};
use crate::defects::{self, Defect};

/// A message as it is in the store.
#[derive(Debug, Clone)]
pub(crate) struct MessageRow {
    pub(crate) key: OperationKey,
    pub(crate) conversation: ConversationKey,
    pub(crate) message_id: Option<MessageId>,
    pub(crate) position: Option<Position>,
    pub(crate) sender: UserId,
    pub(crate) at: Timestamp,
    pub(crate) content: Content,
    /// Its place in its thread, when it is in one.
    pub(crate) thread_position: Option<Position>,
    /// What is under it, as far as is known.
    pub(crate) thread: Option<ThreadSummary>,
    pub(crate) edited_at: Option<Timestamp>,
    pub(crate) deleted: Option<Deletion>,
    pub(crate) pinned: Option<Pin>,
    pub(crate) hidden: bool,
    pub(crate) reactions: Vec<Reaction>,
}

columns![
    pub(crate)
    operation_key,
    conversation,
    message_id,
    position,
    sender_id,
    at,
    text,
    content,
    edited_at,
    deleted,
    hidden,
    reactions,
    thread_position,
    thread_count,
    thread_last_at,
    pinned_at,
    pinned_by,
];

pub(crate) fn read(row: &Row<'_>) -> Result<MessageRow> {
    let bad = |error: fulmar_protocol::IdError| StoreError::damaged("message", error);
    let broken = |error: serde_json::Error| StoreError::damaged("message", error);
    let content: Content =
        serde_json::from_str(&row.get::<_, String>(column::content)?).map_err(broken)?;
    let deleted: Option<String> = row.get(column::deleted)?;
    Ok(MessageRow {
        key: OperationKey::from_bytes(row.get(column::operation_key)?),
        conversation: ConversationKey(row.get(column::conversation)?),
        message_id: row
            .get::<_, Option<String>>(column::message_id)?
            .map(MessageId::new)
            .transpose()
            .map_err(bad)?,
        position: row.get::<_, Option<u64>>(column::position)?.map(Position),
        sender: UserId::new(row.get::<_, String>(column::sender_id)?).map_err(bad)?,
        at: Timestamp(row.get(column::at)?),
        content: Content {
            text: row.get(column::text)?,
            ..content
        },
        edited_at: row.get::<_, Option<i64>>(column::edited_at)?.map(Timestamp),
        deleted: deleted
            .map(|deleted| serde_json::from_str(&deleted))
            .transpose()
            .map_err(broken)?,
        pinned: match (
            row.get(column::pinned_at)?,
            row.get::<_, Option<String>>(column::pinned_by)?,
        ) {
            (Some(at), Some(by)) => Some(Pin {
                at: Timestamp(at),
                by: UserId::new(by).map_err(bad)?,
            }),
            _ => None,
        },
        hidden: row.get(column::hidden)?,
        reactions: serde_json::from_str(&row.get::<_, String>(column::reactions)?)
            .map_err(broken)?,
        thread_position: row
            .get::<_, Option<u64>>(column::thread_position)?
            .map(Position),
        thread: match row.get(column::thread_count)? {
            0 => None,
            count => Some(ThreadSummary {
                count: Position(count),
                last_at: Timestamp(row.get(column::thread_last_at)?),
            }),
        },
    })
}

pub(crate) fn find(db: &Connection, key: OperationKey) -> Result<Option<MessageRow>> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message WHERE operation_key = ?1"
    ))?
    .query_row([key.to_bytes()], |row| Ok(read(row)))
    .optional()?
    .transpose()
}

/// The pinned messages of a conversation as the server told of them, the newest pin first.
pub(crate) fn pinned(db: &Connection, conversation: ConversationKey) -> Result<Vec<MessageRow>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message WHERE conversation = ?1 AND pinned_at IS NOT NULL
         ORDER BY pinned_at DESC, position DESC"
    ))?;
    let rows = statement.query_map([conversation.0], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// The text has its own column.
fn beside_the_text(content: &Content) -> Result<String> {
    let rest = Content {
        text: String::new(),
        ..content.clone()
    };
    json(&rest)
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::damaged("message", error))
}

/// The optimistic row of a message that was just handed over.
pub(crate) fn insert_unsent(
    db: &Connection,
    operation_key: OperationKey,
    conversation: ConversationKey,
    sender: &UserId,
    content: &Content,
    now: Timestamp,
) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO message (operation_key, conversation, sender_id, text, content, at, thread_root)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        operation_key.to_bytes(),
        conversation.0,
        sender.as_str(),
        content.text,
        beside_the_text(content)?,
        now.0,
        content.thread_root.map(OperationKey::to_bytes)
    ])?;
    Ok(())
}

/// An edit folded into a message that has not left the device.
pub(crate) fn set_unsent_content(
    db: &Connection,
    operation_key: OperationKey,
    content: &Content,
) -> Result<()> {
    db.execute(
        "UPDATE message SET text = ?2, content = ?3 WHERE operation_key = ?1 AND position IS NULL",
        params![
            operation_key.to_bytes(),
            content.text,
            beside_the_text(content)?
        ],
    )?;
    Ok(())
}

/// Writes a message as the server has it. The row of an unsent message of the same key becomes it.
/// An older telling changes nothing, nor does the same one a second time.
pub(crate) fn upsert_confirmed(
    db: &Connection,
    conversation: ConversationKey,
    message: &Message,
    own: Option<&UserId>,
) -> Result<()> {
    // All fields: a new one does not compile until it is written.
    let Message {
        message_id,
        operation_key,
        conversation_id: _,
        position,
        sender_id,
        sent_at,
        revision,
        content,
        thread_position,
        thread,
        edited_at,
        deleted,
        pinned,
        hidden,
        reactions,
    } = message;
    // A server that was restored from a backup gives positions out again; its word is newer, and what came after that
    // position before has none any more.
    db.prepare_cached(
        "DELETE FROM message
         WHERE conversation = ?1 AND position >= ?2 AND operation_key <> ?3
           AND EXISTS (SELECT 1 FROM message
                       WHERE conversation = ?1 AND position = ?2 AND operation_key <> ?3)",
    )?
    .execute(params![
        conversation.0,
        position.0,
        operation_key.to_bytes()
    ])?;
    let mentions_me = own.is_some_and(|own| content.mentions.contains(own));
    db.prepare_cached(
        "INSERT INTO message (operation_key, conversation, position, message_id, sender_id, text,
                              content, at, revision, edited_at, deleted, hidden, reactions, notice,
                              mentions_me, thread_root, thread_position, thread_count,
                              thread_last_at, pinned_at, pinned_by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
                 ?19, ?20, ?21)
         ON CONFLICT (operation_key) DO UPDATE
         SET conversation = excluded.conversation, position = excluded.position,
             message_id = excluded.message_id, sender_id = excluded.sender_id,
             text = excluded.text, content = excluded.content, at = excluded.at,
             revision = excluded.revision, edited_at = excluded.edited_at,
             deleted = excluded.deleted, hidden = max(hidden, excluded.hidden),
             reactions = excluded.reactions, pinned_at = excluded.pinned_at,
             pinned_by = excluded.pinned_by, thread_root = excluded.thread_root,
             thread_position = excluded.thread_position,
             thread_count = max(thread_count, excluded.thread_count),
             thread_last_at = max(thread_last_at, excluded.thread_last_at)
         WHERE position IS NULL OR excluded.revision >= revision OR ?22",
    )?
    .execute(params![
        operation_key.to_bytes(),
        conversation.0,
        position.0,
        message_id.as_str(),
        sender_id.as_str(),
        content.text,
        beside_the_text(content)?,
        sent_at.0,
        revision.0,
        edited_at.map(|at| at.0),
        deleted.as_ref().map(json).transpose()?,
        hidden,
        json(reactions)?,
        content.notice.is_some(),
        mentions_me,
        content.thread_root.map(OperationKey::to_bytes),
        thread_position.map(|position| position.0),
        thread.map_or(0, |thread| thread.count.0),
        thread.map_or(0, |thread| thread.last_at.0),
        pinned.as_ref().map(|pin| pin.at.0),
        pinned.as_ref().map(|pin| pin.by.as_str()),
        defects::active(Defect::OldOverNew),
    ])?;
    Ok(())
}

/// Positions and revisions are dense: one that lies so far beyond what is known is a mistake of the server, and
/// must not stay here for good.
pub(crate) const FARTHEST: u64 = 1_000_000;

/// Whether the numbers of a message of the server can be.
pub(crate) fn is_plausible(
    db: &Connection,
    conversation: ConversationKey,
    message: &Message,
) -> Result<bool> {
    let known: Option<(u64, u64)> = db
        .prepare_cached("SELECT head, revision FROM conversation WHERE key = ?1")?
        .query_row([conversation.0], |row| {
            Ok((row.get("head")?, row.get("revision")?))
        })
        .optional()?;
    let (head, revision) = known.unwrap_or_default();
    Ok(message.position > Position::ZERO
        && message.position.0 <= head.saturating_add(FARTHEST)
        && message.revision.0 <= revision.saturating_add(FARTHEST))
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

/// Drops the confirmed messages that lie before a position: some of them changed, and nobody knows
/// which. They are fetched again when somebody looks.
pub(crate) fn delete_before(
    db: &Connection,
    conversation: ConversationKey,
    position: Position,
) -> Result<()> {
    db.execute(
        "DELETE FROM message WHERE conversation = ?1 AND position < ?2",
        params![conversation.0, position.0],
    )?;
    Ok(())
}

/// Drops all that the server has told of a conversation.
pub(crate) fn delete_confirmed(db: &Connection, conversation: ConversationKey) -> Result<()> {
    db.execute(
        "DELETE FROM message WHERE conversation = ?1 AND position IS NOT NULL",
        [conversation.0],
    )?;
    Ok(())
}

/// Another log counts its changes anew: whatever it tells is newer.
pub(crate) fn forget_revisions(db: &Connection) -> Result<()> {
    let none = Revision::ZERO.0;
    db.execute("UPDATE message SET revision = ?1", [none])?;
    db.execute("UPDATE conversation SET revision = ?1", [none])?;
    Ok(())
}

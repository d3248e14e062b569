//! Messages, with what became of them: reactions, earlier versions, and who has hidden them.

pub(crate) mod write;

use std::collections::BTreeSet;

use fulmar_protocol::text::reaction;
use fulmar_protocol::{
    Content, ConversationId, Deletion, Message, MessageId, MessageVersion, OperationKey, Pin,
    Position, Reaction, Revision, ThreadSummary, Timestamp, UserId,
};
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::defects::{Defect, active};
use crate::error::Result;

pub(super) const COLUMNS: &str = "message_id, operation_key, conversation_id, position, sender_id, text, \
     sent_at, revision, content, edited_at, deleted_at, deleted_by, thread_position, \
     pinned_at, pinned_by";

/// Makes the function that the schema calls: a reaction in its normal form, or NULL.
pub(super) fn define(database: &Connection) -> rusqlite::Result<()> {
    database.create_scalar_function(
        "normal_reaction",
        1,
        FunctionFlags::SQLITE_UTF8
            | FunctionFlags::SQLITE_DETERMINISTIC
            | FunctionFlags::SQLITE_INNOCUOUS,
        |arguments| arguments.get::<String>(0).map(|text| reaction(&text).ok()),
    )
}

/// When somebody wrote the `count`th of their messages, from the newest on; `None` when they have not
/// written so many.
pub(crate) fn nth_newest_of(
    db: &Connection,
    user: &UserId,
    count: u32,
) -> Result<Option<Timestamp>> {
    Ok(db
        .prepare_cached(
            "SELECT sent_at FROM message WHERE sender_id = ?1 AND NOT notice
             ORDER BY sent_at DESC LIMIT 1 OFFSET ?2",
        )?
        .query_row(params![user.as_str(), count.saturating_sub(1)], |row| {
            row.get("sent_at").map(Timestamp)
        })
        .optional()?)
}

/// What somebody wrote and has not deleted, by key.
pub(crate) fn written_by(db: &Connection, user: &UserId) -> Result<Vec<OperationKey>> {
    keys(
        db,
        "SELECT operation_key FROM message
         WHERE sender_id = ?1 AND NOT notice AND deleted_at IS NULL
         ORDER BY conversation_id, position",
        user,
    )
}

/// What others wrote and somebody reacted to, by key.
pub(crate) fn reacted_to_by(db: &Connection, user: &UserId) -> Result<Vec<OperationKey>> {
    keys(
        db,
        "SELECT DISTINCT operation_key FROM reaction JOIN message USING (message_id)
         WHERE user_id = ?1 AND sender_id <> ?1 ORDER BY operation_key",
        user,
    )
}

fn keys(db: &Connection, sql: &str, user: &UserId) -> Result<Vec<OperationKey>> {
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map([user.as_str()], |row| {
        row.get("operation_key").map(OperationKey::from_bytes)
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) fn find(db: &Connection, key: OperationKey) -> Result<Option<Message>> {
    let found = db
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM message WHERE operation_key = ?1"
        ))?
        .query_row([key.to_bytes()], |row| Ok(read(db, row)))
        .optional()?;
    found.transpose()
}

pub(crate) fn find_by_id(db: &Connection, id: &MessageId) -> Result<Option<Message>> {
    let found = db
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM message WHERE message_id = ?1"
        ))?
        .query_row([id.as_str()], |row| Ok(read(db, row)))
        .optional()?;
    found.transpose()
}

/// Whether there is such a message, and it was deleted for everyone.
pub(crate) fn is_deleted(db: &Connection, id: &MessageId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM message WHERE message_id = ?1 AND deleted_at IS NOT NULL)",
        )?
        .query_row([id.as_str()], |row| row.get(0))?)
}

/// A message as one user sees it: empty when they have hidden it.
pub(crate) fn as_seen_by(db: &Connection, viewer: &UserId, message: Message) -> Result<Message> {
    if is_hidden(db, viewer, &message.message_id)? {
        Ok(as_hidden(message))
    } else {
        Ok(message)
    }
}

/// What is left of a message for a user who has hidden it.
pub(crate) fn as_hidden(mut message: Message) -> Message {
    message.hidden = true;
    message.pinned = None;
    message.content = message.content.emptied();
    message.reactions.clear();
    message
}

/// The pinned messages of a conversation, the newest pin first; without those that the viewer has hidden.
pub(crate) fn pinned(
    db: &Connection,
    id: &ConversationId,
    viewer: &UserId,
) -> Result<Vec<Message>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message AS m
         WHERE conversation_id = ?1 AND pinned_at IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM hidden_message AS h
                           WHERE h.user_id = ?2 AND h.message_id = m.message_id AND ?3)
         ORDER BY pinned_at DESC, position DESC"
    ))?;
    let without_hidden = !active(Defect::ShowsHiddenPins);
    let bound = params![id.as_str(), viewer.as_str(), without_hidden];
    let rows = statement.query_map(bound, |row| Ok(read(db, row)))?;
    let mut found: Vec<Message> = rows.map(|row| row?).collect::<Result<_>>()?;
    if active(Defect::OldestPinFirst) {
        found.reverse();
    }
    Ok(found)
}

/// How many messages of a conversation are pinned.
pub(crate) fn count_pinned(db: &Connection, id: &ConversationId) -> Result<usize> {
    Ok(db
        .prepare_cached(
            "SELECT count(*) FROM message WHERE conversation_id = ?1 AND pinned_at IS NOT NULL",
        )?
        .query_row([id.as_str()], |row| row.get(0))?)
}

/// Who has hidden a message.
pub(crate) fn hidden_by(db: &Connection, id: &MessageId) -> Result<BTreeSet<UserId>> {
    let mut statement =
        db.prepare_cached("SELECT user_id FROM hidden_message WHERE message_id = ?1")?;
    let rows = statement.query_map([id.as_str()], |row| row.get::<_, String>("user_id"))?;
    rows.map(|row| Ok(UserId::new(row?)?)).collect()
}

pub(crate) fn is_hidden(db: &Connection, viewer: &UserId, id: &MessageId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM hidden_message WHERE user_id = ?1 AND message_id = ?2)",
        )?
        .query_row(params![viewer.as_str(), id.as_str()], |row| row.get(0))?)
}

pub(crate) fn versions(db: &Connection, id: &MessageId) -> Result<Vec<MessageVersion>> {
    let mut statement = db.prepare_cached(
        "SELECT at, text FROM message_version WHERE message_id = ?1 ORDER BY ordinal",
    )?;
    let rows = statement.query_map([id.as_str()], |row| {
        Ok(MessageVersion {
            at: Timestamp(row.get("at")?),
            text: row.get("text")?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) fn count(db: &Connection) -> Result<u64> {
    Ok(db.query_row("SELECT count(*) FROM message", [], |row| row.get(0))?)
}

pub(super) fn reactions(db: &Connection, id: &MessageId) -> Result<Vec<Reaction>> {
    let mut statement = db.prepare_cached(
        "SELECT emoji, user_id FROM reaction WHERE message_id = ?1 ORDER BY ordinal",
    )?;
    let mut rows = statement.query([id.as_str()])?;
    let mut found: Vec<Reaction> = Vec::new();
    while let Some(row) = rows.next()? {
        let emoji: String = row.get("emoji")?;
        let user = UserId::new(row.get::<_, String>("user_id")?)?;
        match found.iter_mut().find(|reaction| reaction.emoji == emoji) {
            Some(reaction) => reaction.user_ids.push(user),
            None => found.push(Reaction {
                emoji,
                user_ids: vec![user],
            }),
        }
    }
    Ok(found)
}

pub(super) fn read(db: &Connection, row: &Row<'_>) -> Result<Message> {
    let message_id = MessageId::new(row.get::<_, String>("message_id")?)?;
    let content: Content = serde_json::from_str(&row.get::<_, String>("content")?)?;
    let deleted = match (
        row.get::<_, Option<i64>>("deleted_at")?,
        row.get::<_, Option<String>>("deleted_by")?,
    ) {
        (Some(at), Some(by)) => Some(Deletion {
            at: Timestamp(at),
            by: UserId::new(by)?,
        }),
        _ => None,
    };
    let operation_key = OperationKey::from_bytes(row.get("operation_key")?);
    let conversation_id = ConversationId::new(row.get::<_, String>("conversation_id")?)?;
    let thread = thread(db, &conversation_id, operation_key)?;
    Ok(Message {
        operation_key,
        conversation_id,
        thread_position: row.get::<_, Option<u64>>("thread_position")?.map(Position),
        thread,
        position: Position(row.get("position")?),
        sender_id: UserId::new(row.get::<_, String>("sender_id")?)?,
        sent_at: Timestamp(row.get("sent_at")?),
        revision: Revision(row.get("revision")?),
        content: Content {
            text: row.get("text")?,
            ..content
        },
        edited_at: row.get::<_, Option<i64>>("edited_at")?.map(Timestamp),
        deleted,
        pinned: match (
            row.get::<_, Option<i64>>("pinned_at")?,
            row.get::<_, Option<String>>("pinned_by")?,
        ) {
            (Some(at), Some(by)) => Some(Pin {
                at: Timestamp(at),
                by: UserId::new(by)?,
            }),
            _ => None,
        },
        hidden: false,
        reactions: reactions(db, &message_id)?,
        message_id,
    })
}

/// What is under a message, if there is a thread.
pub(super) fn thread(
    db: &Connection,
    id: &ConversationId,
    root: OperationKey,
) -> Result<Option<ThreadSummary>> {
    Ok(db
        .prepare_cached(
            "SELECT thread_position, sent_at FROM message
             WHERE conversation_id = ?1 AND thread_root = ?2
             ORDER BY thread_position DESC LIMIT 1",
        )?
        .query_row(params![id.as_str(), root.to_bytes()], |row| {
            Ok(ThreadSummary {
                count: Position(row.get("thread_position")?),
                last_at: Timestamp(row.get("sent_at")?),
            })
        })
        .optional()?)
}

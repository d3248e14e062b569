//! Messages, with what became of them: reactions, earlier versions, and who has hidden them.

use fulmar_protocol::{
    Content, ConversationId, Deletion, Message, MessageId, MessageVersion, OperationKey, Position,
    Reaction, Revision, Timestamp, UserId,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::files;
use crate::Result;

pub(super) const COLUMNS: &str = "message_id, operation_key, conversation_id, position, sender_id, text, \
     sent_at, revision, content, edited_at, deleted_at, deleted_by, thread_position";

pub(crate) fn insert(db: &Connection, message: &Message) -> Result<()> {
    db.prepare_cached(&format!(
        "INSERT INTO message ({COLUMNS}, notice, thread_root)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, NULL, NULL, NULL, ?10, ?11, ?12)"
    ))?
    .execute(params![
        message.message_id.as_str(),
        message.operation_key.to_bytes(),
        message.conversation_id.as_str(),
        message.position.0,
        message.sender_id.as_str(),
        message.content.text,
        message.sent_at.0,
        message.revision.0,
        beside_the_text(&message.content)?,
        message.thread_position.map(|position| position.0),
        message.content.notice.is_some(),
        message.content.thread_root.map(OperationKey::to_bytes),
    ])?;
    for attachment in &message.content.attachments {
        files::attach(db, &message.message_id, &attachment.file_id)?;
    }
    for user in &message.content.mentions {
        if *user != message.sender_id {
            db.prepare_cached(
                "INSERT INTO mention (conversation_id, user_id, position) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![
                message.conversation_id.as_str(),
                user.as_str(),
                message.position.0
            ])?;
        }
    }
    Ok(())
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
            row.get(0).map(Timestamp)
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
        row.get(0).map(OperationKey::from_bytes)
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Something changed about a message that is not in its row.
pub(crate) fn set_revision(db: &Connection, key: OperationKey, revision: Revision) -> Result<()> {
    db.prepare_cached("UPDATE message SET revision = ?2 WHERE operation_key = ?1")?
        .execute(params![key.to_bytes(), revision.0])?;
    Ok(())
}

/// Writes what can change of a message.
pub(crate) fn update(db: &Connection, message: &Message) -> Result<()> {
    let deleted = message.deleted.as_ref();
    db.prepare_cached(
        "UPDATE message SET text = ?2, revision = ?3, content = ?4, edited_at = ?5,
                deleted_at = ?6, deleted_by = ?7
         WHERE message_id = ?1",
    )?
    .execute(params![
        message.message_id.as_str(),
        message.content.text,
        message.revision.0,
        beside_the_text(&message.content)?,
        message.edited_at.map(|at| at.0),
        deleted.map(|deletion| deletion.at.0),
        deleted.map(|deletion| deletion.by.as_str()),
    ])?;
    let there = reactions(db, &message.message_id)?;
    for (emoji, user) in pairs(&there) {
        if !pairs(&message.reactions).any(|pair| pair == (emoji, user)) {
            db.prepare_cached(
                "DELETE FROM reaction WHERE message_id = ?1 AND emoji = ?2 AND user_id = ?3",
            )?
            .execute(params![message.message_id.as_str(), emoji, user.as_str()])?;
        }
    }
    for (emoji, user) in pairs(&message.reactions) {
        db.prepare_cached(
            "INSERT INTO reaction (message_id, emoji, user_id) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![message.message_id.as_str(), emoji, user.as_str()])?;
    }
    Ok(())
}

fn pairs(reactions: &[Reaction]) -> impl Iterator<Item = (&str, &UserId)> {
    reactions.iter().flat_map(|reaction| {
        let emoji = reaction.emoji.as_str();
        reaction.user_ids.iter().map(move |user| (emoji, user))
    })
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

/// A message as one user sees it: empty when they have hidden it.
pub(crate) fn as_seen_by(
    db: &Connection,
    viewer: &UserId,
    mut message: Message,
) -> Result<Message> {
    if is_hidden(db, viewer, &message.message_id)? {
        message.hidden = true;
        message.content = message.content.emptied();
        message.reactions.clear();
    }
    Ok(message)
}

pub(crate) fn is_hidden(db: &Connection, viewer: &UserId, id: &MessageId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM hidden_message WHERE user_id = ?1 AND message_id = ?2)",
        )?
        .query_row(params![viewer.as_str(), id.as_str()], |row| row.get(0))?)
}

/// Hides a message from one user; false when it was hidden before.
pub(crate) fn hide(db: &Connection, user: &UserId, id: &MessageId) -> Result<bool> {
    Ok(db.execute(
        "INSERT INTO hidden_message (user_id, message_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        params![user.as_str(), id.as_str()],
    )? == 1)
}

pub(crate) fn keep_version(
    db: &Connection,
    id: &MessageId,
    at: Timestamp,
    text: &str,
) -> Result<()> {
    db.execute(
        "INSERT INTO message_version (message_id, at, text) VALUES (?1, ?2, ?3)",
        params![id.as_str(), at.0, text],
    )?;
    Ok(())
}

pub(crate) fn versions(db: &Connection, id: &MessageId) -> Result<Vec<MessageVersion>> {
    let mut statement = db.prepare_cached(
        "SELECT at, text FROM message_version WHERE message_id = ?1 ORDER BY ordinal",
    )?;
    let rows = statement.query_map([id.as_str()], |row| {
        Ok(MessageVersion {
            at: Timestamp(row.get(0)?),
            text: row.get(1)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Forgets what a message ever said and who reacted.
pub(crate) fn forget_content(db: &Connection, id: &MessageId) -> Result<()> {
    db.execute(
        "DELETE FROM message_version WHERE message_id = ?1",
        [id.as_str()],
    )?;
    db.execute("DELETE FROM reaction WHERE message_id = ?1", [id.as_str()])?;
    files::detach(db, id)
}

pub(crate) fn count(db: &Connection) -> Result<u64> {
    Ok(db.query_row("SELECT count(*) FROM message", [], |row| row.get(0))?)
}

/// The text has its own column.
fn beside_the_text(content: &Content) -> Result<String> {
    Ok(serde_json::to_string(&Content {
        text: String::new(),
        ..content.clone()
    })?)
}

fn reactions(db: &Connection, id: &MessageId) -> Result<Vec<Reaction>> {
    let mut statement = db.prepare_cached(
        "SELECT emoji, user_id FROM reaction WHERE message_id = ?1 ORDER BY ordinal",
    )?;
    let mut rows = statement.query([id.as_str()])?;
    let mut found: Vec<Reaction> = Vec::new();
    while let Some(row) = rows.next()? {
        let emoji: String = row.get(0)?;
        let user = UserId::new(row.get::<_, String>(1)?)?;
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
    let message_id = MessageId::new(row.get::<_, String>(0)?)?;
    let content: Content = serde_json::from_str(&row.get::<_, String>(8)?)?;
    let deleted = match (
        row.get::<_, Option<i64>>(10)?,
        row.get::<_, Option<String>>(11)?,
    ) {
        (Some(at), Some(by)) => Some(Deletion {
            at: Timestamp(at),
            by: UserId::new(by)?,
        }),
        _ => None,
    };
    let operation_key = OperationKey::from_bytes(row.get(1)?);
    let conversation_id = ConversationId::new(row.get::<_, String>(2)?)?;
    let thread = super::runs::thread(db, &conversation_id, operation_key)?;
    Ok(Message {
        operation_key,
        conversation_id,
        thread_position: row.get::<_, Option<u64>>(12)?.map(Position),
        thread,
        position: Position(row.get(3)?),
        sender_id: UserId::new(row.get::<_, String>(4)?)?,
        sent_at: Timestamp(row.get(6)?),
        revision: Revision(row.get(7)?),
        content: Content {
            text: row.get(5)?,
            ..content
        },
        edited_at: row.get::<_, Option<i64>>(9)?.map(Timestamp),
        deleted,
        hidden: false,
        reactions: reactions(db, &message_id)?,
        message_id,
    })
}

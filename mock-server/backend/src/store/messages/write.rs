//! What the room `messages` writes here, and nobody else.

use fulmar_protocol::{
    Content, Message, MessageId, OperationKey, Reaction, Revision, Timestamp, UserId,
};
use rusqlite::{Connection, params};

use super::{COLUMNS, reactions};
use crate::defects::{Defect, active};
use crate::error::Result;

pub(crate) fn insert(db: &Connection, message: &Message) -> Result<()> {
    // All fields: a new one does not compile until it is written, here or when it changes.
    let Message {
        message_id,
        operation_key,
        conversation_id,
        position,
        sender_id,
        sent_at,
        revision,
        content,
        thread_position,
        thread: _,
        edited_at: _,
        deleted: _,
        pinned: _,
        hidden: _,
        reactions: _,
    } = message;
    db.prepare_cached(&format!(
        "INSERT INTO message ({COLUMNS}, notice, thread_root, counted, counted_own)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, NULL, NULL, NULL, ?10, NULL, NULL, ?11, ?12,
                 (?11 = 0) + coalesce(
                     (SELECT counted FROM message WHERE conversation_id = ?3 AND position < ?4
                      ORDER BY position DESC LIMIT 1), 0),
                 (?11 = 0) + coalesce(
                     (SELECT counted_own FROM message INDEXED BY message_by_sender
                      WHERE conversation_id = ?3 AND sender_id = ?5 AND position < ?4
                      ORDER BY position DESC LIMIT 1), 0))"
    ))?
    .execute(params![
        message_id.as_str(),
        operation_key.to_bytes(),
        conversation_id.as_str(),
        position.0,
        sender_id.as_str(),
        content.text,
        sent_at.0,
        revision.0,
        beside_the_text(content)?,
        thread_position.map(|position| position.0),
        content.notice.is_some(),
        content.thread_root.map(OperationKey::to_bytes),
    ])?;
    insert_mentions(db, message)
}

fn insert_mentions(db: &Connection, message: &Message) -> Result<()> {
    let id = message.conversation_id.as_str();
    for user in &message.content.mentions {
        if *user != message.sender_id {
            db.prepare_cached(
                "INSERT INTO mention (conversation_id, user_id, position) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![id, user.as_str(), message.position.0])?;
        }
    }
    Ok(())
}

/// Something changed about a message that is not in its row.
pub(crate) fn set_revision(db: &Connection, key: OperationKey, revision: Revision) -> Result<()> {
    db.prepare_cached("UPDATE message SET revision = ?2 WHERE operation_key = ?1")?
        .execute(params![key.to_bytes(), revision.0])?;
    Ok(())
}

/// Writes what can change of a message.
pub(crate) fn update(db: &Connection, message: &Message) -> Result<()> {
    // All fields: a new one does not compile until it is known whether it can change.
    let Message {
        message_id,
        operation_key: _,
        conversation_id: _,
        position: _,
        sender_id: _,
        sent_at: _,
        revision,
        content,
        thread_position: _,
        thread: _,
        edited_at,
        deleted,
        pinned,
        hidden: _,
        reactions: shown,
    } = message;
    db.prepare_cached(
        "UPDATE message SET text = ?2, revision = ?3, content = ?4, edited_at = ?5,
                deleted_at = ?6, deleted_by = ?7, pinned_at = ?8, pinned_by = ?9
         WHERE message_id = ?1",
    )?
    .execute(params![
        message_id.as_str(),
        content.text,
        revision.0,
        beside_the_text(content)?,
        edited_at.map(|at| at.0),
        deleted.as_ref().map(|deletion| deletion.at.0),
        deleted.as_ref().map(|deletion| deletion.by.as_str()),
        pinned.as_ref().map(|pin| pin.at.0),
        pinned.as_ref().map(|pin| pin.by.as_str()),
    ])?;
    if active(Defect::EditsCountMentions) {
        db.execute(
            "DELETE FROM mention WHERE conversation_id = ?1 AND position = ?2",
            params![message.conversation_id.as_str(), message.position.0],
        )?;
        insert_mentions(db, message)?;
    }
    let there = reactions(db, message_id)?;
    for (emoji, user) in pairs(&there) {
        if !pairs(shown).any(|pair| pair == (emoji, user)) {
            db.prepare_cached(
                "DELETE FROM reaction WHERE message_id = ?1 AND emoji = ?2 AND user_id = ?3",
            )?
            .execute(params![message_id.as_str(), emoji, user.as_str()])?;
        }
    }
    insert_reactions(db, message)?;
    // An emoji keeps its place when the first who set it takes it back, and others have set it: the rows are
    // in another order then.
    if reactions(db, message_id)? != *shown && !active(Defect::ReactionsMove) {
        forget_reactions(db, message_id)?;
        insert_reactions(db, message)?;
    }
    Ok(())
}

fn insert_reactions(db: &Connection, message: &Message) -> Result<()> {
    for (emoji, user) in pairs(&message.reactions) {
        db.prepare_cached(
            "INSERT INTO reaction (message_id, emoji, user_id) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![message.message_id.as_str(), emoji, user.as_str()])?;
    }
    Ok(())
}

fn forget_reactions(db: &Connection, id: &MessageId) -> Result<()> {
    db.execute("DELETE FROM reaction WHERE message_id = ?1", [id.as_str()])?;
    Ok(())
}

fn pairs(reactions: &[Reaction]) -> impl Iterator<Item = (&str, &UserId)> {
    reactions.iter().flat_map(|reaction| {
        let emoji = reaction.emoji.as_str();
        reaction.user_ids.iter().map(move |user| (emoji, user))
    })
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

/// Forgets what a message ever said and who reacted.
pub(crate) fn forget_content(db: &Connection, id: &MessageId) -> Result<()> {
    db.execute(
        "DELETE FROM message_version WHERE message_id = ?1",
        [id.as_str()],
    )?;
    forget_reactions(db, id)
}

/// The text has its own column.
fn beside_the_text(content: &Content) -> Result<String> {
    Ok(serde_json::to_string(&Content {
        text: String::new(),
        ..content.clone()
    })?)
}

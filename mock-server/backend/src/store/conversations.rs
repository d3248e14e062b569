//! Conversations and who takes part.

use fulmar_protocol::{
    Conversation, ConversationId, ConversationKind, OperationKey, Participant, Position, Timestamp,
    UserId,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::messages;
use crate::Result;

/// How many messages come with a conversation (PROTOCOL.md §4.1).
const NEWEST_MESSAGES: u32 = 20;

pub(crate) struct NewConversation<'a> {
    pub(crate) id: &'a ConversationId,
    pub(crate) operation_key: Option<OperationKey>,
    pub(crate) kind: ConversationKind,
    pub(crate) title: Option<&'a str>,
    /// The two people of a direct conversation, as one name.
    pub(crate) pair: Option<&'a str>,
    pub(crate) participants: &'a [UserId],
    pub(crate) now: Timestamp,
}

pub(crate) fn insert(db: &Connection, new: &NewConversation<'_>) -> Result<()> {
    let kind = match new.kind {
        ConversationKind::Direct => "direct",
        ConversationKind::Group | ConversationKind::Unknown => "group",
    };
    db.execute(
        "INSERT INTO conversation (conversation_id, operation_key, kind, title, pair, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            new.id.as_str(),
            new.operation_key.map(OperationKey::to_bytes),
            kind,
            new.title,
            new.pair,
            new.now.0
        ],
    )?;
    for (joined, user) in new.participants.iter().enumerate() {
        db.execute(
            "INSERT INTO participant (conversation_id, user_id, joined) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING",
            params![new.id.as_str(), user.as_str(), joined],
        )?;
    }
    Ok(())
}

pub(crate) fn find_pair(db: &Connection, pair: &str) -> Result<Option<ConversationId>> {
    let id: Option<String> = db
        .query_row(
            "SELECT conversation_id FROM conversation WHERE pair = ?1",
            [pair],
            |row| row.get(0),
        )
        .optional()?;
    Ok(id.map(ConversationId::new).transpose()?)
}

/// Whether somebody takes part. Conversations of others do not exist, as far as anyone can tell.
pub(crate) fn takes_part(db: &Connection, id: &ConversationId, user: &UserId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM participant WHERE conversation_id = ?1 AND user_id = ?2)",
        )?
        .query_row(params![id.as_str(), user.as_str()], |row| row.get(0))?)
}

pub(crate) fn participant_ids(db: &Connection, id: &ConversationId) -> Result<Vec<UserId>> {
    let mut statement = db.prepare_cached(
        "SELECT user_id FROM participant WHERE conversation_id = ?1 ORDER BY joined, user_id",
    )?;
    let rows = statement.query_map([id.as_str()], |row| row.get::<_, String>(0))?;
    rows.map(|row| Ok(UserId::new(row?)?)).collect()
}

fn participants(db: &Connection, id: &ConversationId) -> Result<Vec<Participant>> {
    let mut statement = db.prepare_cached(
        "SELECT user_id, name, delivered_to, read_to
         FROM participant JOIN user USING (user_id)
         WHERE conversation_id = ?1
         ORDER BY joined, user_id",
    )?;
    let rows = statement.query_map([id.as_str()], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
        ))
    })?;
    rows.map(|row| {
        let (user_id, name, delivered_to, read_to) = row?;
        Ok(Participant {
            user_id: UserId::new(user_id)?,
            name,
            delivered_to: Position(delivered_to),
            read_to: Position(read_to),
        })
    })
    .collect()
}

/// The conversations of a user, the last active first.
pub(crate) fn ids_of(db: &Connection, user: &UserId) -> Result<Vec<ConversationId>> {
    let mut statement = db.prepare_cached(
        "SELECT c.conversation_id
         FROM participant AS p JOIN conversation AS c USING (conversation_id)
         WHERE p.user_id = ?1
         ORDER BY coalesce((SELECT sent_at FROM message AS m
                            WHERE m.conversation_id = c.conversation_id
                              AND m.position = c.last_position), c.created_at) DESC,
                  c.conversation_id",
    )?;
    let rows = statement.query_map([user.as_str()], |row| row.get::<_, String>(0))?;
    rows.map(|row| Ok(ConversationId::new(row?)?)).collect()
}

/// A conversation as one user sees it.
pub(crate) fn view(db: &Connection, id: &ConversationId, viewer: &UserId) -> Result<Conversation> {
    let (key, kind, title, created_at, last) = db
        .prepare_cached(
            "SELECT operation_key, kind, title, created_at, last_position
             FROM conversation WHERE conversation_id = ?1",
        )?
        .query_row([id.as_str()], |row| {
            Ok((
                row.get::<_, Option<[u8; 16]>>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, Option<String>>(2)?,
                row.get::<_, i64>(3)?,
                row.get::<_, u64>(4)?,
            ))
        })?;
    Ok(Conversation {
        conversation_id: id.clone(),
        operation_key: key.map(OperationKey::from_bytes),
        kind: match kind.as_str() {
            "direct" => ConversationKind::Direct,
            _ => ConversationKind::Group,
        },
        title,
        participants: participants(db, id)?,
        created_at: Timestamp(created_at),
        last_position: Position(last),
        messages: messages::before(db, id, Position(last).next(), NEWEST_MESSAGES)?,
        unread_count: unread(db, id, viewer)?,
    })
}

/// How many messages of others lie after a participant's read pointer.
pub(crate) fn unread(db: &Connection, id: &ConversationId, user: &UserId) -> Result<u64> {
    Ok(db
        .prepare_cached(
            "SELECT c.last_position - p.read_to
                    - (SELECT count(*) FROM message AS m
                       WHERE m.conversation_id = c.conversation_id AND m.sender_id = p.user_id
                         AND m.position > p.read_to)
             FROM participant AS p JOIN conversation AS c USING (conversation_id)
             WHERE p.conversation_id = ?1 AND p.user_id = ?2",
        )?
        .query_row(params![id.as_str(), user.as_str()], |row| row.get(0))?)
}

pub(crate) fn last_position(db: &Connection, id: &ConversationId) -> Result<Position> {
    Ok(db
        .prepare_cached("SELECT last_position FROM conversation WHERE conversation_id = ?1")?
        .query_row([id.as_str()], |row| row.get(0).map(Position))?)
}

pub(crate) fn set_last_position(
    db: &Connection,
    id: &ConversationId,
    position: Position,
) -> Result<()> {
    db.prepare_cached("UPDATE conversation SET last_position = ?2 WHERE conversation_id = ?1")?
        .execute(params![id.as_str(), position.0])?;
    Ok(())
}

/// Moves the pointers of a participant; they only grow. Gives where they stand, and whether one
/// moved.
pub(crate) fn advance_receipt(
    db: &Connection,
    id: &ConversationId,
    user: &UserId,
    delivered_to: Position,
    read_to: Position,
) -> Result<(Position, Position, bool)> {
    let before: (u64, u64) = db
        .prepare_cached(
            "SELECT delivered_to, read_to FROM participant
             WHERE conversation_id = ?1 AND user_id = ?2",
        )?
        .query_row(params![id.as_str(), user.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let read_to = read_to.max(Position(before.1));
    // What is read has arrived.
    let delivered_to = delivered_to.max(Position(before.0)).max(read_to);
    let moved = (delivered_to.0, read_to.0) != before;
    if moved {
        db.prepare_cached(
            "UPDATE participant SET delivered_to = ?3, read_to = ?4
             WHERE conversation_id = ?1 AND user_id = ?2",
        )?
        .execute(params![
            id.as_str(),
            user.as_str(),
            delivered_to.0,
            read_to.0
        ])?;
    }
    Ok((delivered_to, read_to, moved))
}

pub(crate) fn count(db: &Connection) -> Result<u64> {
    Ok(db.query_row("SELECT count(*) FROM conversation", [], |row| row.get(0))?)
}

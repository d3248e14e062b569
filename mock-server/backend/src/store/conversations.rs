//! Conversations.

use fulmar_protocol::{
    Conversation, ConversationId, ConversationKind, ConversationProfile, OperationKey, Position,
    Revision, Role, Timestamp, UserId, Writing,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::{participants, runs};
use crate::Result;

/// How many messages come with a conversation (PROTOCOL.md §4.1).
const NEWEST_MESSAGES: u32 = 20;

pub(crate) struct NewConversation<'a> {
    pub(crate) id: &'a ConversationId,
    pub(crate) operation_key: Option<OperationKey>,
    pub(crate) kind: ConversationKind,
    pub(crate) profile: &'a ConversationProfile,
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
        "INSERT INTO conversation (conversation_id, operation_key, kind, pair, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            new.id.as_str(),
            new.operation_key.map(OperationKey::to_bytes),
            kind,
            new.pair,
            new.now.0
        ],
    )?;
    set_profile(db, new.id, new.profile)?;
    for (joined, user) in new.participants.iter().enumerate() {
        let role = match new.kind {
            // The first is who makes it.
            ConversationKind::Group if joined == 0 => Role::Admin,
            _ => Role::Member,
        };
        db.execute(
            "INSERT INTO participant (conversation_id, user_id, joined, role)
             VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            params![
                new.id.as_str(),
                user.as_str(),
                joined,
                participants::role_text(role)
            ],
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
    let (key, created_at, last, revision) = db
        .prepare_cached(
            "SELECT operation_key, created_at, last_position, revision
             FROM conversation WHERE conversation_id = ?1",
        )?
        .query_row([id.as_str()], |row| {
            Ok((
                row.get::<_, Option<[u8; 16]>>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, u64>(2)?,
                row.get::<_, u64>(3)?,
            ))
        })?;
    let unread = participants::unread(db, id, viewer)?;
    Ok(Conversation {
        conversation_id: id.clone(),
        operation_key: key.map(OperationKey::from_bytes),
        kind: kind(db, id)?,
        profile: profile(db, id)?,
        participants: participants::all(db, id)?,
        created_at: Timestamp(created_at),
        last_position: Position(last),
        revision: Revision(revision),
        messages: runs::before(
            db,
            runs::Run::Conversation(id),
            viewer,
            Position(last).next(),
            NEWEST_MESSAGES,
        )?,
        unread_count: unread.unread_count,
        unread_mentions: unread.unread_mentions,
        settings: participants::settings(db, id, viewer)?,
    })
}

/// The number of one more change of a message.
pub(crate) fn next_revision(db: &Connection, id: &ConversationId) -> Result<Revision> {
    Ok(db
        .prepare_cached(
            "UPDATE conversation SET revision = revision + 1
             WHERE conversation_id = ?1 RETURNING revision",
        )?
        .query_row([id.as_str()], |row| row.get(0).map(Revision))?)
}

pub(crate) fn kind(db: &Connection, id: &ConversationId) -> Result<ConversationKind> {
    let kind: String = db
        .prepare_cached("SELECT kind FROM conversation WHERE conversation_id = ?1")?
        .query_row([id.as_str()], |row| row.get(0))?;
    Ok(match kind.as_str() {
        "direct" => ConversationKind::Direct,
        _ => ConversationKind::Group,
    })
}

pub(crate) fn profile(db: &Connection, id: &ConversationId) -> Result<ConversationProfile> {
    let (title, avatar_url, writing, context) = db
        .prepare_cached(
            "SELECT title, avatar_url, writing, context
             FROM conversation WHERE conversation_id = ?1",
        )?
        .query_row([id.as_str()], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, Option<String>>(3)?,
            ))
        })?;
    Ok(ConversationProfile {
        title,
        avatar_url,
        writing: match writing.as_str() {
            "admins" => Writing::Admins,
            _ => Writing::Everyone,
        },
        context: context
            .map(|context| serde_json::from_str(&context))
            .transpose()?,
    })
}

pub(crate) fn set_profile(
    db: &Connection,
    id: &ConversationId,
    profile: &ConversationProfile,
) -> Result<()> {
    let writing = match profile.writing {
        Writing::Admins => "admins",
        Writing::Everyone => "everyone",
    };
    let context = profile
        .context
        .as_ref()
        .map(serde_json::to_string)
        .transpose()?;
    db.execute(
        "UPDATE conversation SET title = ?2, avatar_url = ?3, writing = ?4, context = ?5
         WHERE conversation_id = ?1",
        params![
            id.as_str(),
            profile.title,
            profile.avatar_url,
            writing,
            context
        ],
    )?;
    Ok(())
}

/// Nobody takes part any more.
pub(crate) fn deactivate(db: &Connection, id: &ConversationId) -> Result<()> {
    db.execute(
        "UPDATE conversation SET active = 0 WHERE conversation_id = ?1",
        [id.as_str()],
    )?;
    Ok(())
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

pub(crate) fn count(db: &Connection) -> Result<u64> {
    Ok(db.query_row(
        "SELECT count(*) FROM conversation WHERE active",
        [],
        |row| row.get(0),
    )?)
}

//! Conversations.

pub(crate) mod write;

use std::collections::BTreeMap;

use fulmar_protocol::{
    Conversation, ConversationId, ConversationKind, ConversationProfile, Lenient, Message,
    OperationKey, Position, Revision, Settings, Timestamp, Unread, UserId, Writing,
};
use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

use super::{messages, participants, runs};
use crate::defects::{Defect, active};
use crate::error::Result;

/// How many messages come with a conversation (PROTOCOL.md §4.1).
const NEWEST_MESSAGES: u32 = 20;

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
    let rows = statement.query_map([user.as_str()], |row| {
        row.get::<_, String>("conversation_id")
    })?;
    rows.map(|row| Ok(ConversationId::new(row?)?)).collect()
}

/// A conversation as one user sees it.
pub(crate) fn view(db: &Connection, id: &ConversationId, viewer: &UserId) -> Result<Conversation> {
    let shared = shared(db, id)?;
    let own = Own::of(db, &shared, viewer)?;
    Ok(own.put_into(shared))
}

/// A conversation as each of these users sees it, once for all who see the same.
pub(crate) fn views(
    db: &Connection,
    id: &ConversationId,
    viewers: &[UserId],
) -> Result<Vec<(Conversation, Vec<UserId>)>> {
    let shared = shared(db, id)?;
    let mut views = BTreeMap::<String, (Own, Vec<UserId>)>::new();
    for viewer in viewers {
        let own = Own::of(db, &shared, viewer)?;
        let key = serde_json::to_string(&own)?;
        let (_, alike) = views.entry(key).or_insert_with(|| (own, Vec::new()));
        alike.push(viewer.clone());
    }
    let views = views.into_values();
    let views = views.map(|(own, alike)| (own.put_into(shared.clone()), alike));
    Ok(views.collect())
}

/// What everyone sees of it alike.
fn shared(db: &Connection, id: &ConversationId) -> Result<Conversation> {
    let (key, created_at, last, revision) = db
        .prepare_cached(
            "SELECT operation_key, created_at, last_position, revision
             FROM conversation WHERE conversation_id = ?1",
        )?
        .query_row([id.as_str()], |row| {
            Ok((
                row.get::<_, Option<[u8; 16]>>("operation_key")?,
                row.get::<_, i64>("created_at")?,
                row.get::<_, u64>("last_position")?,
                row.get::<_, u64>("revision")?,
            ))
        })?;
    Ok(Conversation {
        conversation_id: id.clone(),
        operation_key: key.map(OperationKey::from_bytes),
        kind: kind(db, id)?,
        profile: profile(db, id)?,
        participants: participants::all(db, id)?.into(),
        created_at: Timestamp(created_at),
        last_position: Position(last),
        revision: Revision(revision),
        messages: Lenient::default(),
        pinned_messages: Lenient::default(),
        unread_count: 0,
        unread_mentions: 0,
        settings: Settings::default(),
    })
}

/// What is one user's own of a conversation.
#[derive(Serialize)]
struct Own {
    messages: Vec<Message>,
    pinned: Vec<Message>,
    unread: Unread,
    settings: Settings,
}

impl Own {
    fn of(db: &Connection, shared: &Conversation, viewer: &UserId) -> Result<Self> {
        let id = &shared.conversation_id;
        Ok(Self {
            messages: runs::before(
                db,
                runs::Run::Conversation(id),
                &participants::viewer_unless(db, id, viewer, Defect::ViewTellsHidden)?,
                shared.last_position.next(),
                if active(Defect::WholeHistory) {
                    u32::MAX
                } else {
                    NEWEST_MESSAGES
                },
            )?,
            pinned: messages::pinned(db, id, viewer)?,
            unread: participants::unread(db, id, viewer)?,
            settings: participants::settings(db, id, viewer)?,
        })
    }

    fn put_into(self, shared: Conversation) -> Conversation {
        Conversation {
            messages: self.messages.into(),
            pinned_messages: self.pinned.into(),
            unread_count: self.unread.unread_count,
            unread_mentions: self.unread.unread_mentions,
            settings: self.settings,
            ..shared
        }
    }
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
                row.get("title")?,
                row.get("avatar_url")?,
                row.get::<_, String>("writing")?,
                row.get::<_, Option<String>>("context")?,
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

pub(crate) fn count(db: &Connection) -> Result<u64> {
    Ok(db.query_row(
        "SELECT count(*) FROM conversation WHERE active",
        [],
        |row| row.get(0),
    )?)
}

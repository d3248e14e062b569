//! Conversation rows: ids and aliases, and what the server said last of each. What the list shows of
//! them is in `list_rows`.

use fulmar_protocol::{
    Conversation, ConversationId, ConversationKind, ConversationProfile, OperationKey, Participant,
    Position, Revision, Seq, Settings, Timestamp, UserId,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::{ConversationKey, Result, StoreError, participants};

/// Finds a conversation by the server's id or by one that this device gave it.
pub(crate) fn find(db: &Connection, id: &ConversationId) -> Result<Option<ConversationKey>> {
    Ok(db
        .prepare_cached(
            "SELECT key FROM conversation WHERE id = ?1
             UNION ALL
             SELECT conversation FROM conversation_alias WHERE local_id = ?1
             LIMIT 1",
        )?
        .query_row([id.as_str()], |row| row.get(0).map(ConversationKey))
        .optional()?)
}

/// The id that the server gave, if it has.
pub(crate) fn server_id(db: &Connection, key: ConversationKey) -> Result<Option<ConversationId>> {
    let id: Option<String> = db
        .prepare_cached("SELECT id FROM conversation WHERE key = ?1")?
        .query_row([key.0], |row| row.get(0))?;
    id.map(ConversationId::new)
        .transpose()
        .map_err(|error| StoreError::damaged("conversation", error))
}

/// A conversation that only this device knows yet, which answers to its operation key.
pub(crate) struct LocalConversation<'a> {
    pub(crate) operation_key: OperationKey,
    pub(crate) kind: ConversationKind,
    pub(crate) profile: &'a ConversationProfile,
    pub(crate) participants: &'a [Participant],
    pub(crate) now: Timestamp,
}

pub(crate) fn insert_local(
    db: &Connection,
    draft: &LocalConversation<'_>,
) -> Result<ConversationKey> {
    db.execute(
        "INSERT INTO conversation (kind, server_profile, created_at, activity_at)
         VALUES (?1, ?2, ?3, ?3)",
        params![kind_text(draft.kind), json(draft.profile)?, draft.now.0],
    )?;
    let key = ConversationKey(db.last_insert_rowid());
    add_alias(db, key, &draft.operation_key.to_string())?;
    participants::replace_all(db, key, draft.participants)?;
    Ok(key)
}

/// The direct conversation with somebody, also one that the server does not know yet.
pub(crate) fn find_direct(db: &Connection, with: &UserId) -> Result<Option<ConversationKey>> {
    Ok(db
        .prepare_cached(
            "SELECT key FROM conversation
             WHERE kind = 'direct'
               AND EXISTS (SELECT 1 FROM participant
                           WHERE conversation = key AND user_id = ?1)
             ORDER BY key LIMIT 1",
        )?
        .query_row([with.as_str()], |row| row.get(0).map(ConversationKey))
        .optional()?)
}

/// The id by which to speak of a conversation: the server's, or the newest of this device.
pub(crate) fn public_id(db: &Connection, key: ConversationKey) -> Result<ConversationId> {
    let id: String = db
        .prepare_cached(
            "SELECT coalesce(id, (SELECT local_id FROM conversation_alias
                                  WHERE conversation = key ORDER BY local_id LIMIT 1), '')
             FROM conversation WHERE key = ?1",
        )?
        .query_row([key.0], |row| row.get(0))?;
    ConversationId::new(id).map_err(|error| StoreError::damaged("conversation", error))
}

fn add_alias(db: &Connection, key: ConversationKey, local_id: &str) -> Result<()> {
    db.execute(
        "INSERT INTO conversation_alias (local_id, conversation) VALUES (?1, ?2)
         ON CONFLICT (local_id) DO UPDATE SET conversation = excluded.conversation",
        params![local_id, key.0],
    )?;
    Ok(())
}

/// The row of a conversation, or the draft of this device that turns out to be it: created by the
/// same operation, or with the same person. So the row on the screen stays the same, and what waits
/// in its lane keeps its place before everything that is sent from now on.
fn find_or_adopt(
    db: &Connection,
    view: &Conversation,
    own: Option<&UserId>,
) -> Result<Option<ConversationKey>> {
    if let Some(key) = find(db, &view.conversation_id)? {
        return Ok(Some(key));
    }
    if let Some(operation_key) = view.operation_key
        && let Some(key) = find(db, &operation_key.into())?
    {
        return Ok(Some(key));
    }
    let other = view
        .participants
        .iter()
        .map(|participant| &participant.user_id)
        .find(|user| Some(*user) != own);
    match other.filter(|_| view.kind == ConversationKind::Direct) {
        Some(other) => Ok(find_direct(db, other)?),
        None => Ok(None),
    }
}

/// Whether the row of a conversation is that of another one of the same two people, which a restored server has lost.
pub(crate) fn takes_place_of_another(
    db: &Connection,
    view: &Conversation,
    own: Option<&UserId>,
) -> Result<bool> {
    let before = match find_or_adopt(db, view, own)? {
        Some(key) => server_id(db, key)?,
        None => None,
    };
    Ok(before.is_some_and(|before| before != view.conversation_id))
}

/// Writes what the server says about a conversation, whatever was known before. Messages are the
/// caller's.
pub(crate) fn upsert(
    db: &Connection,
    view: &Conversation,
    own: Option<&UserId>,
) -> Result<ConversationKey> {
    // All fields: a new one does not compile until it is written.
    let Conversation {
        conversation_id,
        operation_key: _,
        kind,
        profile,
        participants,
        created_at,
        last_position,
        revision,
        messages: _,
        pinned_messages: _,
        unread_count,
        unread_mentions,
        settings,
    } = view;
    let read_to = participants
        .iter()
        .find(|participant| Some(&participant.user_id) == own)
        .map_or(Position::ZERO, |participant| participant.read_to);
    let key = match find_or_adopt(db, view, own)? {
        Some(key) => key,
        None => {
            db.execute(
                "INSERT INTO conversation (id, kind, created_at, activity_at)
                 VALUES (?1, ?2, ?3, ?3)",
                params![conversation_id.as_str(), kind_text(*kind), created_at.0],
            )?;
            ConversationKey(db.last_insert_rowid())
        }
    };
    db.execute(
        "UPDATE conversation
         SET id = ?2, announced = 1, gone = 0, kind = ?3, server_profile = ?4, created_at = ?5,
             head = ?6, revision = ?7, server_read_to = ?8, server_unread = ?9,
             server_mentions = ?10, server_settings = ?11, pushed_to = 0
         WHERE key = ?1",
        params![
            key.0,
            conversation_id.as_str(),
            kind_text(*kind),
            json(profile)?,
            created_at.0,
            last_position.0,
            revision.0,
            read_to.0,
            (*unread_count).min(last_position.0),
            (*unread_mentions).min(last_position.0),
            json(settings)?,
        ],
    )?;
    participants::replace_all(db, key, participants)?;
    Ok(key)
}

/// The server turned out to know the conversation `draft` as `real` already: everything of the
/// draft moves there, and its local ids with it.
pub(crate) fn merge(db: &Connection, draft: ConversationKey, real: ConversationKey) -> Result<()> {
    for statement in [
        "UPDATE message SET conversation = ?2 WHERE conversation = ?1",
        "UPDATE operation SET lane = ?2 WHERE lane = ?1",
        "UPDATE conversation_alias SET conversation = ?2 WHERE conversation = ?1",
    ] {
        db.execute(statement, params![draft.0, real.0])?;
    }
    db.execute("DELETE FROM conversation WHERE key = ?1", [draft.0])?;
    Ok(())
}

/// Gives a draft the id that the server chose, and says how far the log went then.
pub(crate) fn set_server_id(
    db: &Connection,
    key: ConversationKey,
    id: &ConversationId,
    seq: Seq,
) -> Result<()> {
    // A server that does not say tells nothing.
    let seq = (seq > Seq::ZERO).then_some(seq.0);
    db.execute(
        "UPDATE conversation SET id = ?2, created_seq = ?3 WHERE key = ?1",
        params![key.0, id.as_str(), seq],
    )?;
    Ok(())
}

/// Every conversation here.
pub(crate) fn all(db: &Connection) -> Result<Vec<ConversationKey>> {
    keys(db, "SELECT key FROM conversation ORDER BY key")
}

/// Every conversation here that the server has.
pub(crate) fn told(db: &Connection) -> Result<Vec<ConversationKey>> {
    keys(
        db,
        "SELECT key FROM conversation WHERE id IS NOT NULL ORDER BY key",
    )
}

/// The conversations that a snapshot up to `seq` contains, if the user is still in them: those of which
/// the log or a snapshot has told, and those of which an outcome did that is not newer.
pub(crate) fn known_by(db: &Connection, seq: Seq) -> Result<Vec<ConversationKey>> {
    let mut statement = db.prepare_cached(
        "SELECT key FROM conversation WHERE announced OR created_seq <= ?1 ORDER BY key",
    )?;
    let rows = statement.query_map([seq.0], |row| row.get(0).map(ConversationKey))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn keys(db: &Connection, select: &str) -> Result<Vec<ConversationKey>> {
    let mut statement = db.prepare_cached(select)?;
    let rows = statement.query_map([], |row| row.get(0).map(ConversationKey))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The user is no longer in a conversation. It goes with its messages, unless some of the user's own were
/// never sent; then it stays until they are discarded.
pub(crate) fn set_gone(db: &Connection, key: ConversationKey) -> Result<()> {
    db.execute("UPDATE conversation SET gone = 1 WHERE key = ?1", [key.0])?;
    Ok(())
}

pub(crate) fn exists(db: &Connection, key: ConversationKey) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM conversation WHERE key = ?1)")?
        .query_row([key.0], |row| row.get(0))?)
}

pub(crate) fn is_gone(db: &Connection, key: ConversationKey) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT gone FROM conversation WHERE key = ?1")?
        .query_row([key.0], |row| row.get(0))?)
}

/// Removes a conversation that the user is no longer in and that nothing unsent holds; whether it
/// did.
pub(crate) fn remove_if_gone(db: &Connection, key: ConversationKey) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "DELETE FROM conversation
             WHERE key = ?1 AND gone
               AND NOT EXISTS (SELECT 1 FROM operation WHERE lane = ?1)",
        )?
        .execute([key.0])?
        == 1)
}

/// Removes a draft whose creation was discarded; its messages go with it.
pub(crate) fn remove_local(db: &Connection, key: ConversationKey) -> Result<()> {
    db.execute(
        "DELETE FROM conversation WHERE key = ?1 AND id IS NULL",
        [key.0],
    )?;
    Ok(())
}

/// A message changed.
pub(crate) fn advance_revision(
    db: &Connection,
    key: ConversationKey,
    revision: Revision,
) -> Result<()> {
    db.prepare_cached("UPDATE conversation SET revision = max(revision, ?2) WHERE key = ?1")?
        .execute(params![key.0, revision.0])?;
    Ok(())
}

/// The last change of a message that was seen here.
pub(crate) fn revision(db: &Connection, key: ConversationKey) -> Result<Revision> {
    Ok(db
        .prepare_cached("SELECT revision FROM conversation WHERE key = ?1")?
        .query_row([key.0], |row| row.get(0).map(Revision))?)
}

/// What the server said of what everyone sees.
pub(crate) fn server_profile(db: &Connection, key: ConversationKey) -> Result<ConversationProfile> {
    let text: String = db
        .prepare_cached("SELECT server_profile FROM conversation WHERE key = ?1")?
        .query_row([key.0], |row| row.get(0))?;
    from_json(&text)
}

pub(crate) fn set_server_profile(
    db: &Connection,
    key: ConversationKey,
    profile: &ConversationProfile,
) -> Result<()> {
    db.execute(
        "UPDATE conversation SET server_profile = ?2 WHERE key = ?1",
        params![key.0, json(profile)?],
    )?;
    Ok(())
}

/// What the server said of what only the user sees.
pub(crate) fn server_settings(db: &Connection, key: ConversationKey) -> Result<Settings> {
    let text: String = db
        .prepare_cached("SELECT server_settings FROM conversation WHERE key = ?1")?
        .query_row([key.0], |row| row.get(0))?;
    from_json(&text)
}

pub(crate) fn set_server_settings(
    db: &Connection,
    key: ConversationKey,
    settings: &Settings,
) -> Result<()> {
    db.execute(
        "UPDATE conversation SET server_settings = ?2 WHERE key = ?1",
        params![key.0, json(settings)?],
    )?;
    Ok(())
}

/// What the user has begun to write.
pub(crate) fn set_draft(db: &Connection, key: ConversationKey, text: &str) -> Result<()> {
    db.execute(
        "UPDATE conversation SET draft = ?2 WHERE key = ?1",
        params![key.0, text],
    )?;
    Ok(())
}

pub(crate) fn kind(db: &Connection, key: ConversationKey) -> Result<ConversationKind> {
    let kind: String = db
        .prepare_cached("SELECT kind FROM conversation WHERE key = ?1")?
        .query_row([key.0], |row| row.get(0))?;
    Ok(match kind.as_str() {
        "direct" => ConversationKind::Direct,
        _ => ConversationKind::Group,
    })
}

fn kind_text(kind: ConversationKind) -> &'static str {
    match kind {
        ConversationKind::Direct => "direct",
        ConversationKind::Group | ConversationKind::Unknown => "group",
    }
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::damaged("conversation", error))
}

fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| StoreError::damaged("conversation", error))
}

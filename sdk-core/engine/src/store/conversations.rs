//! Conversation rows: ids and aliases, participants, unread counts, and what the list shows.

use fulmar_protocol::{
    Conversation, ConversationId, ConversationKind, OperationKey, Position, Timestamp, UserId,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::{ConversationKey, Result};

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
        .map_err(|error| super::StoreError::damaged("conversation", error))
}

/// A conversation that only this device knows yet, which answers to its operation key.
pub(crate) struct Draft<'a> {
    pub(crate) operation_key: OperationKey,
    pub(crate) kind: ConversationKind,
    pub(crate) title: &'a str,
    pub(crate) participants: &'a [UserId],
    pub(crate) now: Timestamp,
}

pub(crate) fn insert_draft(db: &Connection, draft: &Draft<'_>) -> Result<ConversationKey> {
    db.execute(
        "INSERT INTO conversation (kind, title, created_at, activity_at, participant_count)
         VALUES (?1, ?2, ?3, ?3, ?4)",
        params![
            kind_text(draft.kind),
            draft.title,
            draft.now.0,
            draft.participants.len()
        ],
    )?;
    let key = ConversationKey(db.last_insert_rowid());
    add_alias(db, key, &draft.operation_key.to_string())?;
    for user in draft.participants {
        db.execute(
            "INSERT INTO participant (conversation, user_id) VALUES (?1, ?2)
             ON CONFLICT DO NOTHING",
            params![key.0, user.as_str()],
        )?;
    }
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
    ConversationId::new(id).map_err(|error| super::StoreError::damaged("conversation", error))
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
    match (view.kind, other) {
        (ConversationKind::Direct, Some(other)) => Ok(find_direct(db, other)?),
        _ => Ok(None),
    }
}

/// Writes what the server says about a conversation, whatever was known before. Messages are the
/// caller's.
pub(crate) fn upsert(
    db: &Connection,
    view: &Conversation,
    own: Option<&UserId>,
) -> Result<ConversationKey> {
    let read_to = view
        .participants
        .iter()
        .find(|participant| Some(&participant.user_id) == own)
        .map_or(Position::ZERO, |participant| participant.read_to);
    let key = match find_or_adopt(db, view, own)? {
        Some(key) => key,
        None => {
            db.execute(
                "INSERT INTO conversation (id, kind, created_at, activity_at)
                 VALUES (?1, ?2, ?3, ?3)",
                params![
                    view.conversation_id.as_str(),
                    kind_text(view.kind),
                    view.created_at.0
                ],
            )?;
            ConversationKey(db.last_insert_rowid())
        }
    };
    db.execute(
        "UPDATE conversation
         SET id = ?2, announced = 1, kind = ?3, title = ?4, created_at = ?5, head = ?6,
             server_read_to = ?7, server_unread = ?8, participant_count = ?9
         WHERE key = ?1",
        params![
            key.0,
            view.conversation_id.as_str(),
            kind_text(view.kind),
            view.title.as_deref().unwrap_or_default(),
            view.created_at.0,
            view.last_position.0,
            read_to.0,
            view.unread_count.min(view.last_position.0),
            view.participants.len(),
        ],
    )?;
    db.execute("DELETE FROM participant WHERE conversation = ?1", [key.0])?;
    for participant in &view.participants {
        db.execute(
            "INSERT OR REPLACE INTO participant
                 (conversation, user_id, name, delivered_to, read_to)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                key.0,
                participant.user_id.as_str(),
                participant.name,
                participant.delivered_to.0,
                participant.read_to.0
            ],
        )?;
    }
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

/// Gives a draft the id that the server chose.
pub(crate) fn set_server_id(
    db: &Connection,
    key: ConversationKey,
    id: &ConversationId,
) -> Result<()> {
    db.execute(
        "UPDATE conversation SET id = ?2 WHERE key = ?1",
        params![key.0, id.as_str()],
    )?;
    Ok(())
}

/// Every conversation here.
pub(crate) fn all(db: &Connection) -> Result<Vec<ConversationKey>> {
    keys(db, "SELECT key FROM conversation ORDER BY key")
}

/// The conversations that the server's log or a snapshot has told of.
pub(crate) fn announced(db: &Connection) -> Result<Vec<ConversationKey>> {
    keys(
        db,
        "SELECT key FROM conversation WHERE announced ORDER BY key",
    )
}

fn keys(db: &Connection, select: &str) -> Result<Vec<ConversationKey>> {
    let mut statement = db.prepare_cached(select)?;
    let rows = statement.query_map([], |row| row.get(0).map(ConversationKey))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Removes a conversation with its messages, unless something of it is in the outbox.
pub(crate) fn remove_unless_unsent(db: &Connection, key: ConversationKey) -> Result<()> {
    db.execute(
        "DELETE FROM conversation
         WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM operation WHERE lane = ?1)",
        [key.0],
    )?;
    Ok(())
}

/// Removes a draft whose creation was discarded; its messages go with it.
pub(crate) fn remove_draft(db: &Connection, key: ConversationKey) -> Result<()> {
    db.execute(
        "DELETE FROM conversation WHERE key = ?1 AND id IS NULL",
        [key.0],
    )?;
    Ok(())
}

/// The server's side of one more message.
pub(crate) fn advance_head(
    db: &Connection,
    key: ConversationKey,
    head: Position,
    counts_as_unread: bool,
) -> Result<()> {
    db.prepare_cached(
        "UPDATE conversation
         SET head = max(head, ?2),
             server_unread = server_unread + (?3 AND ?2 > server_read_to)
         WHERE key = ?1",
    )?
    .execute(params![key.0, head.0, counts_as_unread])?;
    Ok(())
}

pub(crate) fn head(db: &Connection, key: ConversationKey) -> Result<Position> {
    Ok(db
        .prepare_cached("SELECT head FROM conversation WHERE key = ?1")?
        .query_row([key.0], |row| row.get(0).map(Position))?)
}

/// A receipt pointer moved at the server. Pointers only grow.
pub(crate) fn advance_receipt(
    db: &Connection,
    key: ConversationKey,
    user: &UserId,
    delivered_to: Position,
    read_to: Position,
) -> Result<()> {
    db.prepare_cached(
        "UPDATE participant
         SET delivered_to = max(delivered_to, ?3), read_to = max(read_to, ?4)
         WHERE conversation = ?1 AND user_id = ?2",
    )?
    .execute(params![key.0, user.as_str(), delivered_to.0, read_to.0])?;
    Ok(())
}

/// The own read pointer moved at the server.
pub(crate) fn advance_own_read(
    db: &Connection,
    key: ConversationKey,
    read_to: Position,
    unread: Option<u64>,
) -> Result<()> {
    db.execute(
        "UPDATE conversation
         SET server_unread = CASE WHEN ?2 >= server_read_to THEN coalesce(?3, server_unread)
                                  ELSE server_unread END,
             server_read_to = max(server_read_to, ?2)
         WHERE key = ?1",
        params![
            key.0,
            read_to.0,
            unread.map(|count| count.min(i64::MAX as u64))
        ],
    )?;
    Ok(())
}

/// Where the own read pointer stands on this device.
pub(crate) fn own_read_to(db: &Connection, key: ConversationKey) -> Result<Position> {
    Ok(db
        .prepare_cached(
            "SELECT max(server_read_to, local_read_to) FROM conversation WHERE key = ?1",
        )?
        .query_row([key.0], |row| row.get(0).map(Position))?)
}

/// Moves the own read pointer ahead of the server's, or back to it with `Position::ZERO`.
pub(crate) fn set_local_read(db: &Connection, key: ConversationKey, to: Position) -> Result<()> {
    db.execute(
        "UPDATE conversation SET local_read_to = ?2 WHERE key = ?1",
        params![key.0, to.0],
    )?;
    Ok(())
}

/// Computes again what the list shows of a conversation: preview, activity and unread count.
///
/// Unread is integer arithmetic: what the server counted, or, when this device has read further
/// than the server knows, the positions after that without the own messages among them.
pub(crate) fn refresh_row(
    db: &Connection,
    key: ConversationKey,
    own: Option<&UserId>,
) -> Result<()> {
    db.prepare_cached(
        "UPDATE conversation
         SET unread = CASE WHEN local_read_to > server_read_to
                 THEN min(server_unread,
                          max(0, head - local_read_to
                              - (SELECT count(*) FROM message
                                 WHERE conversation = ?1 AND position > local_read_to
                                   AND position <= head AND sender_id = ?2)))
                 ELSE server_unread END,
             (preview_text, preview_sender, activity_at) =
             (SELECT text, sender_id, at FROM (
                 SELECT text, sender_id, at, 1 AS unsent, o.ordinal AS place
                 FROM operation o JOIN message USING (operation_key)
                 WHERE o.lane = ?1 AND o.ordinal = (
                     SELECT max(ordinal) FROM operation
                     WHERE lane = ?1 AND method = 'message.send')
                 UNION ALL
                 SELECT text, sender_id, at, 0, position FROM message
                 WHERE conversation = ?1 AND position = (
                     SELECT max(position) FROM message
                     WHERE conversation = ?1 AND position IS NOT NULL)
                 UNION ALL
                 SELECT NULL, NULL, created_at, -1, 0 FROM conversation WHERE key = ?1
             ) ORDER BY unsent DESC, place DESC LIMIT 1)
         WHERE key = ?1",
    )?
    .execute(params![key.0, own.map(UserId::as_str)])?;
    Ok(())
}

fn kind_text(kind: ConversationKind) -> &'static str {
    match kind {
        ConversationKind::Direct => "direct",
        ConversationKind::Group | ConversationKind::Unknown => "group",
    }
}

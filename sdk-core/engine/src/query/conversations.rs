//! The list of conversations, the last active first: one indexed query over rows that already hold
//! what the list shows.

use fulmar_protocol::{
    ConversationId, ConversationKind, OperationKey, Position, Timestamp, UserId,
};
use rusqlite::Row;

use super::timeline::read_failure;
use crate::outbox::failure::FailureReason;
use crate::store::{ConversationKey, Reader, Result, StoreError};

/// A conversation on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationItem {
    /// The list key: the same from its creation on this device to the end.
    pub key: ConversationKey,
    /// The id by which to speak of it. A conversation that was created offline gets the server's id
    /// later; it goes on answering to this one.
    pub conversation_id: ConversationId,
    /// Direct or group.
    pub kind: ConversationKind,
    /// What to call it: the title of a group, the name of the other person.
    pub title: String,
    /// How many people take part, oneself included.
    pub participant_count: u32,
    /// The newest message, also one that is not sent yet.
    pub preview: Option<Preview>,
    /// When something last happened in it.
    pub activity_at: Timestamp,
    /// How many messages of others are unread.
    pub unread_count: u64,
    /// The position of the newest confirmed message.
    pub last_position: Position,
    /// Whether the server knows it.
    pub status: ConversationStatus,
}

/// The newest message of a conversation, for its row in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Who sent it.
    pub sender: UserId,
    /// What it says.
    pub text: String,
}

/// Whether the server knows a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConversationStatus {
    /// It does.
    Ready,
    /// Not yet; messages can be sent all the same, and wait.
    Creating {
        /// The operation that creates it.
        operation: OperationKey,
    },
    /// It refused to create it. Retry or discard the operation.
    Failed {
        /// The operation that should have created it.
        operation: OperationKey,
        /// Why.
        reason: FailureReason,
    },
}

/// Reads the newest `limit` conversations. Never touches the network.
pub fn conversations(
    reader: &Reader,
    own: Option<&UserId>,
    limit: u32,
) -> Result<Vec<ConversationItem>> {
    let mut statement = reader.connection().prepare_cached(
        "SELECT key,
                coalesce(c.id, (SELECT local_id FROM conversation_alias
                                WHERE conversation = c.key ORDER BY local_id LIMIT 1), ''),
                kind,
                CASE kind WHEN 'direct' THEN coalesce(
                    (SELECT nullif(name, '') FROM participant
                     WHERE conversation = c.key AND user_id <> ?1 LIMIT 1),
                    (SELECT user_id FROM participant
                     WHERE conversation = c.key AND user_id <> ?1 LIMIT 1), '')
                ELSE title END,
                participant_count, preview_sender, preview_text, activity_at, unread, head,
                o.operation_key, o.state, o.failure
         FROM conversation AS c
         LEFT JOIN operation AS o
                ON c.id IS NULL AND o.lane = c.key AND o.method = 'conversation.create'
         ORDER BY activity_at DESC, key DESC
         LIMIT ?2",
    )?;
    let own = own.map_or("", UserId::as_str);
    let rows = statement.query_map(rusqlite::params![own, limit], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

fn read(row: &Row<'_>) -> Result<ConversationItem> {
    let bad = |error: fulmar_protocol::IdError| StoreError::damaged("conversation", error);
    let id: String = row.get(1)?;
    let kind: String = row.get(2)?;
    let sender: Option<String> = row.get(5)?;
    let text: Option<String> = row.get(6)?;
    let preview = match sender.zip(text) {
        Some((sender, text)) => Some(Preview {
            sender: UserId::new(sender).map_err(bad)?,
            text,
        }),
        None => None,
    };
    let operation: Option<[u8; 16]> = row.get(10)?;
    let state: Option<String> = row.get(11)?;
    let status = match (operation.map(OperationKey::from_bytes), state.as_deref()) {
        (Some(operation), Some("failed")) => ConversationStatus::Failed {
            operation,
            reason: read_failure(row.get(12)?)?,
        },
        (Some(operation), _) => ConversationStatus::Creating { operation },
        (None, _) => ConversationStatus::Ready,
    };
    Ok(ConversationItem {
        key: ConversationKey(row.get(0)?),
        conversation_id: ConversationId::new(id).map_err(bad)?,
        kind: match kind.as_str() {
            "direct" => ConversationKind::Direct,
            _ => ConversationKind::Group,
        },
        title: row.get(3)?,
        participant_count: row.get(4)?,
        preview,
        activity_at: Timestamp(row.get(7)?),
        unread_count: row.get(8)?,
        last_position: Position(row.get(9)?),
        status,
    })
}

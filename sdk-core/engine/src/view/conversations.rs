//! The list of conversations, pinned ones and then the last active first: one indexed query over rows that already hold
//! what the list shows.

use fulmar_protocol::{
    Context, ConversationId, ConversationKind, ConversationProfile, OperationKey, Position,
    Presence, Settings, Timestamp, UserId, Writing,
};
use rusqlite::{OptionalExtension as _, Row};

use super::list_row::Preview;
use super::message_item::read_failure;
use crate::store::conversations::find;
use crate::store::state::FailureReason;
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
    /// The other person, in a direct conversation.
    pub other: Option<UserId>,
    /// Whether that person is there, as far as is known.
    pub presence: Presence,
    /// Whether the user has blocked that person.
    pub blocked: bool,
    /// Where the picture of a group, or of the other person, is.
    pub avatar_url: Option<String>,
    /// Who may write.
    pub writing: Writing,
    /// What it is about.
    pub context: Option<Context>,
    /// How many people take part, oneself included.
    pub participant_count: u32,
    /// The newest message, also one that is not sent yet.
    pub preview: Option<Preview>,
    /// When something last happened in it.
    pub activity_at: Timestamp,
    /// How many messages of others are unread.
    pub unread_count: u64,
    /// How many of those mention the user.
    pub unread_mentions: u64,
    /// What the user has set for it.
    pub settings: Settings,
    /// What the user has begun to write; on this device only.
    pub draft: String,
    /// The position of the newest confirmed message.
    pub last_position: Position,
    /// Whether the server knows it.
    pub status: ConversationStatus,
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
    /// The user is no longer in it. It is still here because of messages that were never sent; when
    /// these are discarded, it goes.
    Left,
}

/// Which conversations a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConversationFilter {
    /// From where.
    pub place: Place,
    /// All, or only those with something unread.
    pub unread: UnreadFilter,
    /// Only of this kind.
    pub kind: Option<ConversationKind>,
}

/// Where a conversation is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    /// Where it is unless the user put it elsewhere.
    #[default]
    Inbox,
    /// In the archive.
    Archive,
}

/// Whether only what is unread is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnreadFilter {
    /// All.
    #[default]
    All,
    /// Those with unread messages, or marked as unread.
    OnlyUnread,
}

const COLUMNS: &str = "key,
    coalesce(c.id, (SELECT local_id FROM conversation_alias
                    WHERE conversation = c.key ORDER BY local_id LIMIT 1), ''),
    kind,
    CASE kind WHEN 'direct' THEN coalesce(
        (SELECT nullif(name, '') FROM participant
         WHERE conversation = c.key AND user_id <> ?1 LIMIT 1),
        (SELECT user_id FROM participant
         WHERE conversation = c.key AND user_id <> ?1 LIMIT 1), '')
    END,
    participant_count, preview, activity_at, unread, head, o.operation_key, o.state, o.failure,
    profile, settings, unread_mentions, draft, gone,
    CASE kind WHEN 'direct' THEN
        (SELECT user_id FROM participant
         WHERE conversation = c.key AND user_id <> ?1 LIMIT 1)
    END,
    CASE kind WHEN 'direct' THEN
        (SELECT avatar_url FROM participant
         WHERE conversation = c.key AND user_id <> ?1 LIMIT 1)
    END,
    CASE kind WHEN 'direct' THEN EXISTS
        (SELECT 1 FROM participant JOIN blocked USING (user_id)
         WHERE conversation = c.key AND user_id <> ?1)
    ELSE 0 END";

/// What a filter lets through: [`bound`], from this parameter on.
fn listed(first: u8) -> String {
    let (second, third) = (first + 1, first + 2);
    format!(
        "listed = ?{first}
         AND (?{second} = 0 OR unread > 0 OR json_extract(settings, '$.markedUnread'))
         AND (?{third} IS NULL OR kind = ?{third})"
    )
}

/// Reads the first `limit` conversations: pinned ones, then the others, the last active first. Never
/// touches the network.
pub fn conversations(
    reader: &Reader,
    own: Option<&UserId>,
    filter: ConversationFilter,
    limit: u32,
) -> Result<Vec<ConversationItem>> {
    let mut statement = reader.connection().prepare_cached(&format!(
        "SELECT {COLUMNS}
         FROM conversation AS c
         LEFT JOIN operation AS o
                ON c.id IS NULL AND o.lane = c.key AND o.method = 'conversation.create'
         WHERE {}
         ORDER BY pinned DESC, activity_at DESC, key DESC
         LIMIT ?2",
        listed(3)
    ))?;
    let own = own.map_or("", UserId::as_str);
    let (place, only_unread, kind) = bound(filter);
    let rows = statement.query_map(
        rusqlite::params![own, limit, place, only_unread, kind],
        |row| Ok(read(row)),
    )?;
    rows.map(|row| row?).collect()
}

/// How many conversations a filter lets through. Never touches the network.
pub fn count_conversations(reader: &Reader, filter: ConversationFilter) -> Result<u64> {
    Ok(reader
        .connection()
        .prepare_cached(&format!(
            "SELECT count(*) FROM conversation WHERE {}",
            listed(1)
        ))?
        .query_row(bound(filter), |row| row.get(0))?)
}

/// What a filter is bound as.
fn bound(filter: ConversationFilter) -> (&'static str, bool, Option<&'static str>) {
    let place = match filter.place {
        Place::Inbox => "inbox",
        Place::Archive => "archive",
    };
    let only_unread = filter.unread == UnreadFilter::OnlyUnread;
    let kind = filter.kind.map(|kind| match kind {
        ConversationKind::Direct => "direct",
        ConversationKind::Group | ConversationKind::Unknown => "group",
    });
    (place, only_unread, kind)
}

/// By what the store knows a conversation, if it does. Never touches the network.
pub fn conversation_key(reader: &Reader, id: &ConversationId) -> Result<Option<ConversationKey>> {
    find(reader.connection(), id)
}

/// Reads one conversation, wherever it is listed. Never touches the network.
pub fn conversation(
    reader: &Reader,
    own: Option<&UserId>,
    id: &ConversationId,
) -> Result<Option<ConversationItem>> {
    let db = reader.connection();
    let Some(key) = find(db, id)? else {
        return Ok(None);
    };
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS}
         FROM conversation AS c
         LEFT JOIN operation AS o
                ON c.id IS NULL AND o.lane = c.key AND o.method = 'conversation.create'
         WHERE key = ?2"
    ))?;
    let own = own.map_or("", UserId::as_str);
    statement
        .query_row(rusqlite::params![own, key.0], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

fn read(row: &Row<'_>) -> Result<ConversationItem> {
    let bad = |error: fulmar_protocol::IdError| StoreError::damaged("conversation", error);
    let broken = |error: serde_json::Error| StoreError::damaged("conversation", error);
    let id: String = row.get(1)?;
    let kind: String = row.get(2)?;
    let other: Option<String> = row.get(3)?;
    let preview: Option<String> = row.get(5)?;
    let operation: Option<[u8; 16]> = row.get(9)?;
    let state: Option<String> = row.get(10)?;
    let status = match (operation.map(OperationKey::from_bytes), state.as_deref()) {
        (Some(operation), Some("failed")) => ConversationStatus::Failed {
            operation,
            reason: read_failure(row.get(11)?)?,
        },
        (Some(operation), _) => ConversationStatus::Creating { operation },
        (None, _) if row.get(16)? => ConversationStatus::Left,
        (None, _) => ConversationStatus::Ready,
    };
    let profile: ConversationProfile =
        serde_json::from_str(&row.get::<_, String>(12)?).map_err(broken)?;
    Ok(ConversationItem {
        key: ConversationKey(row.get(0)?),
        conversation_id: ConversationId::new(id).map_err(bad)?,
        kind: match kind.as_str() {
            "direct" => ConversationKind::Direct,
            _ => ConversationKind::Group,
        },
        title: other.or(profile.title).unwrap_or_default(),
        other: row
            .get::<_, Option<String>>(17)?
            .map(UserId::new)
            .transpose()
            .map_err(bad)?,
        // The store does not know; whoever is connected does.
        presence: Presence::Unknown,
        blocked: row.get(19)?,
        avatar_url: row.get::<_, Option<String>>(18)?.or(profile.avatar_url),
        writing: profile.writing,
        context: profile.context,
        participant_count: row.get(4)?,
        preview: preview
            .map(|preview| serde_json::from_str(&preview))
            .transpose()
            .map_err(broken)?,
        activity_at: Timestamp(row.get(6)?),
        unread_count: row.get(7)?,
        unread_mentions: row.get(14)?,
        settings: serde_json::from_str(&row.get::<_, String>(13)?).map_err(broken)?,
        draft: row.get(15)?,
        last_position: Position(row.get(8)?),
        status,
    })
}

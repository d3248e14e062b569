//! The list of conversations, pinned ones and then the last active first.

use fulmar_protocol::{
    Context, ConversationId, ConversationKind, OperationKey, Position, Presence, Settings,
    Timestamp, UserId, Writing,
};

use super::list_row::Preview;
use super::message_item::reason;
use crate::store::conversations::find;
use crate::store::read::list::{self, Creation, Filter, ListRow};
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
    /// The server has it: messages can go out.
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
        /// Why it failed, and with that what the app can do.
        reason: FailureReason,
    },
    /// The user is no longer in it. It is still here because of messages that were never sent; when
    /// these are discarded, it goes.
    Left,
}

/// Which conversations a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConversationFilter {
    /// The part of the list.
    pub folder: Folder,
    /// All, or only those with something unread.
    pub unread: UnreadFilter,
    /// Only of this kind.
    pub kind: Option<ConversationKind>,
}

/// The part of the user's list that a conversation is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Folder {
    /// Where a conversation is unless the user has archived it.
    #[default]
    Inbox,
    /// What the user has archived.
    Archive,
}

/// Whether only what is unread is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnreadFilter {
    /// Conversations with and without unread messages.
    #[default]
    All,
    /// Those with unread messages, or marked as unread.
    OnlyUnread,
}

/// Reads the first `limit` conversations: pinned ones, then the others, the last active first. Never
/// touches the network.
pub fn conversations(
    reader: &Reader,
    own: Option<&UserId>,
    filter: ConversationFilter,
    limit: u32,
) -> Result<Vec<ConversationItem>> {
    let own = own.map_or("", UserId::as_str);
    let rows = list::first(reader.connection(), own, filter.columns(), limit)?;
    rows.into_iter().map(shown).collect()
}

/// How many conversations a filter lets through. Never touches the network.
pub fn count_conversations(reader: &Reader, filter: ConversationFilter) -> Result<u64> {
    list::count(reader.connection(), filter.columns())
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
    let own = own.map_or("", UserId::as_str);
    list::one(db, own, key)?.map(shown).transpose()
}

impl ConversationFilter {
    fn columns(self) -> Filter {
        Filter {
            listed: match self.folder {
                Folder::Inbox => "inbox",
                Folder::Archive => "archive",
            },
            only_unread: self.unread == UnreadFilter::OnlyUnread,
            kind: self.kind.map(|kind| match kind {
                ConversationKind::Direct => "direct",
                ConversationKind::Group | ConversationKind::Unknown => "group",
            }),
        }
    }
}

fn shown(row: ListRow) -> Result<ConversationItem> {
    let profile = row.profile;
    Ok(ConversationItem {
        key: row.key,
        conversation_id: row.id,
        kind: row.kind,
        title: row.other_name.or(profile.title).unwrap_or_default(),
        other: row.other,
        // The store does not know it; the machine `live` does.
        presence: Presence::Unknown,
        blocked: row.blocked,
        avatar_url: row.other_avatar_url.or(profile.avatar_url),
        writing: profile.writing,
        context: profile.context,
        participant_count: row.participant_count,
        preview: row
            .preview
            .map(|preview| serde_json::from_str(&preview))
            .transpose()
            .map_err(|error| StoreError::damaged("conversation", error))?,
        activity_at: row.activity_at,
        unread_count: row.unread,
        unread_mentions: row.unread_mentions,
        settings: row.settings,
        draft: row.draft,
        last_position: row.head,
        status: status(row.creation, row.gone)?,
    })
}

fn status(creation: Option<Creation>, gone: bool) -> Result<ConversationStatus> {
    Ok(match creation {
        Some(creation) if creation.failed => ConversationStatus::Failed {
            operation: creation.operation,
            reason: reason(creation.failure)?,
        },
        Some(Creation { operation, .. }) => ConversationStatus::Creating { operation },
        None if gone => ConversationStatus::Left,
        None => ConversationStatus::Ready,
    })
}

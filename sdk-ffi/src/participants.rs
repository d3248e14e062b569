//! Who takes part in a conversation, and what everyone, or one person, has set for it.

use fulmar::{Position, Timestamp, UserId};

use crate::{CommandError, ConversationKind, Field, FieldRule};

/// A person in a conversation, with how far they have come.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Participant {
    /// The user's id.
    pub user_id: UserId,
    /// The name to show.
    pub name: String,
    /// Where their picture is.
    pub avatar_url: Option<String>,
    /// What they may do.
    pub role: Role,
    /// Every message up to here has reached one of their devices.
    pub delivered_to: Position,
    /// They have read every message up to here.
    pub read_to: Position,
}

impl From<fulmar::Participant> for Participant {
    fn from(participant: fulmar::Participant) -> Self {
        let fulmar::Participant {
            user_id,
            name,
            avatar_url,
            role,
            delivered_to,
            read_to,
        } = participant;
        Self {
            user_id,
            name,
            avatar_url,
            role: role.into(),
            delivered_to,
            read_to,
        }
    }
}

/// What somebody may do in a group. In a direct conversation both are members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Role {
    /// Also adds, removes and promotes people, and closes the conversation for writing.
    Admin,
    /// Also deletes what others wrote, and changes the title.
    Moderator,
    /// Writes and reads, and may leave.
    Member,
}

impl From<fulmar::Role> for Role {
    fn from(role: fulmar::Role) -> Self {
        match role {
            fulmar::Role::Admin => Self::Admin,
            fulmar::Role::Moderator => Self::Moderator,
            fulmar::Role::Member => Self::Member,
        }
    }
}

impl From<Role> for fulmar::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Moderator => Self::Moderator,
            Role::Member => Self::Member,
        }
    }
}

/// Who may write in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Writing {
    /// Only admins; for the others it can only be read.
    Admins,
    /// Everyone who takes part.
    Everyone,
}

impl From<fulmar::Writing> for Writing {
    fn from(writing: fulmar::Writing) -> Self {
        match writing {
            fulmar::Writing::Admins => Self::Admins,
            fulmar::Writing::Everyone => Self::Everyone,
        }
    }
}

impl From<Writing> for fulmar::Writing {
    fn from(writing: Writing) -> Self {
        match writing {
            Writing::Admins => Self::Admins,
            Writing::Everyone => Self::Everyone,
        }
    }
}

/// What a conversation is about: an item, an order, a case.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Context {
    /// What kind of thing, as the app calls it.
    pub kind: String,
    /// The id of the thing, as the app's own backend calls it.
    pub id: String,
    /// What to call it.
    pub title: String,
    /// Whatever else the app wants to know, as JSON.
    #[uniffi(default = "null")]
    pub extra: String,
}

impl From<fulmar::Context> for Context {
    fn from(context: fulmar::Context) -> Self {
        let fulmar::Context {
            kind,
            id,
            title,
            extra,
        } = context;
        Self {
            kind,
            id,
            title,
            extra: extra.to_string(),
        }
    }
}

impl TryFrom<Context> for fulmar::Context {
    type Error = CommandError;

    fn try_from(context: Context) -> Result<Self, CommandError> {
        let Context {
            kind,
            id,
            title,
            extra,
        } = context;
        let extra = serde_json::from_str(&extra).map_err(|error| CommandError::Invalid {
            field: Field::Context,
            rule: FieldRule::Malformed {
                reason: format!("extra is JSON: {error}"),
            },
        })?;
        Ok(Self {
            kind,
            id,
            title,
            extra,
        })
    }
}

/// What one person has set for a conversation; the same on all of their devices, and nobody else's
/// business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct Settings {
    /// No notifications until then.
    pub muted_until: Option<Timestamp>,
    /// Above the others in the list.
    pub pinned: bool,
    /// Out of the list, into the archive.
    pub archived: bool,
    /// Out of the list as long as this is its last message, or one before.
    pub hidden_to: Option<Position>,
    /// Shown as unread whatever the pointers say.
    pub marked_unread: bool,
}

impl From<fulmar::Settings> for Settings {
    fn from(settings: fulmar::Settings) -> Self {
        let fulmar::Settings {
            muted_until,
            pinned,
            archived,
            hidden_to,
            marked_unread,
        } = settings;
        Self {
            muted_until,
            pinned,
            archived,
            hidden_to,
            marked_unread,
        }
    }
}

/// Which conversations a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct ConversationFilter {
    /// The part of the list.
    pub folder: Folder,
    /// All, or only those with something unread.
    pub unread: UnreadFilter,
    /// Only of this kind.
    pub kind: Option<ConversationKind>,
}

impl From<ConversationFilter> for fulmar::ConversationFilter {
    fn from(filter: ConversationFilter) -> Self {
        let ConversationFilter {
            folder,
            unread,
            kind,
        } = filter;
        Self {
            folder: match folder {
                Folder::Inbox => fulmar::Folder::Inbox,
                Folder::Archive => fulmar::Folder::Archive,
            },
            unread: match unread {
                UnreadFilter::All => fulmar::UnreadFilter::All,
                UnreadFilter::OnlyUnread => fulmar::UnreadFilter::OnlyUnread,
            },
            kind: kind.map(Into::into),
        }
    }
}

/// The part of the user's list that a conversation is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Folder {
    /// Where a conversation is unless the user has archived it.
    Inbox,
    /// What the user has archived.
    Archive,
}

/// Whether only what is unread is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum UnreadFilter {
    /// Conversations with and without unread messages.
    All,
    /// Those with unread messages, or marked as unread.
    OnlyUnread,
}

//! Conversations on the screen.

use std::sync::Arc;

use fulmar::{ConversationId, ConversationKey, OperationKey, Position, Timestamp, UserId};

use crate::{CommandError, ConversationListWatcher, PageResult, WatchError};
use crate::{Context, Count, FailureReason, MessageContent, Presence, Settings, Writing};

/// A conversation on the screen.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
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
    pub participant_count: Count,
    /// The newest message, also one that is not sent yet.
    pub preview: Option<Preview>,
    /// When something last happened in it.
    pub activity_at: Timestamp,
    /// How many messages of others are unread.
    pub unread_count: Count,
    /// How many of those mention the user.
    pub unread_mentions: Count,
    /// What the user has set for it.
    pub settings: Settings,
    /// What the user has begun to write; on this device only.
    pub draft: String,
    /// The position of the newest confirmed message.
    pub last_position: Position,
    /// Whether the server knows it.
    pub status: ConversationStatus,
}

impl From<fulmar::ConversationItem> for ConversationItem {
    fn from(item: fulmar::ConversationItem) -> Self {
        let fulmar::ConversationItem {
            key,
            conversation_id,
            kind,
            title,
            other,
            presence,
            blocked,
            avatar_url,
            writing,
            context,
            participant_count,
            preview,
            activity_at,
            unread_count,
            unread_mentions,
            settings,
            draft,
            last_position,
            status,
        } = item;
        Self {
            key,
            conversation_id,
            kind: kind.into(),
            title,
            other,
            presence: presence.into(),
            blocked,
            avatar_url,
            writing: writing.into(),
            context: context.map(Into::into),
            participant_count: participant_count.into(),
            preview: preview.map(|fulmar::Preview { sender, content }| Preview {
                sender,
                content: content.into(),
            }),
            activity_at,
            unread_count: Count(unread_count),
            unread_mentions: Count(unread_mentions),
            settings: settings.into(),
            draft,
            last_position,
            status: match status {
                fulmar::ConversationStatus::Ready => ConversationStatus::Ready,
                fulmar::ConversationStatus::Creating { operation } => {
                    ConversationStatus::Creating { operation }
                }
                fulmar::ConversationStatus::Left => ConversationStatus::Left,
                fulmar::ConversationStatus::Failed { operation, reason } => {
                    ConversationStatus::Failed {
                        operation,
                        reason: reason.into(),
                    }
                }
            },
        }
    }
}

/// What kind of conversation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ConversationKind {
    /// Between two people; there is at most one per pair.
    Direct,
    /// Between any number of people, with a title.
    Group,
    /// A kind that this version does not know.
    Unknown,
}

impl From<fulmar::ConversationKind> for ConversationKind {
    fn from(kind: fulmar::ConversationKind) -> Self {
        match kind {
            fulmar::ConversationKind::Direct => Self::Direct,
            fulmar::ConversationKind::Group => Self::Group,
            fulmar::ConversationKind::Unknown => Self::Unknown,
        }
    }
}

impl From<ConversationKind> for fulmar::ConversationKind {
    fn from(kind: ConversationKind) -> Self {
        match kind {
            ConversationKind::Direct => Self::Direct,
            ConversationKind::Group => Self::Group,
            ConversationKind::Unknown => Self::Unknown,
        }
    }
}

/// The newest message of a conversation, for its row in the list.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Preview {
    /// Who sent it.
    pub sender: UserId,
    /// The content of the message.
    pub content: MessageContent,
}

/// Whether the server knows a conversation.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
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

/// A list of conversations, for any number of watchers.
#[derive(Debug, uniffi::Object)]
pub struct ConversationListHandle {
    list: fulmar::ConversationList,
}

impl ConversationListHandle {
    pub(crate) fn of(list: fulmar::ConversationList) -> Arc<Self> {
        Arc::new(Self { list })
    }
}

#[uniffi::export]
impl ConversationListHandle {
    /// One more watcher of this list.
    pub fn watch(&self) -> Result<Arc<ConversationListWatcher>, CommandError> {
        Ok(ConversationListWatcher::of(self.list.clone()))
    }

    /// Shows 50 more; every watcher is told of them.
    pub async fn load_more(&self) -> Result<PageResult, WatchError> {
        Ok(self.list.load_more().await?.into())
    }
}

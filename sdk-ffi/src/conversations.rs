//! Conversations on the screen.

use fulmar::{ConversationId, ConversationKey, OperationKey, Position, Timestamp, UserId};

use crate::{Count, FailureReason};

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
    /// How many people take part, oneself included.
    pub participant_count: Count,
    /// The newest message, also one that is not sent yet.
    pub preview: Option<Preview>,
    /// When something last happened in it.
    pub activity_at: Timestamp,
    /// How many messages of others are unread.
    pub unread_count: Count,
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
            participant_count,
            preview,
            activity_at,
            unread_count,
            last_position,
            status,
        } = item;
        Self {
            key,
            conversation_id,
            kind: match kind {
                fulmar::ConversationKind::Direct => ConversationKind::Direct,
                fulmar::ConversationKind::Group => ConversationKind::Group,
                fulmar::ConversationKind::Unknown => ConversationKind::Unknown,
            },
            title,
            participant_count: participant_count.into(),
            preview: preview.map(|fulmar::Preview { sender, text }| Preview { sender, text }),
            activity_at,
            unread_count: Count(unread_count),
            last_position,
            status: match status {
                fulmar::ConversationStatus::Ready => ConversationStatus::Ready,
                fulmar::ConversationStatus::Creating { operation } => {
                    ConversationStatus::Creating { operation }
                }
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

/// The newest message of a conversation, for its row in the list.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Preview {
    /// Who sent it.
    pub sender: UserId,
    /// What it says.
    pub text: String,
}

/// Whether the server knows a conversation.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
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

/// One step from what a list of conversations showed to what it shows. Indices are those of the list
/// at that step.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ConversationListChange {
    /// The list is this now. The first change of every watcher.
    Reset {
        /// All of it.
        items: Vec<ConversationItem>,
    },
    /// A new item.
    Insert {
        /// Where it is now.
        index: Count,
        /// The item.
        item: ConversationItem,
    },
    /// The item at this place has new content; its key is the same.
    Update {
        /// Where it is.
        index: Count,
        /// The item.
        item: ConversationItem,
    },
    /// An item changed its place.
    Move {
        /// Where it was.
        from: Count,
        /// Where it is after it was taken out and put in again.
        to: Count,
    },
    /// An item is gone.
    Remove {
        /// Where it was.
        index: Count,
    },
}

impl From<fulmar::Change<fulmar::ConversationItem>> for ConversationListChange {
    fn from(change: fulmar::Change<fulmar::ConversationItem>) -> Self {
        use fulmar::Change;
        match change {
            Change::Reset { items } => Self::Reset {
                items: items.into_iter().map(Into::into).collect(),
            },
            Change::Insert { index, item } => Self::Insert {
                index: index.into(),
                item: item.into(),
            },
            Change::Update { index, item } => Self::Update {
                index: index.into(),
                item: item.into(),
            },
            Change::Move { from, to } => Self::Move {
                from: from.into(),
                to: to.into(),
            },
            Change::Remove { index } => Self::Remove {
                index: index.into(),
            },
        }
    }
}

//! Messages as they travel: what somebody wrote, and what became of it since.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Attachment, ConversationId, MessageId, OperationKey, Position, Revision, Timestamp, UserId,
};

/// A message as one user sees it (PROTOCOL.md §4.2). It is always told of as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id at the server.
    pub message_id: MessageId,
    /// The key of the operation that sent it: its identity on every device.
    pub operation_key: OperationKey,
    /// The conversation that it is in.
    pub conversation_id: ConversationId,
    /// The message's place in its conversation.
    pub position: Position,
    /// Who sent it.
    pub sender_id: UserId,
    /// When the server took it.
    pub sent_at: Timestamp,
    /// The number of its last change among those of its conversation, zero before the first: of two
    /// tellings the one with the larger is newer.
    #[serde(default)]
    pub revision: Revision,
    /// The content of the message.
    #[serde(flatten)]
    pub content: Content,
    /// Its place in its thread, when it is in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_position: Option<Position>,
    /// The thread under it, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<ThreadSummary>,
    /// When it was last edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    /// Set when it was deleted for everyone; its content is empty then, but for its thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Deletion>,
    /// Set while it is pinned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<Pin>,
    /// Set when this user deleted it for themselves; its content is empty then, but for its thread.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hidden: bool,
    /// Who reacted with what, in the order in which each emoji was first used.
    #[serde(
        default,
        deserialize_with = "crate::lenient::readable",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<Reaction>"))]
    pub reactions: Vec<Reaction>,
}

/// What a message says (PROTOCOL.md §4.2).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// The text; beside attachments what is said of them, beside a payload or a notice
    /// what a client shows that does not know it.
    #[serde(default)]
    pub text: String,
    /// The users that the text mentions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    /// The message of the same conversation that this one answers, by its operation key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<OperationKey>,
    /// The message of the same conversation in whose thread it is, by its operation key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_root: Option<OperationKey>,
    /// Who wrote it first, when it was forwarded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded_from: Option<UserId>,
    /// What an app defined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Payload>,
    /// The files that it carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// What happened, in a message that the server wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
}

impl Content {
    /// What stays of it when the message is deleted or hidden: where it is.
    #[must_use]
    pub fn emptied(&self) -> Self {
        Self {
            thread_root: self.thread_root,
            ..Self::default()
        }
    }
}

/// What is under a message that has a thread (PROTOCOL.md §4.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ThreadSummary {
    /// How many messages it has: the place of its newest.
    pub count: Position,
    /// When the newest was sent.
    pub last_at: Timestamp,
}

/// JSON that an app defined: a place on a map, a poll, an order (PROTOCOL.md §4.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Payload {
    /// What it is, as the app calls it.
    #[serde(rename = "type")]
    pub kind: String,
    /// The content, as the app defined it.
    pub data: Value,
}

/// What happened in a conversation, in a message that the server wrote (PROTOCOL.md §4.4).
///
/// The message's sender is the user who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum Notice {
    /// Users were added.
    #[serde(rename_all = "camelCase")]
    ParticipantsAdded {
        /// The users who were added.
        user_ids: Vec<UserId>,
    },
    /// Somebody was removed.
    #[serde(rename_all = "camelCase")]
    ParticipantRemoved {
        /// The participant who was removed.
        user_id: UserId,
    },
    /// The sender left.
    ParticipantLeft,
    /// The conversation has another title.
    TitleChanged {
        /// The new title.
        title: String,
    },
    /// The sender pinned a message.
    #[serde(rename_all = "camelCase")]
    MessagePinned {
        /// Which message, by its operation key.
        message_key: OperationKey,
    },
    /// A notice that this version does not know; the text says what happened.
    #[serde(other)]
    Unknown,
}

/// That a message was deleted for everyone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Deletion {
    /// When the message was deleted.
    pub at: Timestamp,
    /// The user who deleted it: the sender, a moderator or an admin.
    pub by: UserId,
}

/// That a message is pinned (PROTOCOL.md §4.9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Pin {
    /// When it was pinned.
    pub at: Timestamp,
    /// Who pinned it.
    pub by: UserId,
}

impl Pin {
    /// The most messages that are pinned in one conversation at a time (PROTOCOL.md §9).
    pub const MOST: usize = 50;
}

/// One emoji under a message, and who set it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Reaction {
    /// The emoji.
    pub emoji: String,
    /// Who set it, in that order; never empty.
    pub user_ids: Vec<UserId>,
}

/// What a message said at one time (PROTOCOL.md §7.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MessageVersion {
    /// Since when it said so.
    pub at: Timestamp,
    /// The text as it was then.
    pub text: String,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands it in like this
pub(crate) fn is_false(value: &bool) -> bool {
    !value
}

//! Conversations, participants and messages as they travel.

use serde::{Deserialize, Serialize};

use crate::{ConversationId, MessageId, OperationKey, Position, Timestamp, UserId};

/// What a conversation is (PROTOCOL.md §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ConversationKind {
    /// Between two people; there is one per pair.
    Direct,
    /// Among any number of people, with a title.
    Group,
    /// A kind that this version does not know; shown like a group.
    #[serde(other)]
    Unknown,
}

/// A person in a conversation, with how far they have come (PROTOCOL.md §4.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    /// Who it is.
    pub user_id: UserId,
    /// The name to show.
    pub name: String,
    /// Every message up to here has reached one of their devices.
    #[serde(default)]
    pub delivered_to: Position,
    /// They have read every message up to here.
    #[serde(default)]
    pub read_to: Position,
}

/// A conversation as one user sees it (PROTOCOL.md §4.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    /// Its id.
    pub conversation_id: ConversationId,
    /// The key of the operation that created it, by which the device that did recognises it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_key: Option<OperationKey>,
    /// Direct or group.
    pub kind: ConversationKind,
    /// The title of a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Everyone in it.
    pub participants: Vec<Participant>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The position of its newest message; zero when there is none.
    #[serde(default)]
    pub last_position: Position,
    /// Its newest messages, oldest first; at most 20.
    #[serde(default)]
    pub messages: Vec<Message>,
    /// How many messages of others lie after the viewer's `readTo`.
    #[serde(default)]
    pub unread_count: u64,
}

/// A message (PROTOCOL.md §4.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id at the server.
    pub message_id: MessageId,
    /// The key of the operation that sent it: its identity on every device.
    pub operation_key: OperationKey,
    /// Where it is.
    pub conversation_id: ConversationId,
    /// Its place there.
    pub position: Position,
    /// Who sent it.
    pub sender_id: UserId,
    /// What it says.
    pub text: String,
    /// When the server took it.
    pub sent_at: Timestamp,
}

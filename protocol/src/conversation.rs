//! Conversations and participants as they travel.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::message::is_false;
use crate::{
    ConversationId, Lenient, Message, OperationKey, Position, Revision, Timestamp, UserId,
};

/// What a conversation is (PROTOCOL.md §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

/// What somebody may do in a group (PROTOCOL.md §4.4). In a direct conversation both are members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Also adds, removes and promotes people, and closes the conversation for writing.
    Admin,
    /// Also deletes what others wrote, and changes the title.
    Moderator,
    /// Writes and reads, and may leave. A role that this version does not know is taken for this.
    #[default]
    #[serde(other)]
    Member,
}

/// A person in a conversation, with how far they have come (PROTOCOL.md §4.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    /// The user's id.
    pub user_id: UserId,
    /// The name to show.
    pub name: String,
    /// Where their picture is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// What they may do.
    #[serde(default)]
    pub role: Role,
    /// Every message up to here has reached one of their devices.
    #[serde(default)]
    pub delivered_to: Position,
    /// They have read every message up to here.
    #[serde(default)]
    pub read_to: Position,
}

/// Who may write in a conversation (PROTOCOL.md §4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Writing {
    /// Only admins; for the others it can only be read.
    Admins,
    /// Everyone who takes part. A rule that this version does not know is taken for this; the
    /// server refuses what it forbids.
    #[default]
    #[serde(other)]
    Everyone,
}

impl Writing {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What a conversation is about: an item, an order, a case (PROTOCOL.md §4.1). The server carries
/// it and does not look into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Context {
    /// What kind of thing, as the app calls it.
    pub kind: String,
    /// The id of the thing, as the app's own backend calls it.
    pub id: String,
    /// What to call it.
    pub title: String,
    /// Whatever else the app wants to know.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub extra: Value,
}

/// What one person has set for a conversation; the same on all of their devices, and nobody else's
/// business (PROTOCOL.md §4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// No notifications until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Timestamp>,
    /// Above the others in the list.
    #[serde(skip_serializing_if = "is_false")]
    pub pinned: bool,
    /// Out of the list, into the archive.
    #[serde(skip_serializing_if = "is_false")]
    pub archived: bool,
    /// Out of the list as long as this is its last message, or one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden_to: Option<Position>,
    /// Shown as unread whatever the pointers say.
    #[serde(skip_serializing_if = "is_false")]
    pub marked_unread: bool,
}

/// A conversation as one user sees it (PROTOCOL.md §4.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    /// The conversation's id at the server.
    pub conversation_id: ConversationId,
    /// The key of the operation that created it, by which the device that did recognises it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_key: Option<OperationKey>,
    /// Direct or group.
    pub kind: ConversationKind,
    /// What it looks like.
    #[serde(flatten)]
    pub profile: ConversationProfile,
    /// Everyone in it.
    pub participants: Lenient<Participant>,
    /// When it was created.
    pub created_at: Timestamp,
    /// The position of its newest message; zero when there is none.
    #[serde(default)]
    pub last_position: Position,
    /// The revision of the message that changed last; zero when none ever did. A client that knows
    /// it has seen all changes.
    #[serde(default)]
    pub revision: Revision,
    /// Its newest messages, oldest first; at most 20.
    #[serde(default)]
    pub messages: Lenient<Message>,
    /// Its pinned messages, the newest pin first; at most [`Pin::MOST`](crate::Pin::MOST).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pinned_messages: Lenient<Message>,
    /// How many messages of others lie after the viewer's `readTo`; notices do not count.
    #[serde(default)]
    pub unread_count: u64,
    /// How many of those mention the viewer.
    #[serde(default)]
    pub unread_mentions: u64,
    /// What the viewer has set for it.
    #[serde(default)]
    pub settings: Settings,
}

/// What everyone in a conversation sees alike, and what can be changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ConversationProfile {
    /// The title of a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where its picture is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// Who may write.
    #[serde(skip_serializing_if = "Writing::is_default")]
    pub writing: Writing,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
}

//! What each method needs (PROTOCOL.md §5.4 to §5.13).

use serde::{Deserialize, Serialize};

use crate::{
    Attachment, Context, ConversationId, ConversationKind, OperationKey, Payload, Position, Role,
    Timestamp, UserId, Writing,
};

/// Params of `message.send` (PROTOCOL.md §5.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MessageSend {
    /// The conversation to send to.
    pub conversation_id: ConversationId,
    /// What it says: at most `limits.textBytes`, and blank only beside attachments.
    pub text: String,
    /// The users that the text mentions.
    #[serde(
        default,
        deserialize_with = "crate::lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub mentions: Vec<UserId>,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<OperationKey>,
    /// The message in whose thread it is to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_root: Option<OperationKey>,
    /// What an app defined; the text is what others show then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Payload>,
    /// The files that it carries.
    #[serde(
        default,
        deserialize_with = "crate::lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub attachments: Vec<Attachment>,
    /// The message whose content this one repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_of: Option<OperationKey>,
}

impl MessageSend {
    /// A plain text.
    #[must_use]
    pub fn text(conversation_id: ConversationId, text: impl Into<String>) -> Self {
        Self {
            conversation_id,
            text: text.into(),
            mentions: Vec::new(),
            reply_to: None,
            thread_root: None,
            payload: None,
            attachments: Vec::new(),
            forward_of: None,
        }
    }
}

/// Params of `message.edit` (PROTOCOL.md §5.7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MessageEdit {
    /// The conversation of the message.
    pub conversation_id: ConversationId,
    /// Which message, by its operation key.
    pub message_key: OperationKey,
    /// What it says from now on.
    pub text: String,
    /// The users that the new text mentions.
    #[serde(
        default,
        deserialize_with = "crate::lenient::null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub mentions: Vec<UserId>,
}

macro_rules! about_a_message {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            /// The conversation of the message.
            pub conversation_id: ConversationId,
            /// Which message, by its operation key.
            pub message_key: OperationKey,
        }
    )*};
}

about_a_message! {
    /// Params of `message.delete` (PROTOCOL.md §5.8).
    MessageDelete;
    /// Params of `message.hide` (PROTOCOL.md §5.8).
    MessageHide;
}

macro_rules! about_a_reaction {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            /// The conversation of the message.
            pub conversation_id: ConversationId,
            /// Which message, by its operation key.
            pub message_key: OperationKey,
            /// The emoji: 1 to 64 bytes.
            pub emoji: String,
        }
    )*};
}

about_a_reaction! {
    /// Params of `reaction.add` (PROTOCOL.md §5.9).
    ReactionAdd;
    /// Params of `reaction.remove` (PROTOCOL.md §5.9).
    ReactionRemove;
}

/// Params of `receipt.update` (PROTOCOL.md §5.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReceiptUpdate {
    /// The conversation that was received or read.
    pub conversation_id: ConversationId,
    /// Every message up to here has reached this device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_to: Option<Position>,
    /// The user has read every message up to here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_to: Option<Position>,
}

/// Params of `conversation.create` (PROTOCOL.md §5.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConversationCreate {
    /// Direct or group.
    pub kind: ConversationKind,
    /// The title of a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where the picture of a group is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
    /// Everyone else who takes part.
    pub participant_ids: Vec<UserId>,
}

/// Params of `conversation.update` (PROTOCOL.md §5.10). What is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConversationUpdate {
    /// The conversation to change.
    pub conversation_id: ConversationId,
    /// Its new title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where its new picture is; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// Who may write from now on.
    #[serde(
        default,
        deserialize_with = "crate::known::optional",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Writing>"))]
    pub writing: Option<Writing>,
    /// What it is about from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Context>,
}

/// Params of `conversation.leave` (PROTOCOL.md §5.11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConversationLeave {
    /// The conversation to leave.
    pub conversation_id: ConversationId,
}

/// Params of `participant.add` (PROTOCOL.md §5.11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ParticipantAdd {
    /// The group to add people to.
    pub conversation_id: ConversationId,
    /// The users to add.
    pub user_ids: Vec<UserId>,
}

/// Params of `participant.remove` (PROTOCOL.md §5.11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ParticipantRemove {
    /// The group to remove somebody from.
    pub conversation_id: ConversationId,
    /// The participant to remove.
    pub user_id: UserId,
}

/// Params of `participant.update` (PROTOCOL.md §5.11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ParticipantUpdate {
    /// The group in which the role changes.
    pub conversation_id: ConversationId,
    /// The participant whose role changes.
    pub user_id: UserId,
    /// What they may do from now on.
    #[serde(deserialize_with = "crate::known::value")]
    #[cfg_attr(feature = "schema", schemars(with = "Role"))]
    pub role: Role,
}

/// Params of `settings.update` (PROTOCOL.md §5.12). What is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SettingsUpdate {
    /// The conversation whose settings change.
    pub conversation_id: ConversationId,
    /// No notifications until then; a moment that has passed ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Timestamp>,
    /// Whether it is above the others in the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<bool>,
    /// Whether it is in the archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archived: Option<bool>,
    /// It is out of the list as long as this is its last message, or one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_to: Option<Position>,
    /// Whether it is shown as unread whatever the pointers say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marked_unread: Option<bool>,
}

/// Params of `message.pin` (PROTOCOL.md §5.13).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MessagePin {
    /// The conversation of the message.
    pub conversation_id: ConversationId,
    /// Which message, by its operation key.
    pub message_key: OperationKey,
    /// Whether it is pinned from now on.
    pub pinned: bool,
}

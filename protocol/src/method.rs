//! The methods of operations and what each needs (PROTOCOL.md §5).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Attachment, Context, ConversationId, ConversationKind, OperationKey, Payload, Position, Role,
    Timestamp, Unreadable, UserId, Writing,
};

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// The methods of this version.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Method {
            $($(#[$doc])* $name($name),)*
        }

        impl Method {
            /// The name of every method, as it travels.
            pub const NAMES: &'static [&'static str] = &[$($text,)*];

            /// The name of the method as it travels.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => $text,)*
                }
            }

            pub(crate) fn params(&self) -> Value {
                let params = match self {
                    $(Self::$name(params) => serde_json::to_value(params),)*
                };
                // Structs of strings and integers always have a JSON form.
                params.unwrap_or_default()
            }

            pub(crate) fn read(name: &str, params: &Value) -> Result<Self, Unreadable> {
                match name {
                    $($text => $name::deserialize(params).map(Self::$name),)*
                    other => return Err(Unreadable::Unknown(other.to_owned())),
                }
                .map_err(|error| Unreadable::malformed(&error))
            }
        }
    };
}

methods! {
    /// Somebody writes.
    MessageSend = "message.send";
    /// The sender changes what they wrote.
    MessageEdit = "message.edit";
    /// A message is deleted for everyone.
    MessageDelete = "message.delete";
    /// A message is deleted for the user alone.
    MessageHide = "message.hide";
    /// The user reacts.
    ReactionAdd = "reaction.add";
    /// The user takes a reaction back.
    ReactionRemove = "reaction.remove";
    /// The user got or read messages.
    ReceiptUpdate = "receipt.update";
    /// A conversation begins.
    ConversationCreate = "conversation.create";
    /// What everyone sees of a conversation changes.
    ConversationUpdate = "conversation.update";
    /// The user leaves.
    ConversationLeave = "conversation.leave";
    /// Users come in.
    ParticipantAdd = "participant.add";
    /// Somebody is sent away.
    ParticipantRemove = "participant.remove";
    /// Somebody gets another role.
    ParticipantUpdate = "participant.update";
    /// What only the user sees of a conversation changes.
    SettingsUpdate = "settings.update";
}

/// Params of `message.send` (PROTOCOL.md §5.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MessageSend {
    /// Where to.
    pub conversation_id: ConversationId,
    /// What it says: at most `limits.textBytes`, and blank only beside attachments.
    pub text: String,
    /// Whom the text mentions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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
    /// Where it is.
    pub conversation_id: ConversationId,
    /// Which message, by its operation key.
    pub message_key: OperationKey,
    /// What it says from now on.
    pub text: String,
    /// Whom the new text mentions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
}

macro_rules! about_a_message {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            /// Where it is.
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
            /// Where it is.
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
    /// Where.
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
    /// Which one.
    pub conversation_id: ConversationId,
    /// Its new title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Where its new picture is; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// Who may write from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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
    /// Which one.
    pub conversation_id: ConversationId,
}

/// Params of `participant.add` (PROTOCOL.md §5.11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ParticipantAdd {
    /// Where to.
    pub conversation_id: ConversationId,
    /// Who.
    pub user_ids: Vec<UserId>,
}

/// Params of `participant.remove` (PROTOCOL.md §5.11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ParticipantRemove {
    /// From where.
    pub conversation_id: ConversationId,
    /// Who.
    pub user_id: UserId,
}

/// Params of `participant.update` (PROTOCOL.md §5.11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ParticipantUpdate {
    /// Where.
    pub conversation_id: ConversationId,
    /// Who.
    pub user_id: UserId,
    /// What they may do from now on.
    pub role: Role,
}

/// Params of `settings.update` (PROTOCOL.md §5.12). What is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SettingsUpdate {
    /// Of which conversation.
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

impl Method {
    /// The conversation that the operation is about; a creation has none yet.
    pub fn conversation_id_mut(&mut self) -> Option<&mut ConversationId> {
        match self {
            Self::MessageSend(params) => Some(&mut params.conversation_id),
            Self::MessageEdit(params) => Some(&mut params.conversation_id),
            Self::MessageDelete(params) => Some(&mut params.conversation_id),
            Self::MessageHide(params) => Some(&mut params.conversation_id),
            Self::ReactionAdd(params) => Some(&mut params.conversation_id),
            Self::ReactionRemove(params) => Some(&mut params.conversation_id),
            Self::ReceiptUpdate(params) => Some(&mut params.conversation_id),
            Self::ConversationUpdate(params) => Some(&mut params.conversation_id),
            Self::ConversationLeave(params) => Some(&mut params.conversation_id),
            Self::ParticipantAdd(params) => Some(&mut params.conversation_id),
            Self::ParticipantRemove(params) => Some(&mut params.conversation_id),
            Self::ParticipantUpdate(params) => Some(&mut params.conversation_id),
            Self::SettingsUpdate(params) => Some(&mut params.conversation_id),
            Self::ConversationCreate(_) => None,
        }
    }

    /// The message that the operation changes, if it changes one.
    #[must_use]
    pub fn message_key(&self) -> Option<OperationKey> {
        match self {
            Self::MessageEdit(params) => Some(params.message_key),
            Self::MessageDelete(params) => Some(params.message_key),
            Self::MessageHide(params) => Some(params.message_key),
            Self::ReactionAdd(params) => Some(params.message_key),
            Self::ReactionRemove(params) => Some(params.message_key),
            _ => None,
        }
    }
}

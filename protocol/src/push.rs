//! Push notifications: what wakes a device without a connection (PROTOCOL.md §7.8).

use serde::{Deserialize, Serialize};

use crate::{ConversationId, LogId, Message, OperationKey, Position, UserId};

/// Who carries notifications to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum PushProvider {
    /// Firebase Cloud Messaging.
    Fcm,
    /// Apple's Push Notification service.
    Apns,
    /// Expo's push service.
    Expo,
}

/// Body of `POST /v1/devices/{id}/push-token`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PushToken {
    /// Who carries notifications to the device.
    pub provider: PushProvider,
    /// The token that the device got from them.
    pub token: String,
}

/// What a notification carries for the SDK.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PushPayload {
    /// The user that it is for.
    pub user_id: UserId,
    /// The log of that user, in whose state the positions and counts are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_id: Option<LogId>,
    /// Where something was said.
    pub conversation_id: ConversationId,
    /// The message, by its operation key.
    pub message_key: OperationKey,
    /// The position of the message.
    pub position: Position,
    /// What to show as the title: the other person, or the title of the group.
    pub title: String,
    /// What to show below: the beginning of the text, in a group with who wrote it.
    pub body: String,
    /// How many messages are unread in the conversation.
    #[serde(default)]
    pub unread_count: u64,
    /// How many of those mention the user.
    #[serde(default)]
    pub unread_mentions: u64,
    /// How many messages are unread in all.
    #[serde(default)]
    pub unread_total: u64,
    /// The message itself, unless it is too large for a notification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
}

//! Bodies of the HTTP requests and answers (PROTOCOL.md §7).

use serde::{Deserialize, Serialize};

use crate::{
    Conversation, DeviceId, Event, Lenient, LogId, Message, MessageVersion, Outcome, Position,
    PresenceSetting, Secret, Seq, SessionId, Timestamp, UserId,
};

/// Body of `POST /v1/auth/login`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SignInRequest {
    /// The user who signs in.
    pub user_id: UserId,
    /// The user's password.
    pub password: Secret,
    /// The device that signs in, as it named itself.
    pub device_id: DeviceId,
}

/// Body of `POST /v1/auth/register`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RegisterRequest {
    /// Who they want to be.
    pub user_id: UserId,
    /// The name to show.
    pub name: String,
    /// The user's password.
    pub password: Secret,
    /// The device that signs in with it, as it named itself.
    pub device_id: DeviceId,
}

/// Body of `POST /v1/auth/refresh`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RefreshRequest {
    /// The newest refresh token of the session.
    pub refresh_token: Secret,
}

/// Body of `POST /v1/auth/logout`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SignOutRequest {
    /// The newest refresh token of the session.
    pub refresh_token: Secret,
}

/// Answer to a sign-in and a refresh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The user who signed in.
    pub user_id: UserId,
    /// The device that the session is on.
    pub device_id: DeviceId,
    /// The name to show.
    pub name: String,
    /// For every other request.
    pub access_token: Secret,
    /// How long the access token is valid from now, in milliseconds.
    pub expires_in_ms: u64,
    /// For the next refresh; it replaces the one before.
    pub refresh_token: Secret,
}

/// Answer to `GET /v1/sync`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SyncPage {
    /// The user's log.
    pub log_id: LogId,
    /// The events after `since`, in order; at most 500.
    #[serde(deserialize_with = "crate::event_list::read")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<Event>"))]
    pub events: Vec<Event>,
    /// The newest event of the log; larger than the last event here when there is more.
    pub head: Seq,
}

/// Answer to `GET /v1/snapshot`: all that a device needs to start afresh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// The user's log.
    pub log_id: LogId,
    /// The snapshot contains everything up to this event.
    pub seq: Seq,
    /// Every conversation of the user, with its newest messages.
    pub conversations: Lenient<Conversation>,
    /// The users that the user has blocked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked: Vec<UserId>,
}

/// Answer to `GET /v1/conversations/{id}/messages`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MessagePage {
    /// The messages, oldest first, without a gap.
    pub messages: Lenient<Message>,
    /// The place of the message that was asked for, when the page is around one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Position>,
}

/// Answer to `GET /v1/messages/{id}/versions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MessageVersions {
    /// All that the message ever said, oldest first; empty when it was deleted.
    pub versions: Vec<MessageVersion>,
}

/// Answer to `POST /v1/operations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OperationsAnswer {
    /// The log in which they were looked at; an older server does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_id: Option<LogId>,
    /// One per operation, in the order of the submit.
    pub outcomes: Vec<Outcome>,
}

/// Answer to `GET /v1/me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// Who the token belongs to.
    pub user_id: UserId,
    /// The name to show.
    pub name: String,
    /// Where the user's picture is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// The device the token belongs to.
    pub device_id: DeviceId,
    /// The server's clock.
    pub server_time: Timestamp,
}

/// Answer to `GET /v1/sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionList {
    /// Every session of the user, the newest first.
    pub sessions: Vec<SessionInfo>,
}

/// One session of a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionInfo {
    /// The session's id.
    pub session_id: SessionId,
    /// The device that the session is on.
    pub device_id: DeviceId,
    /// When the session began.
    pub created_at: Timestamp,
    /// Whether it is the one that asked.
    pub current: bool,
}

/// What anyone may know of a user: answer to `GET /v1/users/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The user's id.
    pub user_id: UserId,
    /// The name to show.
    pub name: String,
    /// Where their picture is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
}

/// Answer to `GET /v1/users`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UserList {
    /// Those whose name or id contains the text, by id.
    pub users: Vec<User>,
}

/// The users that a user has blocked (PROTOCOL.md §7.4): the answer of `GET /v1/blocks`, of the
/// requests that change it, and the content of an event.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BlockList {
    /// All of them, by id.
    pub user_ids: Vec<UserId>,
}

/// Body of `POST /v1/blocks`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BlockRequest {
    /// The user to block.
    pub user_id: UserId,
}

/// Body of `POST /v1/me/delete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeleteAccount {
    /// The user's password, once more.
    pub password: Secret,
}

/// Body of `POST /v1/me`. What is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MeUpdate {
    /// The name to show: not blank, at most 200 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where the user's picture is; empty for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// Whether others see whether the user is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presence: Option<PresenceSetting>,
}

/// Answer to `GET /v1/conversations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConversationPage {
    /// Every conversation of the user, the last active first.
    pub conversations: Vec<Conversation>,
}

//! Frames: what travels over the WebSocket, one JSON object per text message (PROTOCOL.md §3).

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{
    Capability, ConversationId, DeviceId, Event, Limits, LogId, Outcome, PresenceFrame, Problem,
    Secret, Seq, Submit, SubmitId, Timestamp, UserId,
};

/// Why a text is not a frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a frame: {reason}")]
pub struct FrameError {
    /// What is wrong with it. Never contains the frame's content.
    pub reason: String,
}

/// Frames from client to server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ClientFrame {
    /// The first frame: who this is and what it already has.
    Hello(Hello),
    /// A fresh access token for the running connection.
    Authenticate(Authenticate),
    /// Operations to apply.
    Submit(Submit),
    /// A sign of life that asks for one.
    Ping(Ping),
    /// The user types, or has stopped.
    Typing(Typing),
    /// A frame that this version does not know; it is ignored.
    #[serde(other)]
    Unknown,
}

/// `hello` (PROTOCOL.md §3.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    /// The protocol version that the client speaks.
    pub version: u32,
    /// The access token, unless it was given with the handshake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<Secret>,
    /// The last event that this device has committed; zero when it has none, or does not say.
    #[serde(default, deserialize_with = "crate::lenient::null_is_default")]
    pub since: Seq,
    /// The log that `since` belongs to; absent on a first connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_id: Option<LogId>,
}

/// `authenticate` (PROTOCOL.md §3.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authenticate {
    /// The new access token, for the same user and device.
    pub access_token: Secret,
}

/// `ping` (PROTOCOL.md §3.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ping {
    /// Comes back in the pong.
    pub id: u64,
}

/// Frames from server to client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ServerFrame {
    /// The answer to `hello`.
    Ready(Ready),
    /// New or missed events, in order.
    Events(EventsFrame),
    /// What became of a submit.
    Outcome(OutcomeFrame),
    /// The log does not reach back to `since`: take a snapshot.
    #[serde(rename = "sync.reset")]
    Reset(ResetFrame),
    /// The answer to a ping.
    Pong(Pong),
    /// Somebody types, or has stopped.
    Typing(Typing),
    /// The presence of users.
    Presence(PresenceFrame),
    /// A frame from the client could not be served.
    Problem(ProblemFrame),
    /// A frame that this version does not know; it is ignored.
    #[serde(other)]
    Unknown,
}

/// `ready` (PROTOCOL.md §3.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ready {
    /// Who the token belongs to.
    pub user_id: UserId,
    /// The device the token belongs to.
    pub device_id: DeviceId,
    /// The user's log.
    pub log_id: LogId,
    /// The newest event of the log.
    pub head: Seq,
    /// How often the client pings, in milliseconds.
    pub heartbeat_ms: u64,
    /// How long operation keys are remembered, in milliseconds; at least 30 days.
    pub operation_key_retention_ms: u64,
    /// The server's clock.
    pub server_time: Timestamp,
    /// What the server takes at most.
    #[serde(default)]
    pub limits: Limits,
    /// What the server can do.
    #[serde(default, deserialize_with = "crate::capability::read")]
    pub capabilities: BTreeSet<Capability>,
}

/// `events` (PROTOCOL.md §6.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventsFrame {
    /// In the order of their `seq`, without holes.
    #[serde(deserialize_with = "crate::event_list::read")]
    pub events: Vec<Event>,
}

/// `outcome` (PROTOCOL.md §5.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeFrame {
    /// The submit that this answers.
    pub submit_id: SubmitId,
    /// The log in which it was looked at; an older server does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_id: Option<LogId>,
    /// One per operation, in the order of the submit.
    pub outcomes: Vec<Outcome>,
}

/// `sync.reset` (PROTOCOL.md §6.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResetFrame {
    /// The log as it is now.
    pub log_id: LogId,
    /// The seq of the newest event of the log.
    pub head: Seq,
}

/// `pong` (PROTOCOL.md §3.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pong {
    /// The id of the ping that it answers.
    pub id: u64,
    /// The newest event of the log, so that a silent loss is noticed.
    pub head: Seq,
}

/// `typing` (PROTOCOL.md §3.10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Typing {
    /// The conversation in which somebody types.
    pub conversation_id: ConversationId,
    /// Who; from the client absent, because its token says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// Whether they began, or go on, or have stopped.
    pub state: TypingState,
}

/// Whether somebody types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TypingState {
    /// They began, or go on.
    Started,
    /// They have stopped.
    Stopped,
}

/// `problem` (PROTOCOL.md §3.7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProblemFrame {
    /// The submit that it answers, if it answers one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submit_id: Option<SubmitId>,
    /// What is wrong.
    pub problem: Problem,
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, FrameError> {
    serde_json::from_str(text).map_err(|error| FrameError {
        // The category and the place say enough; serde's full text could quote the content.
        reason: format!(
            "{:?} error at line {} column {}",
            error.classify(),
            error.line(),
            error.column()
        ),
    })
}

fn write(frame: &impl Serialize) -> String {
    // Structs of strings and integers always have a JSON form.
    serde_json::to_string(frame).unwrap_or_default()
}

impl ClientFrame {
    /// Reads a frame.
    pub fn from_text(text: &str) -> Result<Self, FrameError> {
        read(text)
    }

    /// The frame as it travels.
    #[must_use]
    pub fn to_text(&self) -> String {
        write(self)
    }
}

impl ServerFrame {
    /// Reads a frame.
    pub fn from_text(text: &str) -> Result<Self, FrameError> {
        read(text)
    }

    /// The frame as it travels.
    #[must_use]
    pub fn to_text(&self) -> String {
        write(self)
    }
}

/// Why a WebSocket was closed (PROTOCOL.md §3.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseCode {
    /// 1000: done.
    Normal,
    /// 1001: the server is going away.
    GoingAway,
    /// 1009: a frame was too large.
    TooLarge,
    /// 4400: a frame could not be read, or did not belong there.
    Malformed,
    /// 4401: the access token is missing, not valid or has run out.
    Unauthenticated,
    /// 4403: the session was revoked.
    Revoked,
    /// 4408: nothing was heard for too long.
    Silent,
    /// 4413: the client reads too slowly.
    TooSlow,
    /// Any other close code.
    Other(u16),
}

impl CloseCode {
    /// The code as it travels.
    #[must_use]
    pub fn as_u16(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            Self::TooLarge => 1009,
            Self::Malformed => 4400,
            Self::Unauthenticated => 4401,
            Self::Revoked => 4403,
            Self::Silent => 4408,
            Self::TooSlow => 4413,
            Self::Other(code) => code,
        }
    }

    /// Whether the access token of the socket is no good any more (PROTOCOL.md §3.8).
    #[must_use]
    pub fn rejects_token(self) -> bool {
        match self {
            Self::Unauthenticated | Self::Revoked => true,
            Self::Normal
            | Self::GoingAway
            | Self::TooLarge
            | Self::Malformed
            | Self::Silent
            | Self::TooSlow
            | Self::Other(_) => false,
        }
    }
}

impl From<u16> for CloseCode {
    fn from(code: u16) -> Self {
        match code {
            1000 => Self::Normal,
            1001 => Self::GoingAway,
            1009 => Self::TooLarge,
            4400 => Self::Malformed,
            4401 => Self::Unauthenticated,
            4403 => Self::Revoked,
            4408 => Self::Silent,
            4413 => Self::TooSlow,
            other => Self::Other(other),
        }
    }
}

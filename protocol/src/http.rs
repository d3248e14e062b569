//! The requests of a client in their HTTP form (PROTOCOL.md §7).
//!
//! Pure: text in, text out. Sockets carry what is made here, and so does the simulation.

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::Serialize;

use crate::{
    BlockRequest, Chunk, ConversationId, DeleteAccount, DeviceId, FileId, LogId, MeUpdate,
    MessageId, NewUpload, OperationKey, Position, PushToken, RefreshRequest, RegisterRequest,
    SearchQuery, Seq, SessionId, SignInRequest, SignOutRequest, Submit, Timestamp, UserId, header,
    tus,
};

/// What a client asks over HTTP.
#[derive(Debug, Clone, PartialEq)]
pub enum ApiRequest {
    /// `POST /v1/auth/login`
    SignIn(SignInRequest),
    /// `POST /v1/auth/register`
    Register(RegisterRequest),
    /// `POST /v1/auth/refresh`
    Refresh(RefreshRequest),
    /// `POST /v1/auth/logout`
    SignOut(SignOutRequest),
    /// `POST /v1/operations`
    Submit(Submit),
    /// `GET /v1/sync`
    Sync {
        /// The last event that the device has committed.
        since: Seq,
        /// The log that it belongs to.
        log_id: Option<LogId>,
    },
    /// `GET /v1/me`
    Me,
    /// `POST /v1/me`
    UpdateMe(MeUpdate),
    /// `POST /v1/me/delete`
    DeleteAccount(DeleteAccount),
    /// `POST /v1/devices/{id}/push-token`
    SetPushToken {
        /// The id of this device.
        device_id: DeviceId,
        /// The push token of this device.
        token: PushToken,
    },
    /// `POST /v1/devices/{id}/push-token/remove`
    RemovePushToken {
        /// The id of this device.
        device_id: DeviceId,
    },
    /// `POST /v1/blocks`
    Block(BlockRequest),
    /// `POST /v1/blocks/{id}/remove`
    Unblock(UserId),
    /// `GET /v1/sessions`
    Sessions,
    /// `POST /v1/sessions/{id}/end`
    EndSession(SessionId),
    /// `GET /v1/snapshot`
    Snapshot,
    /// `GET /v1/conversations/{id}/messages`
    Messages {
        /// The conversation to read from.
        conversation_id: ConversationId,
        /// Only the messages of this thread, and by their places in it.
        thread: Option<OperationKey>,
        /// The messages to ask for.
        page: HistoryPage,
        /// At most this many.
        limit: u32,
    },
    /// `GET /v1/search`
    Search {
        /// What to search for.
        query: SearchQuery,
        /// Where the page begins, as the one before said.
        cursor: Option<String>,
    },
    /// `GET /v1/messages/{id}/versions`
    Versions {
        /// The message whose versions are asked for.
        message_id: MessageId,
    },
    /// `POST /v1/files`
    CreateUpload(NewUpload),
    /// `HEAD /v1/files/{id}`
    FindUpload(FileId),
    /// `PATCH /v1/files/{id}`
    SendChunk {
        /// The file at the server.
        file_id: FileId,
        /// Where the bytes belong: how many are at the server already.
        offset: u64,
        /// The bytes to append.
        chunk: Chunk,
    },
    /// `DELETE /v1/files/{id}`
    EndUpload(FileId),
    /// `GET /v1/files/{id}`
    FetchChunk {
        /// The file at the server.
        file_id: FileId,
        /// From which byte on.
        offset: u64,
        /// At most this many, at least 1.
        length: u64,
    },
}

/// Which messages a page of history holds (PROTOCOL.md §7.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryPage {
    /// The newest before this place.
    Before(Position),
    /// The oldest after this place.
    After(Position),
    /// Those on both sides of a message, and itself.
    Around(Anchor),
}

/// A message to jump to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// The one at this position.
    At(Position),
    /// The one of this key.
    Message(OperationKey),
    /// The first that was sent at this time or later, or else the newest.
    Time(Timestamp),
}

impl fmt::Display for HistoryPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before(position) => write!(f, "before={position}"),
            Self::After(position) => write!(f, "after={position}"),
            Self::Around(Anchor::At(position)) => write!(f, "around={position}"),
            Self::Around(Anchor::Message(key)) => write!(f, "aroundMessage={key}"),
            Self::Around(Anchor::Time(time)) => write!(f, "aroundTime={}", time.0),
        }
    }
}

/// The verbs that a client uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpMethod {
    /// Reads something.
    Get,
    /// Reads the headers alone.
    Head,
    /// Changes something.
    Post,
    /// Appends to an upload.
    Patch,
    /// Ends a session or an upload.
    Delete,
}

impl HttpMethod {
    /// The verb as it travels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A request as it goes out, below the base URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpCall {
    /// The HTTP method.
    pub method: HttpMethod,
    /// Path and query, such as `/v1/sync?since=4`.
    pub target: String,
    /// Headers, by their names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// Whether the access token goes with it.
    pub authorized: bool,
}

impl ApiRequest {
    /// The HTTP form.
    #[must_use]
    pub fn to_call(&self) -> HttpCall {
        match self {
            Self::SignIn(body) => post("/v1/auth/login", body, false),
            Self::Register(body) => post("/v1/auth/register", body, false),
            Self::Refresh(body) => post("/v1/auth/refresh", body, false),
            Self::SignOut(body) => post("/v1/auth/logout", body, false),
            Self::Submit(body) => post("/v1/operations", body, true),
            Self::Sync { since, log_id } => {
                let log = log_id
                    .as_ref()
                    .map(|id| format!("&logId={}", encoded(id.as_str())))
                    .unwrap_or_default();
                get(format!("/v1/sync?since={since}{log}"))
            }
            Self::Me => get("/v1/me".to_owned()),
            Self::UpdateMe(body) => post("/v1/me", body, true),
            Self::DeleteAccount(body) => post("/v1/me/delete", body, true),
            Self::SetPushToken { device_id, token } => post(
                &format!("/v1/devices/{}/push-token", encoded(device_id.as_str())),
                token,
                true,
            ),
            Self::RemovePushToken { device_id } => post(
                &format!(
                    "/v1/devices/{}/push-token/remove",
                    encoded(device_id.as_str())
                ),
                &serde_json::json!({}),
                true,
            ),
            Self::Block(body) => post("/v1/blocks", body, true),
            Self::Unblock(id) => post(
                &format!("/v1/blocks/{}/remove", encoded(id.as_str())),
                &serde_json::json!({}),
                true,
            ),
            Self::Sessions => get("/v1/sessions".to_owned()),
            Self::EndSession(id) => post(
                &format!("/v1/sessions/{}/end", encoded(id.as_str())),
                &serde_json::json!({}),
                true,
            ),
            Self::Snapshot => get("/v1/snapshot".to_owned()),
            Self::Messages {
                conversation_id,
                thread,
                page,
                limit,
            } => {
                let thread = thread
                    .map(|root| format!("&thread={root}"))
                    .unwrap_or_default();
                get(format!(
                    "/v1/conversations/{}/messages?{page}{thread}&limit={limit}",
                    encoded(conversation_id.as_str())
                ))
            }
            Self::Search { query, cursor } => get(search(query, cursor.as_deref())),
            Self::Versions { message_id } => get(format!(
                "/v1/messages/{}/versions",
                encoded(message_id.as_str())
            )),
            Self::CreateUpload(upload) => tus::create(*upload),
            Self::FindUpload(file) => tus::offset(file),
            Self::SendChunk {
                file_id,
                offset,
                chunk,
            } => tus::send(file_id, *offset, chunk),
            Self::EndUpload(file) => tus::end(file),
            Self::FetchChunk {
                file_id,
                offset,
                length,
            } => tus::fetch(file_id, *offset, *length),
        }
    }
}

fn search(query: &SearchQuery, cursor: Option<&str>) -> String {
    let mut target = format!("/v1/search?q={}", encoded(&query.text));
    let mut add = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            target += &format!("&{name}={}", encoded(value));
        }
    };
    let time = |time: Option<Timestamp>| time.map(|time| time.0.to_string());
    let conversation = query.conversation_id.as_ref();
    add("conversationId", conversation.map(ConversationId::as_str));
    add("senderId", query.sender_id.as_ref().map(UserId::as_str));
    add("from", time(query.from).as_deref());
    add("until", time(query.until).as_deref());
    add("cursor", cursor);
    target
}

fn post(path: &str, body: &impl Serialize, authorized: bool) -> HttpCall {
    HttpCall {
        method: HttpMethod::Post,
        target: path.to_owned(),
        headers: vec![(header::CONTENT_TYPE, header::JSON.to_owned())],
        // Structs of strings and integers always have a JSON form.
        body: Some(serde_json::to_vec(body).unwrap_or_default()),
        authorized,
    }
}

fn get(target: String) -> HttpCall {
    HttpCall {
        method: HttpMethod::Get,
        target,
        headers: Vec::new(),
        body: None,
        authorized: true,
    }
}

pub(crate) fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, NON_ALPHANUMERIC)
}

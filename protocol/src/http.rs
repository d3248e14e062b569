//! The requests of a client in their HTTP form, and what an answer may mean (PROTOCOL.md §7, §8).
//!
//! Pure: text in, text out. Sockets carry what is made here, and so does the simulation.

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{
    BlockList, BlockRequest, ConversationId, DeleteAccount, DeviceId, LogId, LoginRequest,
    LogoutRequest, Me, MeUpdate, MessageId, MessagePage, MessageVersions, OperationKey,
    OperationsAnswer, Position, Problem, PushToken, RefreshRequest, RegisterRequest, SearchPage,
    SearchQuery, Seq, Session, SessionId, SessionList, Snapshot, Submit, SyncPage, Timestamp,
    UserId,
};

/// What a client asks over HTTP.
#[derive(Debug, Clone, PartialEq)]
pub enum ApiRequest {
    /// `POST /v1/auth/login`
    Login(LoginRequest),
    /// `POST /v1/auth/register`
    Register(RegisterRequest),
    /// `POST /v1/auth/refresh`
    Refresh(RefreshRequest),
    /// `POST /v1/auth/logout`
    Logout(LogoutRequest),
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
        /// This device.
        device_id: DeviceId,
        /// Its token.
        token: PushToken,
    },
    /// `POST /v1/devices/{id}/push-token/remove`
    RemovePushToken {
        /// This device.
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
        /// Where.
        conversation_id: ConversationId,
        /// Only the messages of this thread, and by their places in it.
        thread: Option<OperationKey>,
        /// Which of them.
        page: HistoryPage,
        /// At most this many.
        limit: u32,
    },
    /// `GET /v1/search`
    Search {
        /// What for.
        query: SearchQuery,
        /// Where the page begins, as the one before said.
        cursor: Option<String>,
    },
    /// `GET /v1/messages/{id}/versions`
    Versions {
        /// Of which message.
        message_id: MessageId,
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

/// The two verbs that the protocol uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpMethod {
    /// Reads.
    Get,
    /// Changes.
    Post,
}

/// A request as it goes out, below the base URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpCall {
    /// The verb.
    pub method: HttpMethod,
    /// Path and query, such as `/v1/sync?since=4`.
    pub target: String,
    /// The JSON body of a POST.
    pub body: Option<String>,
    /// Whether the access token goes with it.
    pub authorized: bool,
}

/// What came back and could be read.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// To login and refresh.
    Session(Session),
    /// To logout.
    LoggedOut,
    /// To a request for the sessions.
    Sessions(SessionList),
    /// To the request to end one.
    SessionEnded,
    /// To the request to delete the account.
    AccountDeleted,
    /// To a request that changes whom the user has blocked.
    Blocks(BlockList),
    /// To a request about the push token of this device.
    PushTokenNoted,
    /// To a submit.
    Operations(OperationsAnswer),
    /// To `GET /v1/me`.
    Me(Me),
    /// To a sync.
    Sync(SyncPage),
    /// To a snapshot request.
    Snapshot(Snapshot),
    /// To a page request.
    Messages(MessagePage),
    /// To a search.
    Search(SearchPage),
    /// To a request for what a message said before.
    Versions(MessageVersions),
}

/// Why an answer is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The server said no, in a well-formed problem document.
    #[error("{0}")]
    Problem(Problem),
    /// Something answered that is not the protocol: a proxy's page, a truncated body.
    #[error("status {status} with a body that is not the protocol's")]
    Foreign {
        /// The HTTP status.
        status: u16,
    },
}

impl ApiRequest {
    /// The HTTP form.
    #[must_use]
    pub fn to_call(&self) -> HttpCall {
        match self {
            Self::Login(body) => post("/v1/auth/login", body, false),
            Self::Register(body) => post("/v1/auth/register", body, false),
            Self::Refresh(body) => post("/v1/auth/refresh", body, false),
            Self::Logout(body) => post("/v1/auth/logout", body, false),
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
        }
    }

    /// Reads an answer to this request. Whatever is not a well-formed answer or a well-formed
    /// problem document is [`AnswerError::Foreign`], whatever its status (PROTOCOL.md §8).
    pub fn read_answer(&self, status: u16, body: &[u8]) -> Result<Answer, AnswerError> {
        if !(200..300).contains(&status) {
            return Err(match serde_json::from_slice::<Problem>(body) {
                Ok(problem) => AnswerError::Problem(problem),
                Err(_) => AnswerError::Foreign { status },
            });
        }
        match self {
            Self::Login(_) | Self::Register(_) | Self::Refresh(_) => {
                json(status, body).map(Answer::Session)
            }
            Self::Sessions => json(status, body).map(Answer::Sessions),
            Self::EndSession(_) => Ok(Answer::SessionEnded),
            Self::SetPushToken { .. } | Self::RemovePushToken { .. } => Ok(Answer::PushTokenNoted),
            Self::DeleteAccount(_) => Ok(Answer::AccountDeleted),
            Self::Block(_) | Self::Unblock(_) => json(status, body).map(Answer::Blocks),
            Self::Logout(_) => Ok(Answer::LoggedOut),
            Self::Submit(_) => json(status, body).map(Answer::Operations),
            Self::Sync { .. } => json(status, body).map(Answer::Sync),
            Self::Me | Self::UpdateMe(_) => json(status, body).map(Answer::Me),
            Self::Snapshot => json(status, body).map(Answer::Snapshot),
            Self::Messages { .. } => json(status, body).map(Answer::Messages),
            Self::Search { .. } => json(status, body).map(Answer::Search),
            Self::Versions { .. } => json(status, body).map(Answer::Versions),
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

fn json<T: DeserializeOwned>(status: u16, body: &[u8]) -> Result<T, AnswerError> {
    serde_json::from_slice(body).map_err(|_| AnswerError::Foreign { status })
}

fn post(path: &str, body: &impl Serialize, authorized: bool) -> HttpCall {
    HttpCall {
        method: HttpMethod::Post,
        target: path.to_owned(),
        // Structs of strings and integers always have a JSON form.
        body: Some(serde_json::to_string(body).unwrap_or_default()),
        authorized,
    }
}

fn get(target: String) -> HttpCall {
    HttpCall {
        method: HttpMethod::Get,
        target,
        body: None,
        authorized: true,
    }
}

fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, NON_ALPHANUMERIC)
}

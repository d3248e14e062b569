//! HTTP requests: routing, reading, answering (PROTOCOL.md §7).

use std::collections::BTreeMap;

use fulmar_protocol::{
    Anchor, BlockRequest, Code, ConversationId, ConversationPage, HistoryPage, LoginRequest,
    LogoutRequest, MeUpdate, MessageVersions, OperationKey, OperationsAnswer, Position, Problem,
    RefreshRequest, RegisterRequest, SearchQuery, Seq, Submit, Timestamp, UserId, header,
};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::openapi;
use super::rest::message_id;
use super::socket::Outgoing;
use crate::accounts::Refreshed;
use crate::actor::Caller;
use crate::{Backend, Error, Result, Scope};

/// A request as it came in.
#[derive(Debug, Clone, Copy, Default)]
pub struct HttpRequest<'a> {
    /// The verb, in upper case.
    pub method: &'a str,
    /// The path, percent-encoded.
    pub path: &'a str,
    /// What follows the question mark.
    pub query: &'a str,
    /// The token of the `Authorization: Bearer` header.
    pub bearer: Option<&'a str>,
    /// The other headers, by their names in lower case.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

impl HttpRequest<'_> {
    /// What a header says, by its name in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(there, _)| *there == name);
        found.map(|(_, value)| *value)
    }

    /// Whether it is about files, whose bodies are not JSON.
    fn is_about_files(&self) -> bool {
        let path = self.path.strip_prefix("/v1/files");
        path.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// An answer as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The other headers, by their names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body: JSON, or a file.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// The answer that says what is wrong.
    #[must_use]
    pub fn problem(problem: &Problem) -> Self {
        Self {
            status: problem.status,
            content_type: Problem::MEDIA_TYPE,
            headers: Vec::new(),
            // A struct of strings and integers always has a JSON form.
            body: serde_json::to_vec(problem).unwrap_or_default(),
        }
    }

    /// The answer that went well.
    #[must_use]
    pub fn json(body: String) -> Self {
        Self {
            status: 200,
            content_type: header::JSON,
            headers: Vec::new(),
            body: body.into_bytes(),
        }
    }

    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl Backend {
    /// Handles a request. Never fails: whatever is wrong is in the response. What has to be sent
    /// over sockets because of it comes along.
    pub fn http(
        &mut self,
        request: &HttpRequest<'_>,
        now: Timestamp,
    ) -> (HttpResponse, Vec<Outgoing>) {
        let limits = self.config.limits;
        let limit = match request.is_about_files() {
            true => limits.chunk_bytes,
            false => limits.frame_bytes,
        };
        if request.body.len() > limit as usize {
            let problem = Problem::new(Code::RequestTooLarge, "The body is too large");
            return (HttpResponse::problem(&problem), Vec::new());
        }
        let connections = self.sockets.len();
        let (result, pending) = self.scoped(now, |scope| scope.route(request, connections));
        let response = match result {
            Ok(response) => response,
            Err(error) => HttpResponse::problem(&error.into_problem()),
        };
        let mut outgoing = self.close_sessions(&pending.ended_sessions);
        outgoing.extend(self.after(&pending, now));
        (response, outgoing)
    }
}

impl Scope<'_, '_> {
    fn route(&mut self, request: &HttpRequest<'_>, connections: usize) -> Result<HttpResponse> {
        let query = read_query(request.query)?;
        let segments: Vec<String> = request
            .path
            .trim_matches('/')
            .split('/')
            .map(decode)
            .collect::<Result<_>>()?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let token = request.bearer.or(query.get("token").map(String::as_str));
        if let ["v1", "files", path @ ..] = segments.as_slice() {
            return self.route_files(request, path, token);
        }
        if let ("POST", ["v1", "auth", "refresh"]) = (request.method, segments.as_slice()) {
            return self.refresh(request);
        }
        let body = self.route_json(request, &segments, &query, token, connections)?;
        Ok(HttpResponse::json(body))
    }

    /// A refusal that ends the session is no error: what it changed stays.
    fn refresh(&mut self, request: &HttpRequest<'_>) -> Result<HttpResponse> {
        let body: RefreshRequest = read_body(request.body)?;
        match self.rooms.accounts.refresh(self.tx, &body.refresh_token)? {
            Refreshed::Fresh(session) => Ok(HttpResponse::json(json(&session)?)),
            Refreshed::Reused(ended) => {
                self.rooms.pass_on(self.tx, [ended])?;
                Ok(HttpResponse::problem(&Problem::new(
                    Code::SessionRevoked,
                    "A refresh token was used twice, so the session has ended",
                )))
            }
        }
    }

    fn route_json(
        &mut self,
        request: &HttpRequest<'_>,
        segments: &[&str],
        query: &BTreeMap<String, String>,
        token: Option<&str>,
        connections: usize,
    ) -> Result<String> {
        match (request.method, segments) {
            ("GET", ["health"]) => json(&serde_json::json!({ "status": "ok" })),
            ("GET", ["v1", "openapi.json"]) => json(&openapi::document()),
            ("GET", ["stats"]) => json(&self.stats(connections)?),
            ("POST", ["v1", "auth", "login"]) => {
                let body: LoginRequest = read_body(request.body)?;
                let (session, news) = self.rooms.accounts.login(self.tx, &body)?;
                self.rooms.pass_on(self.tx, news)?;
                json(&session)
            }
            ("POST", ["v1", "auth", "register"]) => {
                let body: RegisterRequest = read_body(request.body)?;
                let (session, news) = self.rooms.accounts.register(self.tx, &body)?;
                self.rooms.pass_on(self.tx, news)?;
                json(&session)
            }
            ("POST", ["v1", "auth", "logout"]) => {
                let body: LogoutRequest = read_body(request.body)?;
                let news = self.rooms.accounts.logout(self.tx, &body.refresh_token)?;
                self.rooms.pass_on(self.tx, news)?;
                json(&serde_json::json!({}))
            }
            (_, ["v1", rest @ ..]) => {
                let caller = self.rooms.accounts.authenticate(self.tx, token)?;
                self.route_authenticated(request, rest, query, &caller)
            }
            _ => Err(unknown_route()),
        }
    }

    fn route_authenticated(
        &mut self,
        request: &HttpRequest<'_>,
        segments: &[&str],
        query: &BTreeMap<String, String>,
        caller: &Caller,
    ) -> Result<String> {
        let user = &caller.user_id;
        match (request.method, segments) {
            ("GET", ["me"]) => json(&self.rooms.accounts.me(self.tx, caller)?),
            ("GET", ["sessions"]) => json(&self.rooms.accounts.sessions(self.tx, caller)?),
            ("POST", ["sessions", id, "end"]) => {
                let news = self.rooms.accounts.end_own_session(self.tx, caller, id)?;
                self.rooms.pass_on(self.tx, news)?;
                json(&serde_json::json!({}))
            }
            ("POST", ["me"]) => {
                let body: MeUpdate = read_body(request.body)?;
                let news = self.rooms.accounts.update_me(self.tx, user, body)?;
                self.rooms.pass_on(self.tx, news)?;
                json(&self.rooms.accounts.me(self.tx, caller)?)
            }
            ("POST", ["me", "delete"]) => {
                self.delete_account(caller, &read_body(request.body)?)?;
                json(&serde_json::json!({}))
            }
            ("POST", ["devices", device, "push-token"]) => {
                let token = read_body(request.body)?;
                self.rooms.push.set_token(self.tx, caller, device, &token)?;
                json(&serde_json::json!({}))
            }
            ("POST", ["devices", device, "push-token", "remove"]) => {
                self.rooms.push.remove_token(self.tx, caller, device)?;
                json(&serde_json::json!({}))
            }
            ("GET", ["blocks"]) => json(&self.rooms.accounts.blocked_by(self.tx, user)?),
            ("POST", ["blocks"]) => {
                let body: BlockRequest = read_body(request.body)?;
                let (list, news) = self.rooms.accounts.block(self.tx, user, &body.user_id)?;
                self.rooms.pass_on(self.tx, news)?;
                json(&list)
            }
            ("POST", ["blocks", id, "remove"]) => {
                let other = UserId::new(*id).map_err(|_| Error::no_such_user())?;
                let (list, news) = self.rooms.accounts.unblock(self.tx, user, &other)?;
                self.rooms.pass_on(self.tx, news)?;
                json(&list)
            }
            ("GET", ["sync"]) => {
                let since = Seq(number(query, "since")?.unwrap_or_default());
                let log_id = query.get("logId").map(String::as_str);
                json(&self.sync(user, since, log_id)?)
            }
            ("GET", ["snapshot"]) => json(&self.snapshot(user)?),
            ("POST", ["operations"]) => {
                let submit: Submit = read_body(request.body)?;
                let outcomes = self.apply_all(user, &submit.operations)?;
                json(&OperationsAnswer { outcomes })
            }
            ("GET", ["conversations"]) => json(&ConversationPage {
                conversations: self.conversations_of(user)?,
            }),
            ("GET", ["conversations", id]) => {
                json(&self.conversation(&conversation_id(id)?, user)?)
            }
            ("GET", ["conversations", id, "messages"]) => {
                let limit = number(query, "limit")?.unwrap_or(50);
                let limit = u32::try_from(limit).unwrap_or(u32::MAX);
                let thread = key(query, "thread")?;
                let page = history_page(query)?;
                json(&self.page(user, &conversation_id(id)?, thread, page, limit)?)
            }
            ("GET", ["search"]) => {
                let cursor = query.get("cursor").map(String::as_str);
                json(&self.search(user, &search_query(query)?, cursor)?)
            }
            ("GET", ["messages", id, "versions"]) => json(&MessageVersions {
                versions: self.versions(user, &message_id(id)?)?,
            }),
            ("GET", ["messages", id]) => json(&self.message_by_id(user, &message_id(id)?)?),
            ("GET", ["users"]) => {
                let text = query.get("q").map_or("", String::as_str);
                let limit = self.config.limits.page_size;
                json(&self.rooms.accounts.people(self.tx, user, text, limit)?)
            }
            ("GET", ["users", id]) => {
                let id = UserId::new(*id).map_err(|_| Error::no_such_user())?;
                json(&self.rooms.accounts.person(self.tx, user, &id)?)
            }
            _ => match self.write_over_rest(request, segments, user)? {
                Some(body) => Ok(body),
                None => Err(unknown_route()),
            },
        }
    }
}

pub(super) fn unknown_route() -> Error {
    Error::refused(Code::RouteUnknown, "There is no such route")
}

fn conversation_id(text: &str) -> Result<ConversationId> {
    ConversationId::new(text)
        .map_err(|_| Error::refused(Code::ConversationNotFound, "There is no such conversation"))
}

pub(super) fn json(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(value)?)
}

pub(super) fn read_body<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| {
        Error::Refused(
            Problem::new(Code::RequestMalformed, "The body cannot be read").with_detail(format!(
                "{:?} error at line {} column {}",
                error.classify(),
                error.line(),
                error.column()
            )),
        )
    })
}

fn read_query(query: &str) -> Result<BTreeMap<String, String>> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            // A plus sign is a space here (PROTOCOL.md §7.6), unlike in paths.
            let pair = pair.replace('+', " ");
            let (name, value) = pair.split_once('=').unwrap_or((&pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

fn decode(text: &str) -> Result<String> {
    percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Error::refused(Code::RequestMalformed, "The URL is not UTF-8"))
}

/// Which page a request for history asks for; the newest when it does not say.
fn history_page(query: &BTreeMap<String, String>) -> Result<HistoryPage> {
    if let Some(after) = number(query, "after")? {
        return Ok(HistoryPage::After(Position(after)));
    }
    if let Some(before) = number(query, "before")? {
        return Ok(HistoryPage::Before(Position(before)));
    }
    let anchor = match (number(query, "around")?, number(query, "aroundTime")?) {
        (Some(position), _) => Some(Anchor::At(Position(position))),
        (None, Some(time)) => {
            let time = i64::try_from(time).unwrap_or(i64::MAX);
            Some(Anchor::Time(Timestamp(time)))
        }
        (None, None) => key(query, "aroundMessage")?.map(Anchor::Message),
    };
    Ok(match anchor {
        Some(anchor) => HistoryPage::Around(anchor),
        None => HistoryPage::Before(Position(i64::MAX as u64)),
    })
}

fn search_query(query: &BTreeMap<String, String>) -> Result<SearchQuery> {
    let time = |name| -> Result<Option<Timestamp>> {
        Ok(number(query, name)?.map(|time| Timestamp(i64::try_from(time).unwrap_or(i64::MAX))))
    };
    let sender = query.get("senderId").map(|id| UserId::new(id.as_str()));
    Ok(SearchQuery {
        text: query.get("q").cloned().unwrap_or_default(),
        conversation_id: query
            .get("conversationId")
            .map(|id| conversation_id(id))
            .transpose()?,
        sender_id: sender
            .transpose()
            .map_err(|_| Error::refused(Code::ParamsInvalid, "There is no such user"))?,
        from: time("from")?,
        until: time("until")?,
    })
}

fn key(query: &BTreeMap<String, String>, name: &str) -> Result<Option<OperationKey>> {
    let invalid = |_| {
        Error::Refused(
            Problem::new(Code::ParamsInvalid, "A parameter is not an operation key")
                .with_detail(name.to_owned()),
        )
    };
    query
        .get(name)
        .map(|text| text.parse().map_err(invalid))
        .transpose()
}

fn number(query: &BTreeMap<String, String>, name: &str) -> Result<Option<u64>> {
    let invalid = || {
        Error::Refused(
            Problem::new(Code::ParamsInvalid, "A parameter is not a number")
                .with_detail(name.to_owned()),
        )
    };
    query
        .get(name)
        .map(|text| {
            let number: u64 = text.parse().map_err(|_| invalid())?;
            // Numbers of the protocol are below 2^53 (PROTOCOL.md §2.3).
            if number < 1 << 53 {
                Ok(number)
            } else {
                Err(invalid())
            }
        })
        .transpose()
}

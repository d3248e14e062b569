//! Which request goes to which room.

use fulmar_protocol::{
    BlockRequest, Capability, Code, ConversationPage, MeUpdate, MessageVersions, Problem,
    RefreshRequest, RegisterRequest, Seq, SignInRequest, SignOutRequest, SyncPage, Timestamp,
    UserId,
};
use serde_json::json;

use super::body::{nothing, read_body, read_submit, text, unknown_route};
use super::exchange::{HttpRequest, HttpResponse, ParsedRequest};
use super::url::{self, conversation_id, message_id, user_id};
use super::{files, rest};
use crate::access::Membership;
use crate::account_deletion::delete_account;
use crate::accounts::Refreshed;
use crate::actor::Caller;
use crate::capabilities;
use crate::defects::{Defect, active};
use crate::edge::openapi;
use crate::error::{Error, Result};
use crate::log::Synced;
use crate::messages::{Search, as_they_are_now};
use crate::operations::{apply_submit, forget_keys_before};
use crate::overview;
use crate::rooms::Rooms;
use crate::tx::Tx;

/// How many messages a page of history has when the request does not say.
const PAGE: u64 = 50;

/// `connections` is how many sockets are open.
pub(super) fn answer(
    rooms: &Rooms,
    tx: &mut Tx<'_>,
    request: &HttpRequest<'_>,
    connections: usize,
) -> Result<HttpResponse> {
    let query = url::read(request.query)?;
    let segments = url::segments(request.path)?;
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let token = request.bearer.or(query.get("token").map(String::as_str));
    let parsed = ParsedRequest {
        method: request.method,
        path: &path,
        query: &query,
        body: request.body,
    };
    let body = match (request.method, path.as_slice()) {
        (_, ["v1", "files", ..]) if !rooms.can(&Capability::Files) => Err(unknown_route()),
        (_, ["v1", "files", path @ ..]) => {
            return files::answer(rooms, tx, request, path, token);
        }
        ("GET" | "HEAD", ["health"]) => text(&json!({ "status": "ok" })),
        (_, ["v1", "openapi.json"]) if !rooms.can(&Capability::Openapi) => Err(unknown_route()),
        ("GET", ["v1", "openapi.json"]) => {
            text(&openapi::document(|capability| rooms.can(&capability)))
        }
        ("GET", ["stats"]) => text(&overview::stats(tx, connections)?),
        ("POST", ["v1", "auth", "refresh"]) => return refresh(rooms, tx, &parsed),
        ("POST", ["v1", "auth", way]) => auth(rooms, tx, &parsed, way, token),
        (_, ["v1", rest @ ..]) => {
            let caller = rooms.accounts.authenticate(tx, token)?;
            let parsed = ParsedRequest {
                path: rest,
                ..parsed
            };
            authenticated(rooms, tx, &parsed, &caller)
        }
        _ => Err(unknown_route()),
    };
    body.map(HttpResponse::json)
}

/// A refusal that ends the session is no error here: what it changed stays.
fn refresh(rooms: &Rooms, tx: &mut Tx<'_>, parsed: &ParsedRequest<'_>) -> Result<HttpResponse> {
    let body: RefreshRequest = read_body(parsed.body)?;
    match rooms.accounts.refresh(tx, &body.refresh_token)? {
        Refreshed::Fresh(session) => Ok(HttpResponse::json(text(&session)?)),
        Refreshed::Reused(ended) => {
            rooms.pass_on(
                tx,
                Some(ended).filter(|_| !active(Defect::StolenKeepsSockets)),
            )?;
            Ok(HttpResponse::problem(&Problem::new(
                Code::SessionRevoked,
                "A refresh token was used twice, so the session has ended",
            )))
        }
    }
}

fn auth(
    rooms: &Rooms,
    tx: &mut Tx<'_>,
    parsed: &ParsedRequest<'_>,
    way: &str,
    token: Option<&str>,
) -> Result<String> {
    let accounts = &rooms.accounts;
    match way {
        "login" => {
            let body: SignInRequest = read_body(parsed.body)?;
            let (session, news) = accounts.sign_in(tx, &body)?;
            rooms.pass_on(tx, news)?;
            text(&session)
        }
        "register" => {
            let body: RegisterRequest = read_body(parsed.body)?;
            let (session, news) = accounts.register(tx, &body)?;
            rooms.pass_on(tx, news)?;
            text(&session)
        }
        "logout" => {
            let body: SignOutRequest = read_body(parsed.body)?;
            let news = accounts.sign_out(tx, &body.refresh_token)?;
            if active(Defect::KeysEndWithSessions) {
                forget_keys_before(tx, Timestamp(i64::MAX))?;
            }
            rooms.pass_on(tx, news)?;
            nothing()
        }
        // Only somebody who is known is told that there is no such route.
        _ => {
            accounts.authenticate(tx, token)?;
            Err(unknown_route())
        }
    }
}

/// Requests of a caller: those about accounts, then those that read, then writes.
fn authenticated(
    rooms: &Rooms,
    tx: &mut Tx<'_>,
    parsed: &ParsedRequest<'_>,
    caller: &Caller,
) -> Result<String> {
    let missing =
        capabilities::of_request(parsed.method, parsed.path).filter(|needed| !rooms.can(needed));
    if missing.is_some() {
        return Err(unknown_route());
    }
    if let Some(answer) = account(rooms, tx, parsed, caller)? {
        return Ok(answer);
    }
    let user = &caller.user_id;
    if let Some(answer) = reading(rooms, tx, parsed, user)? {
        return Ok(answer);
    }
    if let ("POST", ["operations"]) = (parsed.method, parsed.path) {
        let mut submit = read_submit(parsed.body)?;
        submit.order = submit.order.filter(|_| !active(Defect::OrdersSocketsAlone));
        return text(&apply_submit(rooms, tx, caller, &submit)?);
    }
    if !rooms.can(&Capability::Rest) {
        return Err(unknown_route());
    }
    rest::write(rooms, tx, parsed, user)?.ok_or_else(unknown_route)
}

/// `None` when it is about no account.
fn account(
    rooms: &Rooms,
    tx: &mut Tx<'_>,
    parsed: &ParsedRequest<'_>,
    caller: &Caller,
) -> Result<Option<String>> {
    let (user, accounts) = (&caller.user_id, &rooms.accounts);
    let answer = match (parsed.method, parsed.path) {
        ("GET", ["me"]) => text(&accounts.me(tx, caller)?),
        ("GET", ["sessions"]) => text(&accounts.sessions(tx, caller)?),
        ("POST", ["sessions", id, "end"]) => {
            let mut news = accounts.end_own_session(tx, caller, id)?;
            news.retain(|_| !active(Defect::EndedKeepsSockets));
            rooms.pass_on(tx, news)?;
            nothing()
        }
        ("POST", ["me"]) => {
            let body: MeUpdate = read_body(parsed.body)?;
            capabilities::check_profile(rooms, &body)?;
            let news = accounts.update_me(tx, user, body)?;
            rooms.pass_on(tx, news)?;
            text(&accounts.me(tx, caller)?)
        }
        ("POST", ["me", "delete"]) => {
            delete_account(rooms, tx, caller, &read_body(parsed.body)?)?;
            nothing()
        }
        ("POST", ["devices", device, "push-token"]) => {
            let token = read_body(parsed.body)?;
            rooms.push.set_token(tx, caller, device, &token)?;
            nothing()
        }
        ("POST", ["devices", device, "push-token", "remove"]) => {
            rooms.push.remove_token(tx, caller, device)?;
            nothing()
        }
        ("GET", ["blocks"]) => text(&accounts.blocked_by(tx, user)?),
        ("POST", ["blocks"]) => {
            let body: BlockRequest = read_body(parsed.body)?;
            let (list, news) = accounts.block(tx, user, &body.user_id)?;
            rooms.pass_on(tx, news)?;
            text(&list)
        }
        ("POST", ["blocks", id, "remove"]) => {
            let (list, news) = accounts.unblock(tx, user, &user_id(id)?)?;
            rooms.pass_on(tx, news)?;
            text(&list)
        }
        ("GET", ["users"]) => {
            let name = parsed.query.get("q").map_or("", String::as_str);
            text(&accounts.users(tx, user, name, rooms.limits.page_size)?)
        }
        ("GET", ["users", id]) => text(&accounts.user(tx, user, &user_id(id)?)?),
        _ => return Ok(None),
    };
    answer.map(Some)
}

/// `None` when it reads nothing of conversations.
fn reading(
    rooms: &Rooms,
    tx: &mut Tx<'_>,
    parsed: &ParsedRequest<'_>,
    user: &UserId,
) -> Result<Option<String>> {
    let (conversations, messages) = (&rooms.conversations, &rooms.messages);
    let query = parsed.query;
    let answer = match (parsed.method, parsed.path) {
        ("GET", ["sync"]) => {
            let since = Seq(url::number(query, "since")?.unwrap_or_default());
            let log_id = query.get("logId").map(String::as_str);
            match rooms.log.sync(tx, user, since, log_id)? {
                Synced::Page(page) => {
                    let events = as_they_are_now(tx, user, page.events)?;
                    text(&SyncPage { events, ..page })
                }
                Synced::Reset => Err(Error::refused(
                    Code::SyncReset,
                    "The log does not reach back that far: take a snapshot",
                )),
            }
        }
        ("GET", ["snapshot"]) => text(&overview::snapshot(rooms, tx, user)?),
        ("GET", ["conversations"]) => text(&ConversationPage {
            conversations: conversations.list(tx, user)?,
        }),
        ("GET", ["conversations", id]) => {
            text(&conversations.view(tx, &conversation_id(id)?, user)?)
        }
        ("GET", ["conversations", id, "messages"]) => {
            let limit = url::number(query, "limit")?.unwrap_or(PAGE);
            let limit = u32::try_from(limit).unwrap_or(u32::MAX);
            let thread = url::key(query, "thread")?;
            let page = url::history_page(query)?;
            capabilities::check_page(rooms, &page, thread.is_some())?;
            let id = conversation_id(id)?;
            let member = Membership::check_unless(tx, &id, user, Defect::PagesForAnybody)?;
            text(&messages.page(tx, &member, thread, page, limit)?)
        }
        ("GET", ["search"]) => {
            let cursor = query.get("cursor").map(String::as_str);
            let search = Search::new(url::search(query)?)?;
            if let Some(id) = &search.query().conversation_id {
                Membership::check(tx, id, user)?;
            }
            text(&messages.search(tx, user, &search, cursor)?)
        }
        ("GET", ["messages", id, "versions"]) => text(&MessageVersions {
            versions: messages.versions(tx, user, &message_id(id)?)?,
        }),
        ("GET", ["messages", id]) => text(&messages.find(tx, user, &message_id(id)?)?),
        _ => return Ok(None),
    };
    answer.map(Some)
}

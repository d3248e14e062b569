//! HTTP requests: which world they are for, the faults around the backend's routes, and the handshake of
//! WebSockets.

use std::sync::Arc;

use fulmar_backend::{HttpRequest, HttpResponse};
use fulmar_protocol::{Code, Problem};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    AUTHORIZATION, CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode, Uri};
use percent_encoding::percent_decode_str;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::body::{Answer, CutByFault, cut_in_the_middle, html, respond, slow, whole};
use crate::core::Core;
use crate::fault::{Action, Applied, InFlight, Where, Who, come_again_soon, mangle};
use crate::request_body;
use crate::socket;
use crate::worlds::Worlds;

/// A body that is larger than any limit is not even read.
const LARGEST_BODY: usize = 8 * 1024 * 1024;
/// The largest body of somebody who shows no good token.
const LARGEST_UNKNOWN: usize = 64 * 1024;
/// The only one that there is.
const WEBSOCKET_VERSION: &str = "13";

pub(crate) async fn handle(
    request: Request<Incoming>,
    worlds: Arc<Worlds>,
) -> Result<Answer, CutByFault> {
    let Some((core, base)) = worlds.of_path(request.uri().path()) else {
        let problem = Problem::new(Code::RouteUnknown, "There is no such world");
        return Ok(respond(HttpResponse::problem(&problem)));
    };
    let core_of_fault = Arc::clone(&core);
    tokio::select! {
        answer = handle_in(request, core, &base) => answer,
        // Nobody waits in a world that is no more.
        () = core_of_fault.ended() => Err(CutByFault),
    }
}

async fn handle_in(
    mut request: Request<Incoming>,
    core: Arc<Core>,
    base: &str,
) -> Result<Answer, CutByFault> {
    let token = bearer(&request);
    let who = core.who_has(token.as_deref());
    if core.faults.is_offline(who.user.as_deref()) {
        return Err(CutByFault);
    }
    let path = request.uri().path()[base.len()..].to_owned();
    if is_handshake(&request, &path) {
        return handshake(&mut request, core, token, &who).await;
    }
    let (head, body) = request.into_parts();
    // Of somebody unknown little is read: what they are answered is said without the rest.
    let known = who.user.is_some()
        || core
            .who_has(query_token(&head.uri).as_deref())
            .user
            .is_some();
    let most = if known { LARGEST_BODY } else { LARGEST_UNKNOWN };
    let body = match request_body::read(body, most).await {
        Ok(body) => body,
        Err(problem) if known || problem.code != Code::RequestTooLarge => {
            return Ok(respond(HttpResponse::problem(&problem)));
        }
        Err(problem) => return Ok(unknown_caller(&core, &head, &path, token, &problem)),
    };
    let applied = apply(&core, &who, (head.method.as_str(), &path), &body);
    core.clock.sleep(applied.time_for(body.len())).await;
    if let Some(action) = &applied.action
        && let Some(answer) = instead(&core, &who, action, &path).await
    {
        return answer;
    }
    // A header that is no text says nothing here.
    let headers: Vec<(&str, &str)> = head
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect();
    let request = HttpRequest {
        headers: &headers,
        method: head.method.as_str(),
        path: &path,
        query: head.uri.query().unwrap_or_default(),
        bearer: token.as_deref(),
        body: &body,
    };
    let mut response = core.http(&request, who.user.as_deref());
    if applied.action == Some(Action::Repeat) {
        response = core.http(&request, who.user.as_deref());
    }
    if response.status >= 400 && core.clock.is_stepped() {
        let text = String::from_utf8_lossy(&response.body).into_owned();
        response.body = come_again_soon(text).into_bytes();
    }
    for (name, value) in &mut response.headers {
        // Where a file is, it is in this world.
        if *name == "location" {
            value.insert_str(0, base);
        }
    }
    finish(response, applied, &core)
}

/// The token of `?token=`, for clients that cannot set headers (PROTOCOL.md §3.1, §7).
fn query_token(uri: &Uri) -> Option<String> {
    let mut pairs = uri.query()?.split('&');
    let token = pairs.find_map(|pair| pair.strip_prefix("token="))?;
    let token = percent_decode_str(token).decode_utf8().ok()?;
    Some(token.into_owned())
}

/// The answer to somebody with a large body and no good token: first that the token is not good, where one
/// is needed. Their body is not read.
fn unknown_caller(
    core: &Core,
    head: &Parts,
    path: &str,
    token: Option<String>,
    too_large: &Problem,
) -> Answer {
    let request = HttpRequest {
        method: head.method.as_str(),
        path,
        query: head.uri.query().unwrap_or_default(),
        bearer: token.as_deref(),
        ..HttpRequest::default()
    };
    let signs_in = path.starts_with("/v1/auth/");
    let unread = (!signs_in).then(|| core.http(&request, None));
    respond(match unread {
        Some(response) if response.status == 401 => response,
        Some(_) | None => HttpResponse::problem(too_large),
    })
}

fn apply(core: &Core, who: &Who, (verb, path): (&str, &str), body: &[u8]) -> Applied {
    if !core.faults.any() {
        return Applied::default();
    }
    let in_flight = InFlight {
        at: Where::Http(format!("{verb} {path}")),
        methods: &socket::methods_in(body),
    };
    core.apply_faults(&in_flight, who)
}

/// What happens instead of asking the backend; `None` when it is to be asked.
async fn instead(
    core: &Core,
    who: &Who,
    action: &Action,
    path: &str,
) -> Option<Result<Answer, CutByFault>> {
    let gives_tokens = path.starts_with("/v1/auth/");
    if let Some(problem) = action.problem()
        && !(*action == Action::MalformToken && gives_tokens)
    {
        return Some(Ok(respond(HttpResponse::problem(&problem))));
    }
    match action {
        Action::Drop | Action::Cut | Action::Close(_) => Some(Err(CutByFault)),
        Action::Html(status) => Some(Ok(html(*status))),
        Action::HalfOpen => {
            core.ended().await;
            Some(Err(CutByFault))
        }
        Action::Restart(how) => {
            core.restart_by_fault(*how);
            Some(Err(CutByFault))
        }
        Action::ResetLog => {
            core.reset_log_of(who);
            None
        }
        _ => None,
    }
}

/// What happens to an answer on its way.
fn finish(
    mut response: HttpResponse,
    applied: Applied,
    core: &Arc<Core>,
) -> Result<Answer, CutByFault> {
    match &applied.action {
        Some(Action::SwallowAnswer) => return Err(CutByFault),
        Some(Action::CutInTheMiddle) => {
            let bytes = std::mem::take(&mut response.body);
            return Ok(cut_in_the_middle(respond(response), &bytes));
        }
        Some(Action::Replace(text)) => response.body = text.clone().into_bytes(),
        Some(Action::CutAfter) => {
            let mut answer = respond(response);
            let close = HeaderValue::from_static("close");
            answer.headers_mut().insert(CONNECTION, close);
            return Ok(answer);
        }
        Some(action) => {
            // A file is no text, and stays as it is.
            if let Ok(text) = String::from_utf8(response.body.clone()) {
                response.body = mangle(action, text).into_bytes();
            }
        }
        None => {}
    }
    let Some(rate) = applied.bytes_per_second else {
        return Ok(respond(response));
    };
    let bytes = Bytes::from(std::mem::take(&mut response.body));
    let mut answer = respond(response);
    *answer.body_mut() = slow(bytes, rate, Arc::clone(&core.clock));
    Ok(answer)
}

fn bearer(request: &Request<Incoming>) -> Option<String> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    Some(header.strip_prefix("Bearer ")?.to_owned())
}

fn is_handshake(request: &Request<Incoming>, path: &str) -> bool {
    let has = |name, wanted: &str| {
        let values = request.headers().get_all(name).into_iter();
        values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|token| token.trim().eq_ignore_ascii_case(wanted))
    };
    let path_and_method = path == "/v1/socket" && request.method() == Method::GET;
    path_and_method && has(UPGRADE, "websocket") && has(CONNECTION, "upgrade")
}

async fn handshake(
    request: &mut Request<Incoming>,
    core: Arc<Core>,
    token: Option<String>,
    who: &Who,
) -> Result<Answer, CutByFault> {
    let in_flight = InFlight {
        at: Where::Handshake,
        methods: &[],
    };
    let applied = core.apply_faults(&in_flight, who);
    core.clock.sleep(applied.wait).await;
    match &applied.action {
        None | Some(Action::HalfOpen) => {}
        Some(action) => match instead(&core, who, action, "/v1/socket").await {
            Some(answer) => return answer,
            None if *action == Action::ResetLog => {}
            None => return Err(CutByFault),
        },
    }
    let version = request.headers().get(SEC_WEBSOCKET_VERSION);
    if version.is_none_or(|version| version != WEBSOCKET_VERSION) {
        // RFC 6455 §4.4.
        let problem = Problem {
            status: StatusCode::UPGRADE_REQUIRED.as_u16(),
            ..Problem::new(Code::RequestMalformed, "Another version of WebSockets")
        };
        let mut answer = respond(HttpResponse::problem(&problem));
        let spoken = HeaderValue::from_static(WEBSOCKET_VERSION);
        answer.headers_mut().insert(SEC_WEBSOCKET_VERSION, spoken);
        return Ok(answer);
    }
    let Some(key) = request.headers().get(SEC_WEBSOCKET_KEY) else {
        let problem = Problem::new(Code::RequestMalformed, "A handshake without its key");
        return Ok(respond(HttpResponse::problem(&problem)));
    };
    let accept = derive_accept_key(key.as_bytes());
    let token = token.or_else(|| query_token(request.uri()));
    let upgrade = hyper::upgrade::on(request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            socket::serve(upgraded, core, token, applied.action).await;
        }
    });
    let mut response = Response::new(whole(Bytes::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::from_str(&accept) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    Ok(response)
}

//! HTTP requests: faults around the backend's routes, and the handshake of WebSockets.

use std::sync::Arc;

use fulmar_backend::{HttpRequest, HttpResponse};
use fulmar_protocol::{Code, Problem};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_KEY, UPGRADE,
};
use hyper::{Request, Response, StatusCode};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::core::Core;
use crate::fault::{Action, Where};
use crate::socket;

/// A body that is larger than any limit is not even read.
const LARGEST_BODY: usize = 8 * 1024 * 1024;

/// A fault wants the connection to end without an answer.
#[derive(Debug, thiserror::Error)]
#[error("cut by a fault")]
pub(crate) struct CutByFault;

pub(crate) type Answer = Response<Full<Bytes>>;

pub(crate) async fn handle(
    mut request: Request<Incoming>,
    core: Arc<Core>,
) -> Result<Answer, CutByFault> {
    let token = bearer(&request);
    let user = core.user_of_token(token.as_deref());
    if core.faults.is_offline(user.as_deref()) {
        return Err(CutByFault);
    }
    if is_handshake(&request) {
        return handshake(&mut request, core, token, user.as_deref()).await;
    }
    let place = Where::Http(request.uri().path().to_owned());
    let fault = core.strike(&place, user.as_deref());
    match &fault {
        Some(Action::Delay(wait)) => tokio::time::sleep(*wait).await,
        Some(Action::Drop | Action::Cut | Action::CutInTheMiddle) => return Err(CutByFault),
        Some(Action::Html(status)) => return Ok(html(*status)),
        Some(Action::Problem(problem)) => {
            return Ok(respond(HttpResponse::problem(problem)));
        }
        _ => {}
    }
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
        let problem = Problem::new(Code::RequestTooLarge, "The body is too large");
        return Ok(respond(HttpResponse::problem(&problem)));
    };
    let body = body.to_bytes();
    // A header that is no text says nothing here.
    let headers: Vec<(&str, &str)> = head
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect();
    let request = HttpRequest {
        headers: &headers,
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        bearer: token.as_deref(),
        body: &body,
    };
    let mut response = core.http(&request, user.as_deref());
    match fault {
        Some(Action::Repeat) => response = core.http(&request, user.as_deref()),
        Some(Action::SwallowAnswer) => return Err(CutByFault),
        Some(Action::Replace(text)) => response.body = text.into_bytes(),
        _ => {}
    }
    Ok(respond(response))
}

fn bearer(request: &Request<Incoming>) -> Option<String> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    Some(header.strip_prefix("Bearer ")?.to_owned())
}

fn is_handshake(request: &Request<Incoming>) -> bool {
    request.uri().path() == "/v1/socket"
        && request
            .headers()
            .get(UPGRADE)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

async fn handshake(
    request: &mut Request<Incoming>,
    core: Arc<Core>,
    token: Option<String>,
    user: Option<&str>,
) -> Result<Answer, CutByFault> {
    match core.strike(&Where::Handshake, user) {
        Some(Action::Delay(wait)) => tokio::time::sleep(wait).await,
        Some(Action::Html(status)) => return Ok(html(status)),
        Some(_) => return Err(CutByFault),
        None => {}
    }
    let Some(key) = request.headers().get(SEC_WEBSOCKET_KEY) else {
        let problem = Problem::new(Code::RequestMalformed, "A handshake without its key");
        return Ok(respond(HttpResponse::problem(&problem)));
    };
    let accept = derive_accept_key(key.as_bytes());
    // PROTOCOL.md §7.1: `?token=` for clients that cannot set headers.
    let token = token.or_else(|| {
        let query = request.uri().query()?;
        let value = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("token="))?;
        Some(value.to_owned())
    });
    let upgrade = hyper::upgrade::on(request);
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            socket::serve(upgraded, core, token).await;
        }
    });
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::from_str(&accept) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    Ok(response)
}

pub(crate) fn respond(response: HttpResponse) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(response.body)));
    *answer.status_mut() =
        StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static(response.content_type),
    );
    for (name, value) in response.headers {
        // What the backend says in headers is numbers, ids and dates.
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    answer
}

/// What a proxy or a captive portal says.
fn html(status: u16) -> Answer {
    let page = format!("<html><body><h1>{status}</h1><p>Sign in to the network</p></body></html>");
    respond(HttpResponse {
        status,
        content_type: "text/html",
        headers: Vec::new(),
        body: page.into_bytes(),
    })
}

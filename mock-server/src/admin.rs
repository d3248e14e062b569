//! The admin API: what a test in any language does to a running server. On a port of its own, and
//! never beyond this machine.
//!
//! It must not know more than what a test in Rust can do ([`crate::MockServer`]): it is the same, as
//! JSON. A world is a server with its own users, faults and clock; there is one, `main`.

use std::sync::Arc;
use std::time::Duration;

use fulmar_backend::{BackendError, HttpResponse};
use fulmar_protocol::{Code, Problem};
use http_body_util::{BodyExt as _, Limited};
use hyper::Request;
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::admin_journal;
use crate::core::Core;
use crate::fault::{Action, Fault, FrameKind, Where};
use crate::http::{Answer, CutByFault, respond};

/// Larger than any rule.
const LARGEST_BODY: usize = 1024 * 1024;

/// A rule as it travels.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rule {
    at: Place,
    user: Option<String>,
    #[serde(default)]
    after: u32,
    /// Absent: once. Zero: until the faults are cleared.
    times: Option<u32>,
    then: Happening,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Place {
    Http(String),
    Handshake,
    Incoming(FrameKind),
    Outgoing(FrameKind),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Happening {
    DelayMs(u64),
    Drop,
    SwallowAnswer,
    Repeat,
    Cut,
    CutInTheMiddle,
    Html(u16),
    Problem(Problem),
    Replace(String),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewUser {
    user_id: String,
    password: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Advance {
    by_ms: u64,
}

impl From<Rule> for Fault {
    fn from(rule: Rule) -> Self {
        let place = match rule.at {
            Place::Http(path) => Where::Http(path),
            Place::Handshake => Where::Handshake,
            Place::Incoming(kind) => Where::Incoming(kind),
            Place::Outgoing(kind) => Where::Outgoing(kind),
        };
        let action = match rule.then {
            Happening::DelayMs(millis) => Action::Delay(Duration::from_millis(millis)),
            Happening::Drop => Action::Drop,
            Happening::SwallowAnswer => Action::SwallowAnswer,
            Happening::Repeat => Action::Repeat,
            Happening::Cut => Action::Cut,
            Happening::CutInTheMiddle => Action::CutInTheMiddle,
            Happening::Html(status) => Action::Html(status),
            Happening::Problem(problem) => Action::Problem(problem),
            Happening::Replace(text) => Action::Replace(text),
        };
        let mut fault = Fault::at(place).after(rule.after).then(action);
        if let Some(user) = &rule.user {
            fault = fault.of_user(user);
        }
        match rule.times {
            None => fault,
            Some(0) => fault.always(),
            Some(times) => fault.times(times),
        }
    }
}

/// What may be waited for, so that it has a way of its own.
const JOURNAL: &str = "/admin/worlds/main/journal";

pub(crate) async fn handle(
    request: Request<Incoming>,
    core: Arc<Core>,
) -> Result<Answer, CutByFault> {
    let (head, body) = request.into_parts();
    if (head.method.as_str(), head.uri.path()) == ("GET", JOURNAL) {
        let query = head.uri.query().unwrap_or_default();
        let answer = admin_journal::answer(&core.journal, query).await;
        return Ok(respond_to(answer));
    }
    let answer = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => route(
            &core,
            head.method.as_str(),
            head.uri.path(),
            &body.to_bytes(),
        ),
        Err(_) => Err(Problem::new(Code::RequestTooLarge, "The body is too large")),
    };
    Ok(respond_to(answer))
}

fn respond_to(answer: Result<Value, Problem>) -> Answer {
    respond(match answer {
        Ok(body) => HttpResponse::json(body.to_string()),
        Err(problem) => HttpResponse::problem(&problem),
    })
}

fn route(core: &Core, method: &str, path: &str, body: &[u8]) -> Result<Value, Problem> {
    let unknown = || Problem::new(Code::RouteUnknown, "There is no such route");
    let path = path
        .strip_prefix("/admin/worlds/main/")
        .ok_or_else(unknown)?;
    let words: Vec<&str> = path.split('/').collect();
    match (method, words.as_slice()) {
        ("POST", ["faults"]) => core.faults.add(read::<Rule>(body)?.into()),
        ("DELETE", ["faults"]) => core.faults.clear(),
        ("GET", ["faults"]) => {
            let faults = &core.faults;
            return Ok(json!({"pending": faults.pending(), "struck": faults.struck()}));
        }
        ("GET", ["pushes"]) => return Ok(json!({ "pushes": core.pushes() })),
        ("GET", ["audit"]) => return Ok(json!({ "entries": core.audit() })),
        ("POST", ["users"]) => {
            let user: NewUser = read(body)?;
            core.add_user(&user.user_id, &user.password).map_err(told)?;
        }
        ("POST", ["users", user, what]) => {
            let user = percent_decode_str(user).decode_utf8_lossy();
            match *what {
                "disconnect" => core.cut_off(&user),
                "reconnect" => core.let_in(&user),
                "cut" => core.cut_user(&user),
                "cut-log" => core.cut_log(&user).map_err(told)?,
                "revoke-sessions" => core.revoke_sessions(&user).map_err(told)?,
                _ => return Err(unknown()),
            }
        }
        ("POST", ["clock", "advance"]) => {
            let advance: Advance = read(body)?;
            core.advance(Duration::from_millis(advance.by_ms));
        }
        _ => return Err(unknown()),
    }
    Ok(json!({}))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        Problem::new(Code::RequestMalformed, "The body cannot be read")
            .with_detail(error.to_string())
    })
}

fn told(error: BackendError) -> Problem {
    match error {
        BackendError::Refused(problem) => problem,
        other => Problem::new(Code::ServerError, "The server could not do it")
            .with_detail(other.to_string()),
    }
}

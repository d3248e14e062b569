//! The admin API: what a test in any language does to a running server. On a port of its own, and on this machine
//! alone unless it has a token.
//!
//! It must not know more than what a test in Rust can do ([`crate::World`]): it is the same, as JSON.

mod guard;
mod journal;
mod openapi;

use std::sync::Arc;
use std::time::Duration;

use fulmar_backend::{BackendError, HttpResponse};
use fulmar_protocol::{Code, Problem};
use hyper::Request;
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::body::{Answer, CutByFault, respond};
use crate::fault::{Fault, Network, Restart};
use crate::request_body;
use crate::robot::{Act, Robot};
use crate::scenario::{Change, NewUser, Scenario};
use crate::world::World;
use crate::worlds::Worlds;

pub(crate) use guard::Guard;

/// Larger than any scenario.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Advance {
    /// How far, in milliseconds; at most a hundred years.
    #[serde(deserialize_with = "crate::bounds::step")]
    #[schemars(range(max = crate::bounds::LONGEST_STEP_MS))]
    by_ms: u64,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SetNetwork {
    network: Network,
    /// The user whose network it is; everybody's without one.
    user: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DoRestart {
    how: Restart,
}

/// A request of the admin API, on its way to its handler.
struct Asked<'a> {
    method: &'a str,
    words: Vec<String>,
    query: &'a str,
    body: &'a [u8],
}

pub(crate) async fn handle(
    request: Request<Incoming>,
    worlds: Arc<Worlds>,
    guard: Guard,
) -> Result<Answer, CutByFault> {
    Ok(respond(match answer(request, &worlds, &guard).await {
        Ok(body) => HttpResponse::json(body.to_string()),
        Err(problem) => HttpResponse::problem(&problem),
    }))
}

async fn answer(
    request: Request<Incoming>,
    worlds: &Arc<Worlds>,
    guard: &Guard,
) -> Result<Value, Problem> {
    let (head, body) = request.into_parts();
    guard.check(&head)?;
    let body = request_body::read(body, LARGEST_BODY).await?;
    guard::check_body(&head.headers, &body)?;
    let path = head.uri.path().trim_matches('/');
    let words = path.split('/').map(|word| {
        let decoded = percent_decode_str(word).decode_utf8_lossy();
        decoded.into_owned()
    });
    let asked = Asked {
        method: head.method.as_str(),
        words: words.collect(),
        query: head.uri.query().unwrap_or_default(),
        body: &body,
    };
    let words: Vec<&str> = asked.words.iter().map(String::as_str).collect();
    match (asked.method, words.as_slice()) {
        ("GET", ["admin", "openapi.json"]) => Ok(openapi::document()),
        ("GET", ["admin", "scenarios"]) => {
            let names = Scenario::SHIPPED.iter().map(|(name, _)| name);
            Ok(json!({"scenarios": names.collect::<Vec<_>>()}))
        }
        ("GET", ["admin", "worlds"]) => {
            let all = worlds.all();
            Ok(json!({"worlds": all.iter().map(told).collect::<Vec<_>>()}))
        }
        ("POST", ["admin", "worlds"]) => {
            let scenario = wanted_scenario(&asked)?;
            worlds
                .begin(&scenario)
                .map(|world| told(&world))
                .map_err(why)
        }
        ("DELETE", ["admin", "worlds", id]) => match worlds.end(id) {
            true => Ok(json!({})),
            false => Err(no_such_world()),
        },
        (_, ["admin", "worlds", id, rest @ ..]) => {
            let world = worlds.find(id).ok_or_else(no_such_world)?;
            in_world(&world, &asked, rest).await
        }
        _ => Err(unknown_route()),
    }
}

fn told(world: &World) -> Value {
    json!({"world": world.id, "url": world.url, "stepped": world.core.clock.is_stepped()})
}

/// One that comes with the server, by its name in the query, or what the body says.
fn wanted_scenario(asked: &Asked<'_>) -> Result<Scenario, Problem> {
    match asked.query.strip_prefix("scenario=") {
        Some(name) => Scenario::shipped(name).ok_or_else(|| {
            let known: Vec<&str> = Scenario::SHIPPED.iter().map(|(name, _)| *name).collect();
            Problem::new(Code::ParamsInvalid, "There is no such scenario")
                .with_detail(format!("there are {}", known.join(", ")))
        }),
        None if !asked.query.is_empty() => Err(Problem::new(
            Code::ParamsInvalid,
            "The only parameter is scenario",
        )),
        None if asked.body.is_empty() => Ok(Scenario::default()),
        None => read(asked.body),
    }
}

async fn in_world(world: &World, asked: &Asked<'_>, words: &[&str]) -> Result<Value, Problem> {
    let core = &world.core;
    let body = asked.body;
    match (asked.method, words) {
        ("GET", ["journal"]) => return journal::answer(&core.journal, asked.query).await,
        ("GET", ["faults"]) => {
            let faults = &core.faults;
            return Ok(json!({"pending": faults.pending(), "applied": faults.applied()}));
        }
        ("POST", ["faults"]) => core.faults.add(read::<Fault>(body)?),
        ("DELETE", ["faults"]) => core.faults.clear(),
        ("POST", ["network"]) => {
            let set: SetNetwork = read(body)?;
            core.set_network(set.user.as_deref(), set.network);
        }
        ("POST", ["robots"]) => world.add_robot(read::<Robot>(body)?).map_err(why)?,
        ("POST", ["act"]) => {
            let outcomes = world.act(read::<Act>(body)?).await.map_err(why)?;
            return Ok(json!({"outcomes": outcomes}));
        }
        ("POST", ["changes"]) => read::<Change>(body)?.happen(core).await.map_err(why)?,
        ("POST", ["checkpoint"]) => world.checkpoint().map_err(why)?,
        ("POST", ["restart"]) => {
            let restart: DoRestart = read(body)?;
            world.restart(restart.how).map_err(why)?;
        }
        ("GET", ["pushes"]) => return Ok(json!({ "pushes": world.pushes() })),
        ("GET", ["audit"]) => return Ok(json!({ "entries": world.audit() })),
        ("GET", ["clock"]) => {}
        ("POST", ["clock", "advance"]) => {
            let advance: Advance = read(body)?;
            core.advance(Duration::from_millis(advance.by_ms));
        }
        ("POST", ["clock", "stop"]) => core.clock.stop(),
        ("POST", ["clock", "start"]) => core.clock.start(),
        ("POST", ["users"]) => {
            let user: NewUser = read(body)?;
            user.begin(core).map_err(why)?;
        }
        ("GET", ["users", user, "conversations"]) => {
            let conversations = world.conversations_of(user).map_err(why)?;
            return Ok(json!({ "conversations": conversations }));
        }
        ("POST", ["users", user, what]) => match *what {
            "disconnect" => core.cut_off(user),
            "reconnect" => core.let_in(user),
            "cut" => core.cut_user(user),
            "cut-log" => world.cut_log(user).map_err(why)?,
            "reset-log" => world.reset_log(user).map_err(why)?,
            "revoke-sessions" => world.revoke_sessions(user).map_err(why)?,
            _ => return Err(unknown_route()),
        },
        _ => return Err(unknown_route()),
    }
    match words {
        ["clock", ..] => Ok(json!({"now": core.clock.now(), "stepped": core.clock.is_stepped()})),
        _ => Ok(json!({})),
    }
}

fn unknown_route() -> Problem {
    Problem::new(Code::RouteUnknown, "There is no such route")
}

fn no_such_world() -> Problem {
    Problem::new(Code::RouteUnknown, "There is no such world")
}

/// A body is an object, though what serde derives reads a list of its fields as well.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    if body.trim_ascii_start().starts_with(b"[") {
        let title = "The body is a list, not an object";
        return Err(Problem::new(Code::RequestMalformed, title));
    }
    serde_json::from_slice(body).map_err(|error| {
        Problem::new(Code::RequestMalformed, "The body cannot be read")
            .with_detail(error.to_string())
    })
}

fn why(error: BackendError) -> Problem {
    match error {
        BackendError::Refused(problem) => problem,
        other => Problem::new(Code::ServerError, "The server could not do it")
            .with_detail(other.to_string()),
    }
}

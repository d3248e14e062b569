//! The OpenAPI document of the admin API, made from the types that it reads and the table of its routes.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::{Advance, DoRestart, SetNetwork};
use crate::fault::Fault;
use crate::robot::{Act, Robot};
use crate::scenario::{Change, NewUser, Scenario};

/// What a body has the shape of.
type Shape = fn(&mut SchemaGenerator) -> Schema;

struct Route {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    body: Option<Shape>,
    query: &'static [(&'static str, &'static str)],
}

const fn route(method: &'static str, path: &'static str, summary: &'static str) -> Route {
    Route {
        method,
        path,
        summary,
        body: None,
        query: &[],
    }
}

impl Route {
    const fn reads(mut self, body: Shape) -> Self {
        self.body = Some(body);
        self
    }

    const fn asks(mut self, query: &'static [(&'static str, &'static str)]) -> Self {
        self.query = query;
        self
    }
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

const JOURNAL: &[(&str, &str)] = &[
    ("after", "integer"),
    ("waitMs", "integer"),
    ("user", "string"),
    ("passed", "string"),
    ("type", "string"),
    ("path", "string"),
    ("applied", "string"),
];

/// Every route. A test asks each of them.
const ROUTES: &[Route] = &[
    route("GET", "/admin/openapi.json", "This document"),
    route(
        "GET",
        "/admin/scenarios",
        "The scenarios that come with the server",
    ),
    route("GET", "/admin/worlds", "Every world, and its base URL"),
    route(
        "POST",
        "/admin/worlds",
        "Begins a world: one of the scenarios by name, or as the body says, or empty",
    )
    .reads(of::<Scenario>)
    .asks(&[("scenario", "string")]),
    route(
        "DELETE",
        "/admin/worlds/{world}",
        "Ends a world; `main` stays",
    ),
    route(
        "GET",
        "/admin/worlds/{world}/journal",
        "What passed, also what is still to pass",
    )
    .asks(JOURNAL),
    route(
        "GET",
        "/admin/worlds/{world}/faults",
        "How many rules there are, and how often any acted",
    ),
    route("POST", "/admin/worlds/{world}/faults", "One rule more").reads(of::<Fault>),
    route(
        "DELETE",
        "/admin/worlds/{world}/faults",
        "Takes all rules away",
    ),
    route(
        "POST",
        "/admin/worlds/{world}/network",
        "What the network is like",
    )
    .reads(of::<SetNetwork>),
    route("POST", "/admin/worlds/{world}/robots", "Sets a robot going").reads(of::<Robot>),
    route(
        "POST",
        "/admin/worlds/{world}/act",
        "Does something as a participant",
    )
    .reads(of::<Act>),
    route(
        "POST",
        "/admin/worlds/{world}/changes",
        "Anything that a scenario can do later, now",
    )
    .reads(of::<Change>),
    route(
        "POST",
        "/admin/worlds/{world}/checkpoint",
        "Remembers everything as it is now",
    ),
    route(
        "POST",
        "/admin/worlds/{world}/restart",
        "Every connection breaks",
    )
    .reads(of::<DoRestart>),
    route(
        "GET",
        "/admin/worlds/{world}/pushes",
        "The push notifications so far",
    ),
    route("GET", "/admin/worlds/{world}/audit", "Who did what so far"),
    route("GET", "/admin/worlds/{world}/clock", "What time it is"),
    route(
        "POST",
        "/admin/worlds/{world}/clock/advance",
        "Moves the clock forward",
    )
    .reads(of::<Advance>),
    route(
        "POST",
        "/admin/worlds/{world}/clock/stop",
        "Time stands still until it is advanced",
    ),
    route(
        "POST",
        "/admin/worlds/{world}/clock/start",
        "Time passes by itself",
    ),
    route("POST", "/admin/worlds/{world}/users", "One user more").reads(of::<NewUser>),
    route(
        "GET",
        "/admin/worlds/{world}/users/{user}/conversations",
        "What a user takes part in",
    ),
    route(
        "POST",
        "/admin/worlds/{world}/users/{user}/disconnect",
        "Cuts a user off",
    ),
    route(
        "POST",
        "/admin/worlds/{world}/users/{user}/reconnect",
        "Lets a user back in",
    ),
    route(
        "POST",
        "/admin/worlds/{world}/users/{user}/cut",
        "Breaks a user's connections once",
    ),
    route(
        "POST",
        "/admin/worlds/{world}/users/{user}/cut-log",
        "Forgets the events of a user's log",
    ),
    route(
        "POST",
        "/admin/worlds/{world}/users/{user}/reset-log",
        "Gives a user's log another name",
    ),
    route(
        "POST",
        "/admin/worlds/{world}/users/{user}/revoke-sessions",
        "Ends every session of a user",
    ),
];

/// The document, as OpenAPI 3.1.
pub(super) fn document() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let operation = operation(route, &mut generator);
        let path = paths
            .entry(route.path)
            .or_insert_with(|| Value::Object(Map::new()));
        path[route.method.to_ascii_lowercase()] = operation;
    }
    let problem = of::<fulmar_protocol::Problem>(&mut generator);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "The admin API of the Fulmar mock server",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "responses": {
                "problem": {
                    "description": "It was refused; why is in the problem document.",
                    "content": {"application/problem+json": {"schema": problem}},
                },
            },
        },
    })
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let in_path = route.path.split('/').filter_map(|part| {
        part.strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'))
    });
    let mut parameters: Vec<Value> = in_path
        .map(|name| {
            json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})
        })
        .collect();
    for (name, kind) in route.query {
        let schema = match *kind {
            "integer" => json!({"type": kind, "minimum": 0}),
            _ => json!({"type": kind}),
        };
        parameters.push(json!({"name": name, "in": "query", "schema": schema}));
    }
    let mut operation = json!({
        "operationId": format!("{} {}", route.method, route.path),
        "summary": route.summary,
        "parameters": parameters,
        "responses": {
            "200": {
                "description": "It went well.",
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            "4XX": {"$ref": "#/components/responses/problem"},
        },
    });
    if let Some(body) = route.body {
        operation["requestBody"] = json!({
            "required": route.path != "/admin/worlds",
            "content": {"application/json": {"schema": body(generator)}},
        });
    }
    operation
}

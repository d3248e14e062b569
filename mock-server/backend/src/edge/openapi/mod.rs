//! The OpenAPI document of the REST surface, made from the wire types and the table of routes.

mod files;
mod request;
mod routes;
mod writes;

use fulmar_protocol::{Capability, Method};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::capabilities::of_param;

use request::{Body, described, needs_token};
use routes::{Parameter, ROUTES, Route, Token};

/// The document, as OpenAPI 3.1, of a backend that can do this.
pub(super) fn document(can: impl Fn(Capability) -> bool) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    let there = |needed: Option<Capability>| needed.is_none_or(&can);
    for route in ROUTES.iter().filter(|route| there(route.capability())) {
        let operation = operation(route, &mut generator);
        let path = paths
            .entry(route.path)
            .or_insert_with(|| Value::Object(Map::new()));
        path[route.method.to_ascii_lowercase()] = operation;
    }
    let writes = Method::REQUESTS.iter().filter(|_| can(Capability::Rest));
    for request in writes.filter(|request| there(request.capability)) {
        let path = paths
            .entry(request.path)
            .or_insert_with(|| Value::Object(Map::new()));
        path[request.verb.to_ascii_lowercase()] = writes::operation(request, &mut generator);
    }
    if can(Capability::Files) {
        paths.extend(files::paths());
    }
    let missing = |name: &str| of_param(name).is_some_and(|needed| !can(needed));
    for operation in paths
        .values_mut()
        .filter_map(Value::as_object_mut)
        .flatten()
    {
        leave_out(operation.1, missing);
    }
    let problem = generator.subschema_for::<fulmar_protocol::Problem>();
    let mut schemas = generator.take_definitions(true);
    for (_, schema) in schemas.iter_mut().filter(|(name, _)| *name == PROFILE) {
        properties_without(schema, missing);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "The Fulmar protocol over HTTP",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What the requests mean is in PROTOCOL.md, whose sections are named here.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "query": {"type": "apiKey", "in": "query", "name": "token"},
            },
            "responses": {
                "problem": {
                    "description": "It was refused; why is in the problem document (§8).",
                    "content": {"application/problem+json": {"schema": problem}},
                },
            },
        },
    })
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let body = route.body.map(|body| Body {
        schema: body(generator),
        required: route.body_is_needed(),
    });
    let mut operation = described(
        (route.method, route.path),
        route.summary,
        body,
        (route.answer)(generator),
    );
    for Parameter { name, kind } in route.query {
        let parameter = json!({"name": name, "in": "query", "schema": kind.schema()});
        if let Some(parameters) = operation["parameters"].as_array_mut() {
            parameters.push(parameter);
        }
    }
    if route.token == Token::Needed {
        needs_token(&mut operation);
    }
    operation
}

/// The body that is described once for all who ask for it, and has params that need a capability.
const PROFILE: &str = "MeUpdate";

/// Params that a backend refuses are not described.
fn leave_out(operation: &mut Value, missing: impl Fn(&str) -> bool) {
    if let Some(Value::Array(parameters)) = operation.get_mut("parameters") {
        parameters.retain(|one| !one["name"].as_str().is_some_and(&missing));
    }
    if let Some(schema) = operation.pointer_mut("/requestBody/content/application~1json/schema") {
        properties_without(schema, missing);
    }
}

fn properties_without(schema: &mut Value, missing: impl Fn(&str) -> bool) {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.retain(|name, _| !missing(name));
    }
}

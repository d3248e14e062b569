//! The OpenAPI document of the REST surface, made from the wire types and the table of routes.

mod files;
mod routes;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use routes::{Parameter, ROUTES, Route, Token};

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
    paths.extend(files::paths());
    let problem = generator.subschema_for::<fulmar_protocol::Problem>();
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
            "schemas": generator.take_definitions(true),
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
    let in_path = route.path.split('/').filter_map(|part| {
        part.strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'))
    });
    let mut parameters: Vec<Value> = in_path
        .map(|name| {
            json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})
        })
        .collect();
    for Parameter { name, kind } in route.query {
        parameters.push(json!({"name": name, "in": "query", "schema": kind.schema()}));
    }
    let mut operation = json!({
        "operationId": format!("{} {}", route.method, route.path),
        "summary": route.summary,
        "parameters": parameters,
        "responses": {
            "200": {
                "description": "It went well.",
                "content": {"application/json": {"schema": (route.answer)(generator)}},
            },
            "4XX": {"$ref": "#/components/responses/problem"},
        },
    });
    if let Some(body) = route.body {
        operation["requestBody"] = json!({
            "required": route.body_is_needed(),
            "content": {"application/json": {"schema": body(generator)}},
        });
    }
    if route.token == Token::Needed {
        operation["security"] = json!([{"bearer": []}, {"query": []}]);
    }
    operation
}

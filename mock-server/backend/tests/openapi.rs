//! The OpenAPI document speaks of routes that exist, and of types that are in it.
#![allow(clippy::unwrap_used, clippy::panic)]

use fulmar_backend::{Backend, Config, HttpRequest};
use fulmar_protocol::{Capability, Timestamp};
use serde_json::Value;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn ask(
    backend: &mut Backend,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: &str,
) -> (u16, Value) {
    let request = HttpRequest {
        method,
        path,
        bearer: token,
        body: body.as_bytes(),
        ..HttpRequest::default()
    };
    let (response, _) = backend.http(&request, NOW);
    // Answers to `OPTIONS` have no body.
    let body = serde_json::from_slice(&response.body).unwrap_or_default();
    (response.status, body)
}

/// Every reference in a document.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref") {
                found.push(reference.clone());
            }
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn every_route_of_the_document_exists_and_every_reference_leads_somewhere() {
    let most = routes_of(Config::default());
    assert!(most > 40, "{most}");
    for capability in Capability::ALL {
        if capability != Capability::Openapi {
            let mut config = Config::default();
            config.capabilities.remove(&capability);
            routes_of(config);
        }
    }
    let config = Config {
        capabilities: [Capability::Openapi].into(),
        ..Config::default()
    };
    let fewest = routes_of(config);
    assert!(fewest < 20, "{fewest}");
}

/// How many routes the document has of a backend like that, each of which exists.
fn routes_of(config: Config) -> usize {
    let mut backend = Backend::in_memory(config, [1; 32]).unwrap();
    backend.seed_demo(NOW).unwrap();
    let (status, document) = ask(&mut backend, "GET", "/v1/openapi.json", None, "");
    assert_eq!((status, &document["openapi"]), (200, &"3.1.0".into()));
    let login = r#"{"userId": "alice", "password": "alice-password", "deviceId": "phone"}"#;
    let (_, session) = ask(&mut backend, "POST", "/v1/auth/login", None, login);
    let token = session["accessToken"].as_str().unwrap();

    let mut routes = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let path = path.replace(['{', '}'], "");
            let method = method.to_uppercase();
            let (status, answer) = ask(&mut backend, &method, &path, Some(token), "{}");
            assert!(status < 500, "{method} {path}: {answer}");
            assert_ne!(answer["code"], "route.unknown", "{method} {path}");
            assert_ne!(answer["code"], "method.unknown", "{method} {path}");
            routes += 1;
        }
    }

    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 20);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    routes
}

#[test]
fn a_param_is_described_where_it_is_taken() {
    // The field of the document that says it, and what it needs.
    let of_history = |name: &str| format!("\"name\":\"{name}\"");
    let of_body = |name: &str| format!("\"{name}\":");
    let messages = "/paths/~1v1~1conversations~1{conversationId}~1messages";
    for (capability, place, said) in [
        (Capability::Around, "get", of_history("around")),
        (Capability::Around, "get", of_history("aroundTime")),
        (Capability::Around, "get", of_history("aroundMessage")),
        (Capability::Threads, "get", of_history("thread")),
        (Capability::Threads, "post", of_body("threadRoot")),
        (Capability::Forwarding, "post", of_body("forwardOf")),
        (Capability::Files, "post", of_body("attachments")),
    ] {
        for there in [true, false] {
            let mut config = Config::default();
            if !there {
                config.capabilities.remove(&capability);
            }
            let mut backend = Backend::in_memory(config, [1; 32]).unwrap();
            let (_, document) = ask(&mut backend, "GET", "/v1/openapi.json", None, "");
            let part = document.pointer(&format!("{messages}/{place}")).unwrap();
            assert_eq!(part.to_string().contains(&said), there, "{said}: {part}");
        }
    }
    for there in [true, false] {
        let mut config = Config::default();
        if !there {
            config.capabilities.remove(&Capability::Presence);
        }
        let mut backend = Backend::in_memory(config, [1; 32]).unwrap();
        let (_, document) = ask(&mut backend, "GET", "/v1/openapi.json", None, "");
        let profile = &document["components"]["schemas"]["MeUpdate"]["properties"];
        assert!(profile["name"].is_object());
        assert_eq!(profile["presence"].is_object(), there, "{profile}");
    }
}

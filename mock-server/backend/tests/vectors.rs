//! What a client sends, as the protocol's vectors have it, handed to a whole backend.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

use fulmar_backend::{Backend, Config, HttpRequest, Outgoing};
use fulmar_protocol::{CloseCode, Code, ServerFrame, Timestamp};

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn vectors(folder: &str, prefix: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../protocol/vectors");
    let mut found: Vec<_> = fs::read_dir(root.join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .filter(|(name, _)| name.starts_with(prefix))
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

fn backend() -> Backend {
    let mut backend = Backend::in_memory(Config::default(), [1; 32]).unwrap();
    backend.seed_demo(NOW).unwrap();
    backend
}

/// Whether a socket that sends only this is told that it cannot be read.
fn cannot_be_read(text: &str) -> bool {
    let mut backend = backend();
    let socket = backend.connect(None, NOW);
    backend.frame(socket, text, NOW).iter().any(|outgoing| {
        matches!(outgoing, Outgoing::Frame { frame: ServerFrame::Problem(frame), .. }
            if frame.problem.code == Code::RequestMalformed)
    })
}

#[test]
fn frames_of_clients_are_read_or_refused_as_the_vectors_say() {
    for folder in ["accept", "future"] {
        for (name, text) in vectors(folder, "client.") {
            assert!(!cannot_be_read(&text), "{folder}/{name}");
        }
    }
    for (name, text) in vectors("reject", "client.") {
        assert!(cannot_be_read(&text), "reject/{name}");
    }
}

#[test]
fn an_unreadable_submit_is_answered_and_the_socket_stays() {
    let mut backend = backend();
    let login = br#"{"userId": "alice", "password": "alice-password", "deviceId": "d"}"#;
    let request = HttpRequest {
        method: "POST",
        path: "/v1/auth/login",
        body: login,
        ..HttpRequest::default()
    };
    let (session, _) = backend.http(&request, NOW);
    let session: serde_json::Value = serde_json::from_slice(&session.body).unwrap();
    let socket = backend.connect(session["accessToken"].as_str(), NOW);
    let ready = backend.frame(socket, r#"{"type": "hello", "version": 1}"#, NOW);
    assert!(!ready.is_empty());
    let text = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../protocol/vectors/reject/client.submit-key-is-no-uuid.json"),
    )
    .unwrap();
    let outgoing = backend.frame(socket, &text, NOW);
    assert!(
        matches!(outgoing.as_slice(), [Outgoing::Frame { .. }]),
        "{outgoing:?}"
    );
    let outgoing = backend.frame(socket, "nonsense", NOW);
    assert!(outgoing.iter().any(|outgoing| {
        matches!(
            outgoing,
            Outgoing::Close {
                code: CloseCode::Malformed,
                ..
            }
        )
    }));
}

#[test]
fn bodies_of_clients_are_read_or_refused_as_the_vectors_say() {
    let status = |path: &str, body: &str| {
        let request = HttpRequest {
            method: "POST",
            path,
            body: body.as_bytes(),
            ..HttpRequest::default()
        };
        backend().http(&request, NOW).0.status
    };
    for (name, text) in vectors("accept", "body.log") {
        let path = match name.as_str() {
            "body.login" => "/v1/auth/login",
            _ => "/v1/auth/logout",
        };
        assert_ne!(status(path, &text), 400, "{name}");
    }
    for (name, text) in vectors("reject", "body.login") {
        let status = status("/v1/auth/login", &text);
        assert!(matches!(status, 400 | 422), "{name}: {status}");
    }
}

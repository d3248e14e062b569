//! Files over HTTP (PROTOCOL.md §7.10): any tus client can upload, and only those who may have a file get it.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use fulmar_backend::{Backend, Config, HttpRequest, HttpResponse};
use fulmar_protocol::{Limits, Secret, Session, Timestamp, UserId};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp(1_790_000_000_000);
/// Of "hello world".
const SHA256: &str = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";
/// The same, as base64.
const METADATA: &str = "filename aGVsbG8udHh0,sha256 \
    Yjk0ZDI3Yjk5MzRkM2UwOGE1MmU1MmQ3ZGE3ZGFiZmFjNDg0ZWZlMzdhNTM4MGVlOTA4OGY3YWNlMmVmY2RlOQ==";
const TUS: (&str, &str) = ("tus-resumable", "1.0.0");
const OCTETS: (&str, &str) = ("content-type", "application/offset+octet-stream");

struct Stage {
    backend: Backend,
    alice: String,
    bob: String,
    carol: String,
    now: Timestamp,
}

impl Stage {
    fn new() -> Self {
        let limits = Limits {
            file_bytes: 1_000,
            chunk_bytes: 100,
            ..Limits::default()
        };
        let config = Config {
            limits,
            access_token_lifetime: Duration::from_secs(7 * 24 * 60 * 60),
            ..Config::default()
        };
        let mut backend = Backend::in_memory(config, [7; 32]).unwrap();
        let mut tokens = Vec::new();
        for name in ["alice", "bob", "carol"] {
            let user = UserId::new(name).unwrap();
            let password = Secret::from("long-enough");
            backend.add_user(&user, name, &password, NOW).unwrap();
            let body =
                json!({"userId": name, "password": "long-enough", "deviceId": "d"}).to_string();
            let login = HttpRequest {
                method: "POST",
                path: "/v1/auth/login",
                body: body.as_bytes(),
                ..HttpRequest::default()
            };
            let session: Session =
                serde_json::from_slice(&backend.http(&login, NOW).0.body).unwrap();
            tokens.push(session.access_token.expose().to_owned());
        }
        let [alice, bob, carol] = tokens.try_into().unwrap();
        Self {
            backend,
            alice,
            bob,
            carol,
            now: NOW,
        }
    }

    fn ask(
        &mut self,
        token: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> HttpResponse {
        let request = HttpRequest {
            method,
            path,
            bearer: Some(token),
            headers,
            body,
            ..HttpRequest::default()
        };
        self.backend.http(&request, self.now).0
    }

    /// Where a new upload is.
    fn begin(&mut self, length: &str) -> String {
        let alice = self.alice.clone();
        let headers = [
            TUS,
            ("upload-length", length),
            ("upload-metadata", METADATA),
        ];
        let begun = self.ask(&alice, "POST", "/v1/files", &headers, b"");
        assert_eq!(begun.status, 201);
        header(&begun, "location").unwrap().to_owned()
    }

    fn send(&mut self, file: &str, offset: &str, bytes: &[u8]) -> HttpResponse {
        let alice = self.alice.clone();
        let headers = [TUS, OCTETS, ("upload-offset", offset)];
        self.ask(&alice, "PATCH", file, &headers, bytes)
    }

    fn upload(&mut self) -> String {
        let file = self.begin("11");
        assert_eq!(self.send(&file, "0", b"hello world").status, 204);
        file
    }

    /// Alice sends the file to Bob.
    fn attach(&mut self, file: &str, change: Value) -> HttpResponse {
        let alice = self.alice.clone();
        let mut attachment = json!({
            "fileId": file.rsplit('/').next().unwrap(), "name": "hello.txt", "mimeType": "text/plain",
            "size": 11, "sha256": SHA256,
        });
        for (name, value) in change.as_object().unwrap() {
            attachment[name] = value.clone();
        }
        let body = json!({"text": "", "attachments": [attachment]}).to_string();
        self.ask(
            &alice,
            "POST",
            "/v1/users/bob/messages",
            &[],
            body.as_bytes(),
        )
    }
}

fn header<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
    let found = response.headers.iter().find(|(there, _)| *there == name);
    found.map(|(_, value)| value.as_str())
}

fn code(response: &HttpResponse) -> String {
    let problem: Value = serde_json::from_slice(&response.body).unwrap();
    problem["code"].as_str().unwrap().to_owned()
}

#[test]
fn an_upload_in_pieces_goes_on_where_it_was_and_ends_as_a_file() {
    let mut stage = Stage::new();
    let alice = stage.alice.clone();
    let about = stage.ask("", "OPTIONS", "/v1/files", &[], b"");
    assert_eq!(header(&about, "tus-version"), Some("1.0.0"));
    assert_eq!(header(&about, "tus-max-size"), Some("1000"));

    let file = stage.begin("11");
    assert_eq!(
        header(&stage.send(&file, "0", b"hello"), "upload-offset"),
        Some("5")
    );
    // It is no file yet.
    assert_eq!(
        code(&stage.ask(&alice, "GET", &file, &[], b"")),
        "file.notFound"
    );
    assert_eq!(code(&stage.attach(&file, json!({}))), "file.notFound");
    // The same bytes again, and bytes beyond the end, change nothing.
    assert_eq!(code(&stage.send(&file, "0", b"hello")), "upload.conflict");
    assert_eq!(
        code(&stage.send(&file, "5", b" world, and more")),
        "upload.conflict"
    );
    let found = stage.ask(&alice, "HEAD", &file, &[TUS], b"");
    assert_eq!(header(&found, "upload-offset"), Some("5"));
    assert_eq!(header(&found, "upload-length"), Some("11"));
    assert_eq!(
        header(&stage.send(&file, "5", b" world"), "upload-offset"),
        Some("11")
    );

    assert_eq!(
        stage.ask(&alice, "GET", &file, &[], b"").body,
        b"hello world"
    );
    for (range, status, part) in [
        ("bytes=0-4", 206, "hello"),
        ("bytes=6-", 206, "world"),
        ("bytes=4-6", 206, "o w"),
        ("bytes=-5", 206, "world"),
        ("bytes=6-900", 206, "world"),
        ("lines=1-2", 200, "hello world"),
        ("bytes=5-4", 200, "hello world"),
    ] {
        let answer = stage.ask(&alice, "GET", &file, &[("range", range)], b"");
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (status, part.as_bytes()),
            "{range}"
        );
    }
    let beyond = stage.ask(&alice, "GET", &file, &[("range", "bytes=11-")], b"");
    assert_eq!(
        (beyond.status, header(&beyond, "content-range")),
        (416, Some("bytes */11"))
    );
}

#[test]
fn what_is_not_what_was_announced_is_no_file() {
    let mut stage = Stage::new();
    let alice = stage.alice.clone();
    let file = stage.begin("11");
    assert_eq!(
        code(&stage.send(&file, "0", b"hello wurld")),
        "file.damaged"
    );
    assert_eq!(stage.ask(&alice, "HEAD", &file, &[TUS], b"").status, 404);

    let file = stage.upload();
    for change in [
        json!({"size": 12}),
        json!({"sha256": "0".repeat(64)}),
        json!({"name": "../passwd"}),
        json!({"mimeType": "text"}),
        json!({"blurhash": "x".repeat(129)}),
    ] {
        assert_eq!(code(&stage.attach(&file, change)), "params.invalid");
    }
    assert_eq!(stage.attach(&file, json!({})).status, 200);
}

#[test]
fn a_file_is_for_those_who_are_shown_it_as_long_as_they_are() {
    let mut stage = Stage::new();
    let (alice, bob, carol) = (stage.alice.clone(), stage.bob.clone(), stage.carol.clone());
    let file = stage.upload();
    assert_eq!(
        code(&stage.ask(&bob, "GET", &file, &[], b"")),
        "file.notFound"
    );
    let message: Value = serde_json::from_slice(&stage.attach(&file, json!({})).body).unwrap();
    assert_eq!(stage.ask(&bob, "GET", &file, &[], b"").body, b"hello world");
    // Nobody but those two, and nobody else's upload.
    assert_eq!(
        code(&stage.ask(&carol, "GET", &file, &[], b"")),
        "file.notFound"
    );
    assert_eq!(stage.ask(&bob, "HEAD", &file, &[TUS], b"").status, 404);
    assert_eq!(stage.ask(&bob, "DELETE", &file, &[TUS], b"").status, 404);
    let stolen = json!({"text": "", "attachments": message["attachments"]}).to_string();
    let taken = stage.ask(
        &bob,
        "POST",
        "/v1/users/carol/messages",
        &[],
        stolen.as_bytes(),
    );
    assert_eq!(code(&taken), "file.notFound");

    // Forwarded by Bob, it goes on when Alice deletes hers.
    let body = json!({"text": "", "forwardOf": message["operationKey"]}).to_string();
    let forwarded = stage.ask(
        &bob,
        "POST",
        "/v1/users/carol/messages",
        &[],
        body.as_bytes(),
    );
    assert_eq!(forwarded.status, 200);
    let it = |message: &Value| format!("/v1/messages/{}", message["messageId"].as_str().unwrap());
    assert_eq!(
        stage.ask(&alice, "DELETE", &it(&message), &[], b"").status,
        200
    );
    assert_eq!(
        stage.ask(&carol, "GET", &file, &[], b"").body,
        b"hello world"
    );
    let forwarded: Value = serde_json::from_slice(&forwarded.body).unwrap();
    assert_eq!(
        stage.ask(&bob, "DELETE", &it(&forwarded), &[], b"").status,
        200
    );
    assert_eq!(
        code(&stage.ask(&carol, "GET", &file, &[], b"")),
        "file.notFound"
    );
    assert_eq!(
        code(&stage.ask(&alice, "GET", &file, &[], b"")),
        "file.notFound"
    );
}

#[test]
fn what_no_message_carries_goes_after_a_day() {
    let mut stage = Stage::new();
    let alice = stage.alice.clone();
    let (kept, loose) = (stage.upload(), stage.upload());
    stage.attach(&kept, json!({}));
    let given_up = stage.begin("11");
    assert_eq!(
        stage.ask(&alice, "DELETE", &given_up, &[TUS], b"").status,
        204
    );
    assert_eq!(
        stage.ask(&alice, "HEAD", &given_up, &[TUS], b"").status,
        404
    );
    assert_eq!(
        code(&stage.ask(&alice, "DELETE", &kept, &[TUS], b"")),
        "params.invalid"
    );
    stage.now = NOW.plus(Duration::from_secs(25 * 60 * 60));
    assert_eq!(stage.backend.tick(stage.now), []);
    assert_eq!(stage.ask(&alice, "GET", &kept, &[], b"").status, 200);
    assert_eq!(stage.ask(&alice, "GET", &loose, &[], b"").status, 404);
}

#[test]
fn hostile_uploads_are_refused_in_words() {
    let mut stage = Stage::new();
    let alice = stage.alice.clone();
    let file = stage.begin("900");
    let too_much = stage.send(&file, "0", &[0; 101]);
    assert_eq!(code(&too_much), "request.tooLarge");
    for (headers, status) in [
        (vec![TUS, ("upload-length", "1001")], 413),
        (vec![TUS, ("upload-length", "-1")], 400),
        (vec![TUS, ("upload-length", "99999999999999999999")], 400),
        (vec![TUS], 400),
        (
            vec![
                TUS,
                ("upload-length", "1"),
                ("upload-metadata", "sha256 !!"),
            ],
            400,
        ),
        (vec![("upload-length", "1")], 412),
        (
            vec![("tus-resumable", "0.2.2"), ("upload-length", "1")],
            412,
        ),
    ] {
        assert_eq!(
            stage.ask(&alice, "POST", "/v1/files", &headers, b"").status,
            status,
            "{headers:?}"
        );
    }
    let no_octets = [TUS, ("upload-offset", "0")];
    assert_eq!(
        stage.ask(&alice, "PATCH", &file, &no_octets, b"x").status,
        400
    );
    assert_eq!(stage.ask("", "GET", &file, &[], b"").status, 401);
    assert_eq!(stage.ask(&alice, "PUT", &file, &[TUS], b"").status, 404);
}

//! The program, as a script uses it: it says where it listens in lines and in a file, and ends with a code that
//! says how it went.
#![allow(clippy::unwrap_used, clippy::panic)]

#[cfg(target_os = "linux")]
mod scarcity;

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

fn program(words: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_fulmar-mock-server"))
        .args(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for a file that is written in one go; only a failing test waits long.
fn written(path: &Path) -> String {
    let give_up = Instant::now() + Duration::from_secs(60);
    while !path.exists() {
        assert!(
            Instant::now() < give_up,
            "{} was never written",
            path.display()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    std::fs::read_to_string(path).unwrap()
}

#[cfg(unix)]
fn terminate(child: &mut Child) -> i32 {
    let id = child.id().to_string();
    let told = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(told.success());
    child.wait().unwrap().code().unwrap()
}

#[test]
#[cfg(unix)]
fn it_says_where_it_listens_and_stops_when_it_is_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let (ready, certificate) = (folder.path().join("ready"), folder.path().join("ca.pem"));
    let mut child = program(&[
        "--port",
        "0",
        "--ready-file",
        ready.to_str().unwrap(),
        "--tls",
        certificate.to_str().unwrap(),
    ]);
    let told: Value = serde_json::from_str(&written(&ready)).unwrap();
    // The certificate is there before the word that everything is.
    let pem = std::fs::read_to_string(&certificate).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut line = || lines.next().unwrap().unwrap();
    assert_eq!(
        line(),
        format!("admin on {}", told["adminUrl"].as_str().unwrap())
    );
    assert_eq!(
        line(),
        format!("listening on {}", told["url"].as_str().unwrap())
    );
    assert!(
        told["url"]
            .as_str()
            .unwrap()
            .starts_with("https://127.0.0.1:")
    );
    assert_eq!(
        line(),
        "alice (alice-password) and bob (bob-password) can sign in"
    );
    assert_eq!(terminate(&mut child), 0);
    assert_eq!(line(), "stopping");
}

#[test]
fn it_does_not_outlive_the_program_that_started_it() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fulmar-mock-server"))
        .args(["--port", "0", "--no-admin", "--stop-with-input"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("listening on"));
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_address_of_the_last_run_is_gone_where_this_one_cannot_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready");
    std::fs::write(&ready, "of the last run").unwrap();
    let mut child = program(&["--port", &port, "--ready-file", ready.to_str().unwrap()]);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(!ready.exists());
}

#[test]
fn what_cannot_be_started_says_why_and_ends_with_a_code() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("no/such/folder/ready");
    let database = folder.path().join("database");
    let database = database.to_str().unwrap();
    let foreign = folder.path().join("foreign");
    let other = rusqlite::Connection::open(&foreign).unwrap();
    other.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(other);
    for (words, code, reason) in [
        (vec!["--port", port.as_str()], 1, "cannot listen on"),
        (
            vec!["--port", "0", "--webhook", "ftp://x"],
            1,
            "no address of a webhook",
        ),
        (
            vec!["--port", "0", "--ready-file", nowhere.to_str().unwrap()],
            1,
            "no/such/folder",
        ),
        (
            vec!["--database", database, "--ready-file", database],
            1,
            "two things",
        ),
        (
            vec!["--port", "0", "--database", foreign.to_str().unwrap()],
            1,
            "not one of this server",
        ),
        (vec!["--text-bytes", "600000"], 2, "--text-bytes"),
        (vec!["--token-lifetime", "0"], 2, "--token-lifetime"),
        (
            vec!["--messages-per-minute", "0"],
            2,
            "--messages-per-minute",
        ),
        (vec!["--file-bytes", "0"], 2, "--file-bytes"),
        (vec!["--no-demo", "--scenario", "train"], 2, "--no-demo"),
        (vec!["--user", "carol:a", "--user", "carol:b"], 1, "carol"),
        (vec!["--port", "many"], 2, "--port"),
        (vec!["--user", "nameless"], 2, "NAME:PASSWORD"),
    ] {
        let mut child = program(&words);
        let mut said = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        assert_eq!(
            child.wait().unwrap().code(),
            Some(code),
            "{words:?}: {said}"
        );
        assert!(said.contains(reason), "{words:?}: {said}");
    }
}

#[test]
#[cfg(unix)]
fn a_scenario_by_its_name_and_an_admin_api_for_others_with_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready");
    let mut child = program(&[
        "--port",
        "0",
        "--ready-file",
        ready.to_str().unwrap(),
        "--scenario",
        "support-desk",
        "--admin-host",
        "0.0.0.0",
    ]);
    written(&ready);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said: Vec<String> = lines.take(4).map(Result::unwrap).collect();
    assert!(said[1].starts_with("admin token "), "{said:?}");
    assert_eq!(
        said[3],
        "alice (alice-password), desk (desk-password) can sign in"
    );
    assert_eq!(terminate(&mut child), 0);
    let mut refused = program(&["--scenario", "no-such-scenario"]);
    assert_eq!(refused.wait().unwrap().code(), Some(2));
}

/// What a client sends over its socket, as bytes of a frame with a mask of zeros.
fn frame(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap();
    let mut bytes = vec![0x81, 0x80 | 126];
    bytes.extend(length.to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(text.as_bytes());
    bytes
}

#[test]
#[cfg(unix)]
fn its_finest_log_has_no_token_and_no_text_in_it() {
    use std::io::Write as _;

    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready");
    let mut child = Command::new(env!("CARGO_BIN_EXE_fulmar-mock-server"))
        .args(["--port", "0", "--ready-file", ready.to_str().unwrap()])
        .env("RUST_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let told: Value = serde_json::from_str(&written(&ready)).unwrap();
    let address = told["url"].as_str().unwrap().trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let (token, text) = ("a-very-secret-token", "a-very-private-text");
    let handshake = format!(
        "GET /v1/socket HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         authorization: Bearer {token}\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(handshake.as_bytes()).unwrap();
    let hello = format!(
        r#"{{"type": "hello", "version": 1, "accessToken": "{token}", "since": 0, "text": "{text}", "filler": "{}"}}"#,
        "x".repeat(200)
    );
    stream.write_all(&frame(&hello)).unwrap();
    // The server says no, and hangs up.
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!answer.is_empty());
    assert_eq!(terminate(&mut child), 0);
    let mut log = String::new();
    let mut stderr = child.stderr.take().unwrap();
    stderr.read_to_string(&mut log).unwrap();
    for secret in [token, text] {
        assert!(!log.contains(secret), "{log}");
    }
}

fn post(base: &str, path: &str, body: &str) -> std::net::TcpStream {
    let address = base.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    stream
}

/// Waits for the head of an answer.
fn answered(mut stream: std::net::TcpStream) -> std::net::TcpStream {
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    stream
}

/// Robots that never rest, a clock that jumped, requests that are half there, and one that is never answered.
#[test]
#[cfg(unix)]
fn whatever_it_is_busy_with_it_ends_within_five_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready");
    let mut child = program(&["--port", "0", "--ready-file", ready.to_str().unwrap()]);
    let told: Value = serde_json::from_str(&written(&ready)).unwrap();
    let (url, admin) = (
        told["url"].as_str().unwrap(),
        told["adminUrl"].as_str().unwrap(),
    );
    let mut open = Vec::new();
    for user in ["alice", "bob"] {
        let robot = format!(
            "{{\"user\": \"{user}\", \"on\": {{\"everyMs\": 1}}, \"do\": [{{\"say\": \"{{n}}\"}}]}}"
        );
        open.push(answered(post(admin, "/admin/worlds/main/robots", &robot)));
    }
    let world = "{\"demo\": true, \"stepped\": true}";
    open.push(answered(post(admin, "/admin/worlds", world)));
    let robot = "{\"user\": \"alice\", \"on\": {\"everyMs\": 1}, \"do\": [{\"say\": \"{n}\"}]}";
    open.push(answered(post(admin, "/admin/worlds/w1/robots", robot)));
    // It is not waited for: there is much to do on the way.
    let jump = "{\"byMs\": 100000000}";
    open.push(post(admin, "/admin/worlds/w1/clock/advance", jump));
    let silent = "{\"at\": {\"http\": \"/v1/auth/login\"}, \"then\": \"halfOpen\"}";
    open.push(post(admin, "/admin/worlds/main/faults", silent));
    let address = url.trim_start_matches("http://");
    for half in [
        "GET /hea",
        "POST /v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{\"userId\"",
        "GET /health HTTP/1.1\r\nhost: x\r\n\r\n",
    ] {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        std::io::Write::write_all(&mut stream, half.as_bytes()).unwrap();
        open.push(stream);
    }
    std::thread::sleep(Duration::from_millis(300));
    let asked = Instant::now();
    assert_eq!(terminate(&mut child), 0);
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
}

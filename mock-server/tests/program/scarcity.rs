//! Where file descriptors or memory are scarce.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::{program, terminate, written};

/// What a process has used of a processor so far, in hundredths of a second.
fn used(child: &Child) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    let (_, words) = stat.rsplit_once(')').unwrap();
    let ticks = words.split_whitespace().skip(11).take(2);
    ticks.map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}

#[test]
fn without_file_descriptors_it_rests_until_there_are_some() {
    use std::net::TcpStream;

    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready");
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -n 40; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_fulmar-mock-server"))
        .args(["--port", "0", "--ready-file", ready.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let told: Value = serde_json::from_str(&written(&ready)).unwrap();
    let address = told["url"].as_str().unwrap().trim_start_matches("http://");
    let many: Vec<TcpStream> = (0..60)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    // What is connected is not accepted: that is time in which nothing can be seen but what it costs.
    let before = used(&child);
    std::thread::sleep(Duration::from_secs(1));
    let spent = used(&child) - before;
    assert!(spent < 50, "{spent} of 100");
    drop(many);
    let mut stream = TcpStream::connect(address).unwrap();
    let health = "GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    std::io::Write::write_all(&mut stream, health.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(terminate(&mut child), 0);
}

/// How much memory a process has, in KiB.
fn memory(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let words = line.unwrap().split_whitespace().nth(1);
    words.unwrap().parse().unwrap()
}

/// The answers take three times as much as may wait.
#[test]
fn pings_whose_answers_nobody_reads_take_no_more_memory_than_a_frame() {
    use std::io::Write as _;

    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready");
    let mut child = program(&["--port", "0", "--ready-file", ready.to_str().unwrap()]);
    let told: Value = serde_json::from_str(&written(&ready)).unwrap();
    let address = told["url"].as_str().unwrap().trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let handshake = format!(
        "GET /v1/socket HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(handshake.as_bytes()).unwrap();
    let before = memory(&child);
    let mut ping = vec![0x89, 0x80 | 125, 0, 0, 0, 0];
    ping.extend([b'x'; 125]);
    let pings = ping.repeat(4_000);
    for _ in 0..100 {
        // One that hangs up before has its bound, too.
        if stream.write_all(&pings).is_err() {
            break;
        }
    }
    let grown = memory(&child).saturating_sub(before);
    assert!(grown < 32 * 1024, "{grown} KiB more");
    assert_eq!(terminate(&mut child), 0);
}

//! A file up and down, beside a program that only copies it, and asks the same server for the same bytes.

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use fulmar::{Client, MessageState, NewAttachment, NewMessage};
use fulmar_mock_server::MockServer;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, RANGE};
use ring::digest::{SHA256, digest};

use crate::stage::{p50, row, signed_in};

/// What goes in one request at most.
const CHUNK: usize = 1024 * 1024;

/// A file of so many MiB, from `send` until the server has its message, and then onto another device.
pub(crate) async fn up_and_down(mebibytes: usize, rounds: usize) {
    let folder = tempfile::tempdir().unwrap();
    let server = MockServer::builder().demo().start().await.unwrap();
    let alice = signed_in(&server, &folder.path().join("alice.db")).await;
    let beside = signed_in(&server, &folder.path().join("beside.db")).await;
    let raw = Raw::new(&server, folder.path()).await;
    let (mut up, mut down) = (Vec::new(), Vec::new());
    let (mut raw_up, mut raw_down) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        // Every round another file, so that nothing is there already.
        let bytes: Vec<u8> = (0..mebibytes * CHUNK)
            .map(|at| (at * 31 + at / 4096 + round) as u8)
            .collect();
        let start = Instant::now();
        let attachment = sent(&alice, round, bytes.clone()).await;
        up.push(start.elapsed());
        let start = Instant::now();
        let path = beside.download(&attachment).finish().await.unwrap();
        down.push(start.elapsed());
        assert_eq!(std::fs::read(path).unwrap(), bytes);
        let start = Instant::now();
        let address = raw.up(&bytes).await;
        raw_up.push(start.elapsed());
        let start = Instant::now();
        raw.down(&address, bytes.len()).await;
        raw_down.push(start.elapsed());
    }
    let name = |what: &str| format!("{mebibytes} MiB {what}");
    row(
        &name("up, with their message"),
        p50(&mut up),
        p50(&mut raw_up),
        "≤ 1.5× copy, hash, ask",
    );
    row(
        &name("down"),
        p50(&mut down),
        p50(&mut raw_down),
        "≤ 1.5× ask, write, hash",
    );
}

async fn sent(client: &Client, round: usize, bytes: Vec<u8>) -> fulmar::Attachment {
    let group = client
        .create_group(format!("{round}"), ["bob"])
        .await
        .unwrap();
    let mut screen = group.timeline();
    let file = NewAttachment::from_bytes("a.bin", bytes);
    group.send(NewMessage::file(file)).await.unwrap();
    loop {
        if let Some(item) = screen.messages().next()
            && item.state == MessageState::Sent
        {
            return item.content.attachments()[0].clone();
        }
        screen.next().await.unwrap();
    }
}

/// The unavoidable work.
struct Raw<'a> {
    http: reqwest::Client,
    url: String,
    token: String,
    folder: &'a Path,
}

impl<'a> Raw<'a> {
    async fn new(server: &MockServer, folder: &'a Path) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::new();
        let body = r#"{"userId": "alice", "password": "alice-password", "deviceId": "raw"}"#;
        let login = http
            .post(format!("{}/v1/auth/login", server.url()))
            .body(body);
        let session = login.send().await.unwrap().text().await.unwrap();
        let token = session.split("\"accessToken\":\"").nth(1).unwrap();
        Self {
            http,
            url: server.url(),
            token: format!("Bearer {}", token.split('"').next().unwrap()),
            folder,
        }
    }

    async fn up(&self, bytes: &[u8]) -> String {
        write(&self.folder.join("raw-up"), bytes);
        digest(&SHA256, bytes);
        let begun = self
            .http
            .post(format!("{}/v1/files", self.url))
            .header(AUTHORIZATION, &self.token)
            .header("tus-resumable", "1.0.0")
            .header("upload-length", bytes.len());
        let begun = begun.send().await.unwrap();
        let address = format!(
            "{}{}",
            self.url,
            begun.headers()[LOCATION].to_str().unwrap()
        );
        for (number, chunk) in bytes.chunks(CHUNK).enumerate() {
            let sending = self
                .http
                .patch(&address)
                .header(AUTHORIZATION, &self.token)
                .header("tus-resumable", "1.0.0")
                .header("upload-offset", number * CHUNK)
                .header(CONTENT_TYPE, "application/offset+octet-stream")
                .body(chunk.to_vec());
            assert_eq!(sending.send().await.unwrap().status(), 204);
        }
        address
    }

    async fn down(&self, address: &str, size: usize) {
        let mut found = Vec::with_capacity(size);
        for start in (0..size).step_by(CHUNK) {
            let asking = self
                .http
                .get(address)
                .header(AUTHORIZATION, &self.token)
                .header(RANGE, format!("bytes={start}-{}", start + CHUNK - 1));
            found.extend(asking.send().await.unwrap().bytes().await.unwrap());
        }
        assert_eq!(found.len(), size);
        write(&self.folder.join("raw-down"), &found);
        digest(&SHA256, &found);
    }
}

fn write(path: &Path, bytes: &[u8]) {
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(bytes).unwrap();
    file.sync_all().unwrap();
}

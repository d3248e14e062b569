//! A disk that is full when the app starts: what is in the store is shown, what is handed over is refused, and with
//! room again it goes on by itself.
#![cfg(unix)]

use std::process::Stdio;

use fulmar::{Client, OpenError};
use fulmar_tests::{Stage, patiently};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

/// A process whose files may not have as much as SQLite's shared memory needs. Where such a signal is ignored, it
/// is an error like that of a full disk.
fn app(stage: &Stage, device: &str) -> Child {
    Command::new("sh")
        .args(["-c", r#"trap '' XFSZ; ulimit -S -f 16; exec "$@""#, "sh"])
        .arg(env!("CARGO_BIN_EXE_full_disk_app"))
        .arg(stage.server.url())
        .arg(stage.store(device))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn a_store_can_be_read_and_goes_on_with_room_again() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    alice.say(&["one", "two"]).await;
    alice.sees(&["one", "two"]).await;
    bob.sees(&["one", "two"]).await;
    alice.client.close().await;
    let mut app = app(&stage, "alice");
    let mut lines = BufReader::new(app.stdout.take().unwrap()).lines();
    let mut next = async || {
        patiently("a line", lines.next_line())
            .await
            .unwrap()
            .unwrap()
    };
    let full = "the disk is full: free some space, and open the store again";
    for expected in [
        r#"SignedIn { user_id: UserId("alice") }"#.to_owned(),
        format!("waits: {full}"),
        "shows: one".to_owned(),
        "shows: two".to_owned(),
        format!("refused: {full}"),
    ] {
        assert_eq!(next().await, expected);
    }
    app.stdin.take().unwrap().write_all(b"\n").await.unwrap();
    assert_eq!(next().await, "sent");
    assert!(patiently("the end", app.wait()).await.unwrap().success());
    bob.sees(&["one", "two", "room"]).await;
}

#[tokio::test]
async fn a_store_that_is_new_or_of_another_version_needs_room() {
    let stage = Stage::new().await;
    let said = async |device| {
        let output = app(&stage, device).wait_with_output();
        let output = patiently("the end", output).await.unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let full = format!("not opened: {}\n", OpenError::DiskFull);
    assert_eq!(said("new").await, full);
    stage.sign_in("alice").await.close().await;
    let database = rusqlite::Connection::open(stage.store("alice")).unwrap();
    database.pragma_update(None, "user_version", 3).unwrap();
    drop(database);
    assert_eq!(said("alice").await, full);
}

#[tokio::test]
async fn beside_a_client_that_has_it_open_it_stays_closed() {
    let stage = Stage::new().await;
    let alice: Client = stage.sign_in("alice").await;
    let output = app(&stage, "alice").wait_with_output();
    let output = patiently("the end", output).await.unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("already open"), "{said}");
    alice.close().await;
}

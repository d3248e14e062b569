//! The chat in a terminal, as a person without any conversation uses it for the first time.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use fulmar_mock_server::MockServer;

/// Examples are built beside the tests.
fn example() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap();
    let name = format!("terminal_chat{}", std::env::consts::EXE_SUFFIX);
    let example = folder.join("examples").join(name);
    assert!(example.exists(), "cargo build --examples builds it");
    example
}

struct Chat {
    program: Child,
    lines: Receiver<String>,
}

impl Chat {
    fn start(server: &str, store: &Path) -> Self {
        let mut program = Command::new(example())
            .args(["--user", "carol", "--password", "carol-password"])
            .args(["--server", server, "--store"])
            .arg(store)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let printed = BufReader::new(program.stdout.take().unwrap()).lines();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in printed.map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { program, lines }
    }

    fn type_in(&mut self, line: &str) {
        writeln!(self.program.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Waits for a line; only a failing test waits long.
    fn prints(&mut self, expected: &str) {
        loop {
            let Ok(line) = self.lines.recv_timeout(Duration::from_secs(60)) else {
                let _ = self.program.kill();
                panic!("never printed: {expected}");
            };
            if line.contains(expected) {
                return;
            }
        }
    }

    fn leave(&mut self) {
        self.type_in("/quit");
        // Its output ends with it.
        while self.lines.recv_timeout(Duration::from_secs(60)).is_ok() {}
        assert!(self.program.wait().unwrap().success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_without_a_conversation_begins_one_or_leaves() {
    let server = MockServer::builder()
        .demo()
        .user("carol", "carol-password")
        .start()
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = server.url();
    let talk = tokio::task::spawn_blocking(move || {
        let store = folder.path().join("carol.db");
        let mut chat = Chat::start(&url, &store);
        chat.prints("no conversation yet");
        chat.leave();

        let mut chat = Chat::start(&url, &store);
        chat.prints("no conversation yet");
        chat.type_in("/nonsense");
        chat.prints("no such command");
        chat.type_in("to nobody");
        chat.prints("no conversation is open");
        chat.type_in("/direct bob");
        chat.prints("— bob —");
        chat.type_in("hello");
        chat.prints("✓ carol: hello");
        chat.leave();

        let mut chat = Chat::start(&url, &store);
        chat.prints("✓ carol: hello");
        chat.leave();
    });
    talk.await.unwrap();
    server.stop().await;
}

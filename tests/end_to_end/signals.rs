//! What a system sends to a process for what the SDK does: nothing of that ends an app, and nothing is taken from it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use fulmar::Client;
use fulmar_mock_server::MockServer;

/// The bit of SIGPIPE in a mask of signals.
const BROKEN_PIPE: u64 = 1 << 12;

/// Whether a thread has SIGPIPE blocked; `None` when it has ended.
fn blocks_broken_pipes(thread: &Path) -> Option<bool> {
    let status = fs::read_to_string(thread.join("status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("SigBlk:"))?;
    let mask = line.split_whitespace().nth(1)?;
    let mask = u64::from_str_radix(mask, 16).ok()?;
    Some(mask & BROKEN_PIPE != 0)
}

#[tokio::test]
async fn a_write_to_a_socket_that_was_closed_ends_no_app() {
    let server = MockServer::builder().demo().start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store.db");
    let client = Client::builder(server.url(), &store).build().await.unwrap();
    client.sign_in("alice", "alice-password").await.unwrap();
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let of_clients: Vec<_> = threads
        .map(|thread| thread.unwrap().path())
        .filter(|thread| {
            let name = fs::read_to_string(thread.join("comm"));
            name.is_ok_and(|name| name.trim_end() == "fulmar")
        })
        .collect();
    assert!(!of_clients.is_empty());
    let all = async {
        for thread in of_clients {
            // Another test's client may be about to begin.
            while blocks_broken_pipes(&thread) == Some(false) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), all)
        .await
        .expect("every client blocks SIGPIPE");
    let own = blocks_broken_pipes(Path::new("/proc/thread-self"));
    assert_eq!(own, Some(false), "the app's threads are as it wants them");
    drop(client);
}

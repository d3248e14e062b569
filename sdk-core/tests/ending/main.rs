//! The end of a client: when it has returned, no thread of ours is in foreign code any more.
#![allow(clippy::unwrap_used)]

mod foreign;
#[cfg(target_os = "linux")]
mod held;
#[cfg(target_os = "linux")]
mod nothing_left;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use foreign::Foreign;
use fulmar::Client;

/// One test after the other: each counts what this process holds.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn open(foreign: &std::sync::Arc<Foreign>, folder: &Path) -> Client {
    let builder = Client::builder("http://127.0.0.1:9", folder.join("alice.db"));
    foreign.wait_for(builder.build()).unwrap()
}

#[test]
fn nothing_of_a_client_is_left_when_close_returns() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let foreign = Foreign::new();
    for _ in 0..5 {
        let client = open(&foreign, folder.path());
        foreign.wait_for(client.close());
        assert_eq!(foreign.inside(), 0, "somebody is still being woken");
    }
}

#[test]
fn nor_of_what_waits_for_it() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let foreign = Foreign::new();
    for _ in 0..5 {
        let client = open(&foreign, folder.path());
        let mut outbox = client.outbox();
        foreign.wait_for(outbox.next()).unwrap();
        let mut watching = Box::pin(outbox.next());
        assert!(foreign.begin(&mut watching));
        let mut chats = client.conversations();
        // It reads when the client ends.
        let mut reading = Box::pin(chats.next());
        let _ = foreign.begin(&mut reading);
        foreign.wait_for(client.close());
        assert_eq!(foreign.inside(), 0, "somebody is still being woken");
        let mut second = Box::pin(client.close());
        assert!(!foreign.begin(&mut second), "a second time ends at once");
    }
}

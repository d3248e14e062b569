//! The end of a process that used the library: exit code 0, and nothing on standard error.
//!
//! The small program here does what an interpreter does. Futures wake it with a call on a thread of the
//! library, in which it waits for its one lock; once the interpreter ends, a thread that waits for that lock is
//! taken down, with `pthread_exit`. A frame of Rust in its way makes the process die of it.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, unsafe_code)]

#[path = "../../sdk-core/tests/ending/held.rs"]
mod held;

use std::ffi::c_void;
use std::path::Path;
use std::pin::pin;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use fulmar_ffi::{
    ClientHandle, CommandError, ConnectionState, OpenOptions, Plaintext, WatchError, default_config,
};
use fulmar_mock_server::{Action, MockServer, When, Where};
use held::Held;

unsafe extern "C-unwind" {
    fn pthread_exit(value: *mut c_void) -> !;
}

/// Whether the interpreter ends.
static ENDS: AtomicBool = AtomicBool::new(false);

struct Interpreter(Thread);

impl Wake for Interpreter {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
        // The thread that was woken has the lock; it comes back when that thread lets it.
        for _ in 0..20 {
            if ENDS.load(Ordering::SeqCst) {
                // SAFETY: takes no argument that it looks at.
                unsafe { pthread_exit(std::ptr::null_mut()) };
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn wait_for<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Interpreter(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

fn options(server: &str, store: &Path) -> OpenOptions {
    OpenOptions {
        server: server.to_owned(),
        store: store.display().to_string(),
        owner: None,
        plaintext: Plaintext::Refused,
        trust: Vec::new(),
        config: default_config(),
        token_provider: None,
        secret_storage: None,
    }
}

#[test]
#[ignore = "the program that the test below runs"]
fn the_program() {
    let folder = tempfile::tempdir().unwrap();
    let options = options("http://127.0.0.1:9", &folder.path().join("alice.db"));
    let client = wait_for(ClientHandle::open(options, None)).unwrap();
    let outbox = client.watch_outbox().unwrap();
    wait_for(outbox.next()).unwrap();
    let watching = {
        let outbox = Arc::clone(&outbox);
        thread::spawn(move || wait_for(outbox.next()).is_err())
    };
    wait_for(client.shut_down()).unwrap();
    assert!(watching.join().unwrap());
    ENDS.store(true, Ordering::SeqCst);
    // So long an interpreter takes to end.
    thread::sleep(Duration::from_millis(30));
}

#[test]
fn a_process_ends_in_peace_after_its_clients() {
    for run in 0..20 {
        let program = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_program", "--ignored"])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&program.stderr);
        assert!(
            program.status.success(),
            "run {run}: {:?} {said}",
            program.status
        );
        assert_eq!(said, "", "run {run}");
    }
}

#[test]
fn nothing_of_a_client_is_left_when_shut_down_returns() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime
        .block_on(MockServer::builder().demo().start())
        .unwrap();
    let url = server.url();
    let port = url.rsplit_once(':').unwrap().1.parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let before = Held::now(folder.path(), port);
    for user in ["alice", "bob"] {
        let store = folder.path().join(user);
        let client = wait_for(ClientHandle::open(options(&url, &store), None)).unwrap();
        wait_for(client.sign_in(
            user.to_owned().try_into().unwrap(),
            format!("{user}-password"),
            None,
        ))
        .unwrap();
        let connection = client.watch_connection().unwrap();
        while wait_for(connection.next()).unwrap() != ConnectionState::Live {}
        let (outbox, asking) = (client.watch_outbox().unwrap(), Arc::clone(&client));
        wait_for(outbox.next()).unwrap();
        let watching = thread::spawn(move || wait_for(outbox.next()));
        let late = server.faults().applied();
        let sessions = When::at(Where::Http("/v1/sessions".to_owned()));
        let delay = Action::Delay(Duration::from_secs(600));
        server.faults().when(sessions).then(delay);
        let asking = thread::spawn(move || wait_for(asking.fetch_sessions(None)));
        while server.faults().applied() == late {
            thread::yield_now();
        }
        assert!(!Held::now(folder.path(), port).beyond(&before).is_empty());
        if user == "bob" {
            client.begin_to_close().unwrap();
        }
        for _ in 0..2 {
            wait_for(client.shut_down()).unwrap();
            let now = Held::now(folder.path(), port);
            assert_eq!(now.beyond(&before), Vec::<&str>::new());
        }
        assert!(matches!(watching.join().unwrap(), Err(WatchError::Closed)));
        let answer = asking.join().unwrap();
        assert!(matches!(answer, Err(CommandError::Closed)), "{answer:?}");
    }
    runtime.block_on(server.stop());
}

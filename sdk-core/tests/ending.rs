//! The end of a client: when it has returned, no thread of ours is in foreign code any more.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use fulmar::Client;

/// How a future of ours wakes another language: a call into it, which takes a moment. A process that ends
/// meanwhile takes the thread down in the middle of that call.
struct Foreign {
    caller: Thread,
    inside: AtomicUsize,
}

impl Wake for Foreign {
    fn wake(self: Arc<Self>) {
        self.inside.fetch_add(1, Ordering::SeqCst);
        self.caller.unpark();
        thread::sleep(Duration::from_millis(50));
        self.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Foreign {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            caller: thread::current(),
            inside: AtomicUsize::new(0),
        })
    }

    fn wait_for<T>(self: &Arc<Self>, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        let waker = Waker::from(Arc::clone(self));
        loop {
            match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(value) => return value,
                Poll::Pending => thread::park(),
            }
        }
    }

    /// Begins to wait, as a screen does.
    fn begin<F: Future>(self: &Arc<Self>, future: &mut std::pin::Pin<Box<F>>) -> bool {
        let waker = Waker::from(Arc::clone(self));
        let mut context = Context::from_waker(&waker);
        future.as_mut().poll(&mut context).is_pending()
    }

    fn inside(&self) -> usize {
        self.inside.load(Ordering::SeqCst)
    }
}

fn open(foreign: &Arc<Foreign>, folder: &Path) -> Client {
    let builder = Client::builder("http://127.0.0.1:9", folder.join("alice.db"));
    foreign.wait_for(builder.build()).unwrap()
}

#[test]
fn nothing_of_a_client_is_left_when_close_returns() {
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

//! A caller that is no executor of Rust's, as other languages are: it waits on its own thread, and being woken is a
//! call into it.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Only a failing test waits so long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// How a future of ours wakes another language: a call into it, which takes a moment. A process that ends
/// meanwhile takes the thread down in the middle of that call.
pub(crate) struct Foreign {
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
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            caller: thread::current(),
            inside: AtomicUsize::new(0),
        })
    }

    pub(crate) fn wait_for<T>(self: &Arc<Self>, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        let waker = Waker::from(Arc::clone(self));
        let begin = Instant::now();
        loop {
            assert!(begin.elapsed() < DEADLINE, "it waits for ever");
            match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(value) => return value,
                Poll::Pending => thread::park_timeout(DEADLINE),
            }
        }
    }

    /// Begins to wait, as a screen does. Whether it has to.
    pub(crate) fn begin<F: Future>(self: &Arc<Self>, future: &mut Pin<Box<F>>) -> bool {
        let waker = Waker::from(Arc::clone(self));
        let mut context = Context::from_waker(&waker);
        future.as_mut().poll(&mut context).is_pending()
    }

    pub(crate) fn inside(&self) -> usize {
        self.inside.load(Ordering::SeqCst)
    }
}

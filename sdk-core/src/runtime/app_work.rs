//! Work for the app that may block: reads of the store, files. It runs on threads of the driver's runtime.
//!
//! Who waits for it may be code of another language, which is woken on the thread that did the work. So each
//! piece holds a guard until that has returned, and a driver that ends waits for all of them.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock, oneshot};

/// The app's side: where work is begun.
#[derive(Debug)]
pub(super) struct AppWork {
    handle: Handle,
    under_way: Arc<RwLock<()>>,
}

/// The driver's side: what it waits for in the end.
#[derive(Debug, Clone, Default)]
pub(super) struct UnderWay(Arc<RwLock<()>>);

impl UnderWay {
    /// Where work is begun that this waits for.
    pub(super) fn begun_with(&self, handle: Handle) -> AppWork {
        AppWork {
            handle,
            under_way: Arc::clone(&self.0),
        }
    }

    /// Waits until nothing is under way, and lets nothing begin as long as what it gives is held.
    pub(super) async fn over(&self) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(&self.0).write_owned().await
    }
}

impl AppWork {
    /// Does it; `None` when the client has ended.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let under_way = Arc::clone(&self.under_way).read_owned().await;
        let (done, answer) = oneshot::channel();
        self.handle.spawn_blocking(move || {
            // Returns when who waits for it has been woken.
            let _ = done.send(work());
            drop(under_way);
        });
        answer.await.ok()
    }
}

//! Work on the driver's runtime for who is not on its thread, and work that may block: reads of the store, files.
//!
//! Who waits for it may be code of another language, which is woken on the thread that did the work. So each
//! piece that blocks holds a guard until that has returned, and a driver that ends waits for all of them.
//!
//! An app may hold a client long after its end. It must never hold a handle of the runtime by that, which has
//! descriptors.

use tokio::runtime::Handle;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock, oneshot};

use super::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where work is begun, as long as the driver runs. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct AppWork {
    handle: Arc<Mutex<Option<Handle>>>,
    under_way: Arc<RwLock<()>>,
}

impl AppWork {
    /// From now on work is done there.
    pub(super) fn begin_on(&self, runtime: &Handle) {
        self.set(Some(runtime.clone()));
    }

    /// From now on no work begins.
    pub(super) fn end(&self) {
        self.set(None);
    }

    /// Waits until nothing that blocks is under way, and lets nothing begin as long as what it gives is held.
    pub(super) async fn over(&self) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(&self.under_way).write_owned().await
    }

    /// Does something that may block; `None` when the client has ended.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let under_way = Arc::clone(&self.under_way).read_owned().await;
        let (done, answer) = oneshot::channel();
        self.begin_blocking(move || {
            // Returns when who waits for it has been woken.
            let _ = done.send(work());
            drop(under_way);
        });
        answer.await.ok()
    }

    /// Begins something that may block. A driver that ends does not wait for it by itself.
    pub(super) fn begin_blocking(&self, work: impl FnOnce() + Send + 'static) {
        if let Some(handle) = self.handle() {
            handle.spawn_blocking(work);
        }
    }

    /// Begins something on the driver's thread.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        if let Some(handle) = self.handle() {
            handle.spawn(work);
        }
    }

    fn handle(&self) -> Option<Handle> {
        self.lock().clone()
    }

    fn set(&self, handle: Option<Handle>) {
        let before = std::mem::replace(&mut *self.lock(), handle);
        // Not under the lock.
        drop(before);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Handle>> {
        // One value: a panic elsewhere leaves nothing half done in it.
        self.handle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

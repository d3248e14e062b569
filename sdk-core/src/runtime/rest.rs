//! Rest: while an app is suspended by its platform, nothing of its store is open, so that no lock is held.
//!
//! The driver lets go of the engine and waits; reads wait, too. What is in memory only is lost as in a crash,
//! and taken up again from the rows.

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, watch};

/// What the driver is told, and what it says.
#[derive(Debug)]
pub(super) struct Bed {
    /// Whether it is to rest.
    pub(super) wanted: watch::Receiver<bool>,
    /// Whether it does.
    pub(super) resting: watch::Sender<bool>,
}

/// The app's side of it.
#[derive(Debug)]
pub(super) struct Rest {
    wanted: watch::Sender<bool>,
    resting: watch::Receiver<bool>,
    /// Reads hold it shared, and rest holds it alone.
    reads: Arc<RwLock<()>>,
    held: Mutex<Option<OwnedRwLockWriteGuard<()>>>,
}

impl Rest {
    pub(super) fn new() -> (Self, Bed) {
        let (wanted, of_driver) = watch::channel(false);
        let (resting, shown) = watch::channel(false);
        let rest = Self {
            wanted,
            resting: shown,
            reads: Arc::new(RwLock::new(())),
            held: Mutex::new(None),
        };
        let bed = Bed {
            wanted: of_driver,
            resting,
        };
        (rest, bed)
    }

    /// As long as this is held, nobody rests. Waits while somebody does.
    pub(super) async fn awake(&self) -> OwnedRwLockReadGuard<()> {
        Arc::clone(&self.reads).read_owned().await
    }

    /// The same at once; `None` while somebody rests or is about to.
    pub(super) fn awake_now(&self) -> Option<OwnedRwLockReadGuard<()>> {
        Arc::clone(&self.reads).try_read_owned().ok()
    }

    /// Returns when the driver rests and no read is under way; at once when the driver has ended. `let_go` is
    /// called in between, when nothing is opened any more.
    pub(super) async fn begin(&self, let_go: impl FnOnce()) {
        let mut held = self.held.lock().await;
        if held.is_none() {
            *held = Some(Arc::clone(&self.reads).write_owned().await);
            let_go();
        }
        self.wanted.send_replace(true);
        let _ = self.resting.clone().wait_for(|resting| *resting).await;
    }

    /// Returns when no read is under way.
    pub(super) async fn quiet(&self) {
        if self.held.lock().await.is_none() {
            drop(self.reads.write().await);
        }
    }

    /// Returns when the driver has taken up again, or has tried.
    pub(super) async fn end(&self) {
        let mut held = self.held.lock().await;
        self.wanted.send_replace(false);
        let _ = self.resting.clone().wait_for(|resting| !*resting).await;
        *held = None;
    }
}

//! Suspension: while an app is suspended by its platform, nothing of its store is open, so that no lock is
//! held.
//!
//! The driver lets go of the engine and waits; reads wait, too. What is in memory only is lost as in a crash,
//! and taken up again from the rows.

use tokio::sync::{Mutex, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, watch};

use super::sync::Arc;

/// The driver's side: what it is told, and what it says.
#[derive(Debug)]
pub(crate) struct SuspendGate {
    /// Whether it is to suspend.
    pub(crate) wanted: watch::Receiver<bool>,
    /// Whether the client is suspended.
    pub(crate) suspended: watch::Sender<bool>,
    reads: Arc<RwLock<()>>,
}

impl SuspendGate {
    /// Waits until no read is under way, and lets none begin as long as what it gives is held. A suspension
    /// sees to that by itself.
    pub(crate) async fn quiet(&mut self) -> Option<OwnedRwLockWriteGuard<()>> {
        tokio::select! {
            biased;
            quiet = Arc::clone(&self.reads).write_owned() => Some(quiet),
            _ = self.wanted.wait_for(|wanted| *wanted) => None,
        }
    }
}

/// The app's side of it.
#[derive(Debug)]
pub(crate) struct Suspension {
    wanted: watch::Sender<bool>,
    suspended: watch::Receiver<bool>,
    /// Reads hold it shared, and a suspension holds it alone.
    reads: Arc<RwLock<()>>,
    held: Mutex<Option<OwnedRwLockWriteGuard<()>>>,
}

impl Suspension {
    pub(crate) fn new() -> (Self, SuspendGate) {
        let (wanted, of_driver) = watch::channel(false);
        let (suspended, shown) = watch::channel(false);
        let reads = Arc::new(RwLock::new(()));
        let gate = SuspendGate {
            wanted: of_driver,
            suspended,
            reads: Arc::clone(&reads),
        };
        let suspension = Self {
            wanted,
            suspended: shown,
            reads,
            held: Mutex::new(None),
        };
        (suspension, gate)
    }

    /// As long as this is held, nothing is suspended. Waits while it is.
    pub(crate) async fn awake(&self) -> OwnedRwLockReadGuard<()> {
        Arc::clone(&self.reads).read_owned().await
    }

    /// The same at once; `None` while the client is suspended or about to be.
    pub(crate) fn awake_now(&self) -> Option<OwnedRwLockReadGuard<()>> {
        Arc::clone(&self.reads).try_read_owned().ok()
    }

    /// Returns when the driver is suspended and no read is under way; at once when the driver has ended.
    /// `let_go` is called in between, when nothing is opened any more.
    pub(crate) async fn begin(&self, let_go: impl FnOnce()) {
        let mut held = self.held.lock().await;
        if held.is_none() {
            *held = Some(Arc::clone(&self.reads).write_owned().await);
            let_go();
        }
        self.wanted.send_replace(true);
        let _ = self
            .suspended
            .clone()
            .wait_for(|suspended| *suspended)
            .await;
    }

    /// Returns when the driver has taken up again, or has tried.
    pub(crate) async fn end(&self) {
        let mut held = self.held.lock().await;
        self.wanted.send_replace(false);
        let _ = self
            .suspended
            .clone()
            .wait_for(|suspended| !*suspended)
            .await;
        *held = None;
    }
}

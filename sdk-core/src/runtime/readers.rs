//! Reading connections: a few, shared by all watchers, used off the caller's thread.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use fulmar_engine::{Reader, StoreError};

/// More would only compete for the same disk.
const MOST_IDLE: usize = 4;

#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Reader>>,
    closed: AtomicBool,
}

impl Readers {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            idle: Mutex::new(Vec::new()),
            closed: AtomicBool::new(false),
        }
    }

    /// Reads with some connection. Blocks for as long as the query takes, never for the writer.
    pub(crate) fn read<T>(
        &self,
        query: impl FnOnce(&Reader) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle().pop();
        let reader = match idle {
            Some(reader) => reader,
            None => Reader::open(&self.path)?,
        };
        let result = query(&reader);
        // A connection that failed may be part of why.
        if result.is_ok() {
            let mut idle = self.idle();
            if idle.len() < MOST_IDLE && !self.closed.load(Ordering::Acquire) {
                idle.push(reader);
            }
        }
        result
    }

    /// Closes what is idle.
    pub(crate) fn let_go(&self) {
        self.idle().clear();
    }

    /// Closes what is idle, and from now on each connection after its read, so that the file is nobody's.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.let_go();
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Reader>> {
        // Plain data: a panic elsewhere leaves nothing half done in it.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

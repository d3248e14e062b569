//! Reading connections: a few, shared by all watchers, used off the caller's thread. On a full disk there may be no
//! space for what connections share; then there is one, and no engine meanwhile.

use std::path::{Path, PathBuf};

use fulmar_engine::{Reader, StoreError};

use super::sync::{AtomicBool, Mutex, MutexGuard, Ordering, PoisonError};

/// More would only compete for the same disk.
const MOST_IDLE: usize = 4;

#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Reader>>,
    /// The one of a full disk.
    alone: Mutex<Option<Reader>>,
    closed: AtomicBool,
}

impl Readers {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            idle: Mutex::new(Vec::new()),
            alone: Mutex::new(None),
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
            None => match Reader::open(&self.path) {
                Ok(reader) => reader,
                Err(error) if error.is_disk_full() => return self.read_alone(query, error),
                Err(error) => return Err(error),
            },
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

    /// Reads with the only connection. Blocks while others do. When there can be none, `full` is why.
    fn read_alone<T>(
        &self,
        query: impl FnOnce(&Reader) -> Result<T, StoreError>,
        full: StoreError,
    ) -> Result<T, StoreError> {
        let mut alone = lock(&self.alone);
        // The store may have been opened while this waited.
        if alone.is_none()
            && let Ok(reader) = Reader::open(&self.path)
        {
            drop(alone);
            return query(&reader);
        }
        let reader = match alone.take() {
            Some(reader) => reader,
            None => Reader::open_alone(&self.path).map_err(|error| {
                tracing::warn!(%error, "the store cannot even be read");
                full
            })?,
        };
        let result = query(&reader);
        if result.is_ok() && !self.closed.load(Ordering::Acquire) {
            *alone = Some(reader);
        }
        result
    }

    /// Closes the only connection of a full disk. As long as what it gives is held, none is opened: an engine can
    /// try to open the store.
    pub(crate) fn make_way(&self) -> impl Drop + use<'_> {
        let mut alone = lock(&self.alone);
        *alone = None;
        alone
    }

    /// Closes what is idle.
    pub(crate) fn let_go(&self) {
        self.idle().clear();
        *lock(&self.alone) = None;
    }

    /// Closes what is idle, and from now on each connection after its read, so that the file is nobody's.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.let_go();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Reader>> {
        lock(&self.idle)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Connections: a panic elsewhere leaves nothing half done in them.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

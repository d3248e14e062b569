//! One client per store: a lock file beside the database, which the system releases when the
//! process ends, however it ends. It is named after the store's one real name, so that a symbolic link leads
//! to the same lock.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::{OpenError, place};

/// The lock on a store, held until it is dropped.
#[derive(Debug)]
pub struct StoreLock {
    _file: File,
}

impl StoreLock {
    /// Takes the lock of the store at `path`, at once or not at all.
    pub fn take(path: &Path) -> Result<Self, OpenError> {
        let real = place::real_path(path).map_err(|error| place::unusable(path, &error))?;
        let lock_path = place::suffixed(&real, ".lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(|error| place::unusable(&lock_path, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::AlreadyOpen {
                path: path.to_owned(),
            }),
            Err(TryLockError::Error(error)) => Err(place::unusable(&lock_path, &error)),
        }
    }
}

//! One client per store: a lock file beside the database, which the system releases when the
//! process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::OpenError;

/// The lock on a store, held until it is dropped.
#[derive(Debug)]
pub struct StoreLock {
    _file: File,
}

impl StoreLock {
    /// Takes the lock of the store at `path`, at once or not at all.
    pub fn take(path: &Path) -> Result<Self, OpenError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(lock_path(path))
            .map_err(|error| OpenError::Unusable {
                reason: format!("{}: {error}", lock_path(path).display()),
            })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::AlreadyOpen {
                path: path.to_owned(),
            }),
            Err(TryLockError::Error(error)) => Err(OpenError::Unusable {
                reason: error.to_string(),
            }),
        }
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

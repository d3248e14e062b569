//! The disks of this process by their numbers, and what SQLite calls what they say. Nothing here is `unsafe`.

use std::collections::BTreeMap;
use std::ffi::c_int;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::ffi;

use crate::storage::{Life, Refused, Storage};

pub(crate) type Shared = Arc<Mutex<Storage>>;

static DISKS: Mutex<BTreeMap<u64, Shared>> = Mutex::new(BTreeMap::new());
static LAST: AtomicU64 = AtomicU64::new(0);

/// From now on the disk can be opened, by the number that this gives.
pub(crate) fn add(storage: Shared) -> u64 {
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    locked(&DISKS).insert(number, storage);
    number
}

pub(crate) fn remove(number: u64) {
    locked(&DISKS).remove(&number);
}

/// What SQLite calls a file of a disk, as it is opened by one process.
pub(crate) fn path(number: u64, life: Life, name: &str) -> String {
    format!("/{number}/{}/{name}", life.0)
}

/// The disk, the process and the file that a path names.
pub(crate) fn find(path: &str) -> Option<(Shared, Life, String)> {
    let mut parts = path.strip_prefix('/')?.splitn(3, '/');
    let (number, life, name) = (parts.next()?, parts.next()?, parts.next()?);
    let storage = locked(&DISKS).get(&number.parse().ok()?).cloned()?;
    Some((storage, Life(life.parse().ok()?), name.to_owned()))
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The result code for what a disk said; `fault` is what SQLite calls a fault of this operation.
pub(crate) fn code(result: Result<(), Refused>, fault: c_int) -> c_int {
    match result {
        Ok(()) => ffi::SQLITE_OK,
        Err(Refused::Full) => ffi::SQLITE_FULL,
        Err(Refused::Fault) => fault,
        Err(Refused::Missing) => ffi::SQLITE_CANTOPEN,
        Err(Refused::Dead) => ffi::SQLITE_IOERR,
    }
}

/// Where a transfer begins, and how many bytes it has. SQLite never asks for negative ones.
pub(crate) fn extent(offset: ffi::sqlite3_int64, amount: c_int) -> Option<(usize, usize)> {
    Some((usize::try_from(offset).ok()?, usize::try_from(amount).ok()?))
}

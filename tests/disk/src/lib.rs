//! Disks for tests, as a file system under SQLite: each knows what was synced and what was only written. When the
//! power fails, what was synced survives, and of the rest any part, sector by sector. A disk can be full, and
//! everything but reading can fail.
//!
//! It knows nothing of databases and takes all its randomness from a seed. It never keeps anything outside of
//! memory, and never touches a real file.

mod file;
mod registry;
mod storage;
#[expect(unsafe_code, reason = "SQLite calls a file system by pointers")]
mod vfs;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OpenFlags};

use storage::Storage;

/// The one database of a disk.
const DATABASE: &str = "store.db";

/// A disk, for one process at a time.
#[derive(Debug)]
pub struct Disk {
    number: u64,
    storage: Arc<Mutex<Storage>>,
}

impl Disk {
    /// An empty disk. The seed says what survives when the power fails.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let storage = Arc::new(Mutex::new(Storage::new(seed)));
        Self {
            number: registry::add(Arc::clone(&storage)),
            storage,
        }
    }

    /// Opens the database, or makes it. A connection that was opened before is killed: there are no locks.
    pub fn connect(&self) -> rusqlite::Result<Connection> {
        let name = vfs::register()?;
        let mut storage = self.storage();
        storage.kill();
        let path = registry::path(self.number, storage.life(), DATABASE);
        drop(storage);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags_and_vfs(path, flags, name)
    }

    /// The process dies: what it has open does nothing any more, also when it is closed. What it has written stays.
    pub fn kill(&self) {
        self.storage().kill();
    }

    /// The power fails, and the process dies with it.
    pub fn lose_power(&self) {
        self.storage().lose_power();
    }

    /// The power fails in the midst of the write that comes after so many; `None`: it does not.
    pub fn lose_power_after(&self, writes: Option<u32>) {
        self.storage().power_fails_after = writes;
    }

    /// How many bytes there is space for; `None`: for any number. What is there stays, if it is more.
    pub fn limit(&self, bytes: Option<u64>) {
        self.storage().capacity = bytes;
    }

    /// Of a thousand writes and syncs so many fail.
    pub fn fail(&self, per_thousand: u32) {
        self.storage().failing = per_thousand;
    }

    /// How many bytes are taken.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.storage().used()
    }

    /// What every file holds.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.storage().bytes()
    }

    /// How often anything was refused or failed, or the power did.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.storage().failures
    }

    /// Whether the power failed in the midst of a write, since the last connection was opened.
    #[must_use]
    pub fn lost_power(&self) -> bool {
        self.storage().lost_power
    }

    fn storage(&self) -> MutexGuard<'_, Storage> {
        self.storage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.kill();
        registry::remove(self.number);
    }
}

#[cfg(test)]
mod tests;

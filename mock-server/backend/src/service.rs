//! The rooms on their database: what the edge stands on.

use std::path::Path;
use std::sync::{Arc, OnceLock, Weak};

use fulmar_protocol::{Capability, Timestamp};
use rusqlite::backup::Backup;
use rusqlite::{Connection, MAIN_DB};

use crate::config::Config;
use crate::entropy::Entropy;
use crate::error::{BackendError, Result};
use crate::rooms::Rooms;
use crate::store::{self, Described};
use crate::tx::{Database, Pending, Tx};

pub(crate) struct Service {
    database: Database,
    /// A state of which nothing has changed yet.
    untouched: Option<Weak<OnceLock<Vec<u8>>>>,
    rooms: Rooms,
    config: Config,
}

/// A state of the backend to come back to: its database as bytes. They are taken when that is about to change, so one
/// of a world in which nothing happens costs nothing.
pub struct Checkpoint(Arc<OnceLock<Vec<u8>>>);

impl std::fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checkpoint").finish_non_exhaustive()
    }
}

impl Service {
    /// In a file, or else in memory.
    pub(crate) fn open(
        path: Option<&Path>,
        config: Config,
        seed: [u8; 32],
    ) -> std::result::Result<Self, BackendError> {
        let connection = match path {
            Some(path) => {
                let connection = Connection::open(path)?;
                // A second server on the same file would tell nobody of what the first one does.
                connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
                connection
            }
            None => {
                let connection = Connection::open_in_memory()?;
                store::in_small_pages(&connection)?;
                connection
            }
        };
        Self::adopt(connection, config, seed)
    }

    /// On a database that is open already.
    pub(crate) fn adopt(
        connection: Connection,
        config: Config,
        seed: [u8; 32],
    ) -> std::result::Result<Self, BackendError> {
        let mut entropy = Entropy::new(seed);
        let secret = store::prepare(&connection, &entropy.bytes())?;
        Ok(Self {
            database: Database::new(connection, entropy),
            untouched: None,
            rooms: Rooms::new(&config, &secret),
            config,
        })
    }

    pub(crate) fn described(&self) -> std::result::Result<Described, BackendError> {
        store::described(self.database.connection())
    }

    pub(crate) fn set_described(
        &mut self,
        how: Described,
    ) -> std::result::Result<(), BackendError> {
        self.take_checkpoint()?;
        store::set_described(self.database.connection(), how)
    }

    /// Whether it began with this process, and ends with it.
    pub(crate) fn is_in_memory(&self) -> bool {
        self.database.connection().path().is_none_or(str::is_empty)
    }

    /// Whether the backend was set up to do this.
    pub(crate) fn can(&self, capability: &Capability) -> bool {
        self.rooms.can(capability)
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Runs `work` in one transaction, which is kept only when it succeeds, and gives what has to be told
    /// to sockets and devices now.
    pub(crate) fn run<T>(
        &mut self,
        now: Timestamp,
        work: impl FnOnce(&Rooms, &mut Tx<'_>) -> Result<T>,
    ) -> Result<(T, Pending)> {
        self.take_checkpoint()?;
        let Self {
            database, rooms, ..
        } = self;
        database.transact(now, |tx| work(rooms, tx))
    }

    /// The same for work of which nobody has to be told.
    pub(crate) fn quiet<T>(
        &mut self,
        now: Timestamp,
        work: impl FnOnce(&Rooms, &mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        self.run(now, work).map(|(done, _)| done)
    }

    pub(crate) fn checkpoint(&mut self) -> std::result::Result<Checkpoint, BackendError> {
        self.take_checkpoint()?;
        let cell = Arc::new(OnceLock::new());
        self.untouched = Some(Arc::downgrade(&cell));
        Ok(Checkpoint(cell))
    }

    /// Keeps the bytes of the newest checkpoint, if somebody still has it: from now on they may be others.
    fn take_checkpoint(&mut self) -> rusqlite::Result<()> {
        let Some(cell) = self.untouched.take().and_then(|cell| cell.upgrade()) else {
            return Ok(());
        };
        let mut copy = Connection::open_in_memory()?;
        Backup::new(self.database.connection(), &mut copy)?.step(-1)?;
        let mut bytes = copy.serialize(MAIN_DB)?.to_vec();
        // That the file has a write-ahead log is copied as well, and in memory there is none: versions of the format
        // for writing and for reading, in the header of a database of SQLite.
        if let Some(versions) = bytes.get_mut(18..20) {
            versions.fill(1);
        }
        cell.get_or_init(|| bytes);
        Ok(())
    }

    /// Another one, in memory, with the state of a checkpoint of this one.
    pub(crate) fn copy_of(&self, from: &Checkpoint) -> std::result::Result<Self, BackendError> {
        let mut connection = Connection::open_in_memory()?;
        match from.0.get() {
            Some(bytes) => {
                connection.deserialize_read_exact(MAIN_DB, bytes.as_slice(), bytes.len(), false)?;
            }
            // Nothing has changed since.
            None => Backup::new(self.database.connection(), &mut connection)?
                .step(-1)
                .map(drop)?,
        }
        let mut entropy = Entropy::new([0; 32]);
        let secret = store::prepare(&connection, &entropy.bytes())?;
        Ok(Self {
            database: Database::new(connection, entropy),
            untouched: None,
            rooms: Rooms::new(&self.config, &secret),
            config: self.config.clone(),
        })
    }

    pub(crate) fn restore(&mut self, from: &Checkpoint) -> std::result::Result<(), BackendError> {
        // Otherwise nothing has changed since.
        if let Some(bytes) = from.0.get() {
            self.take_checkpoint()?;
            let mut copy = Connection::open_in_memory()?;
            copy.deserialize_read_exact(MAIN_DB, bytes.as_slice(), bytes.len(), true)?;
            Backup::new(&copy, self.database.connection_mut())?.step(-1)?;
        }
        Ok(())
    }
}

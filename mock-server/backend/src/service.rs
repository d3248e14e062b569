//! The rooms on their database: what the edge stands on.

use std::path::Path;

use fulmar_protocol::{Capability, Timestamp};
use rusqlite::Connection;
use rusqlite::backup::Backup;

use crate::config::Config;
use crate::entropy::Entropy;
use crate::error::{BackendError, Result};
use crate::rooms::Rooms;
use crate::store;
use crate::tx::{Database, Pending, Tx};

pub(crate) struct Service {
    database: Database,
    rooms: Rooms,
    config: Config,
}

/// A state of the backend to come back to.
pub struct Checkpoint(Connection);

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
            Some(path) => Connection::open(path)?,
            None => {
                let connection = Connection::open_in_memory()?;
                store::in_small_pages(&connection)?;
                connection
            }
        };
        let mut entropy = Entropy::new(seed);
        let secret = store::prepare(&connection, &entropy.bytes())?;
        Ok(Self {
            database: Database::new(connection, entropy),
            rooms: Rooms::new(&config, &secret),
            config,
        })
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

    pub(crate) fn checkpoint(&self) -> std::result::Result<Checkpoint, BackendError> {
        let mut copy = Connection::open_in_memory()?;
        Backup::new(self.database.connection(), &mut copy)?.step(-1)?;
        Ok(Checkpoint(copy))
    }

    pub(crate) fn restore(&mut self, from: &Checkpoint) -> std::result::Result<(), BackendError> {
        Backup::new(&from.0, self.database.connection_mut())?.step(-1)?;
        Ok(())
    }
}

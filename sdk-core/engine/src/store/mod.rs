//! The store: one SQLite file per account, and the only place with SQL.
//!
//! This module opens and locks the file, and begins its transactions. It never decides anything about
//! messages, and it never deletes a file.

pub(crate) mod account;
mod alone;
pub(crate) mod blocked;
mod columns;
mod connection;
pub(crate) mod conversations;
mod error;
pub(crate) mod inferred;
mod key;
pub(crate) mod list_rows;
mod lock;
pub(crate) mod log;
mod marker;
pub(crate) mod messages;
mod migrations;
mod missing;
pub(crate) mod operations;
pub(crate) mod pages;
pub(crate) mod participants;
mod place;
pub(crate) mod pushed;
pub(crate) mod quarantine;
pub(crate) mod reached;
pub(crate) mod read;
pub(crate) mod reading;
pub(crate) mod remains;
pub(crate) mod retention;
pub(crate) mod runs;
mod salvage;
pub(crate) mod search;
pub(crate) mod server;
pub(crate) mod state;
pub(crate) mod unreadable;
pub(crate) mod uploads;
mod vault;

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use connection::{Role, check_identity, set_pragmas};
use marker::Marker;

use crate::defects::{self, Defect};

pub use connection::{Durability, Reader};
pub use error::{OpenError, StoreError};
pub(crate) use error::{Result, open_error};
pub use key::{ConversationKey, LaneId};
pub use lock::StoreLock;
pub use place::real_path;
pub use salvage::{Salvage, SalvageError, rebuild};
pub use uploads::UploadKey;
pub use vault::Vault;

/// What to do with a store that has not kept its promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lost {
    /// Say so, and open nothing.
    Refuse,
    /// Open it, and leave the promises as they are for now.
    Accept,
}

/// The writing connection with its lock.
#[derive(Debug)]
pub struct Store {
    own: Reader,
    /// Held as long as the connection lives; `None` for a store in memory.
    _lock: Option<StoreLock>,
    /// `None` for a store in memory, and where it cannot be written.
    marker: Option<Marker>,
    durability: Durability,
    vault: Option<Arc<dyn Vault>>,
}

impl Store {
    /// Opens or creates the store at `path`, brings it to the current version, and locks it against
    /// a second client.
    pub fn open(path: &Path) -> std::result::Result<Self, OpenError> {
        let lock = StoreLock::take(path)?;
        let real = place::real_path(path).map_err(|error| place::unusable(path, &error))?;
        place::check(&real)?;
        if place::is_empty(&real) {
            Marker::check(&real, None)?;
        }
        Self::open_real(&real, lock, Lost::Refuse).map_err(|error| place::explain(&real, error))
    }

    fn open_real(real: &Path, lock: StoreLock, lost: Lost) -> std::result::Result<Self, OpenError> {
        let connection = Connection::open(real).map_err(open_error)?;
        check_identity(&connection)?;
        if lost == Lost::Refuse {
            Marker::check(real, Some(&connection))?;
        }
        let mut store = Self::prepare(connection, Some(lock))?;
        if lost == Lost::Refuse {
            store.promise_anew(real);
        }
        Ok(store)
    }

    /// From now on the store is held to what it has at this moment.
    fn promise_anew(&mut self, real: &Path) {
        self.marker = Marker::open(real, &self.own.connection);
    }

    /// To be called after each commit: what is unsent now will be missed at the next `open` if it is not there.
    /// Costs a short query and at most one small write, never an `fsync`. When it fails, what was committed
    /// is stored all the same, and only its loss would not be noticed.
    pub fn note_unsent(&mut self) {
        if let Some(marker) = &mut self.marker
            && let Err(error) = marker.promise(&self.own.connection, self.durability)
        {
            tracing::warn!(%error, "the marker of the store cannot be written");
        }
    }

    /// The outbox may begin with another page now.
    fn note_outbox(&mut self) {
        if let Some(marker) = &mut self.marker
            && let Err(error) = marker.outbox_moved(&self.own.connection)
        {
            tracing::warn!(%error, "the marker of the store cannot be written");
        }
    }

    /// Takes an open connection as a store, as the simulation does with databases in memory.
    pub fn adopt(connection: Connection) -> std::result::Result<Self, OpenError> {
        Self::prepare(connection, None)
    }

    /// From now on the tokens in the store are sealed.
    #[must_use]
    pub fn with_vault(mut self, vault: Arc<dyn Vault>) -> Self {
        self.vault = Some(vault);
        self
    }

    pub(crate) fn vault(&self) -> Option<Arc<dyn Vault>> {
        self.vault.clone()
    }

    /// Gives the connection back, as a crash would leave it.
    #[must_use]
    pub fn into_connection(self) -> Connection {
        self.own.connection
    }

    /// The writing connection, to read with. Between transactions it shows what is committed.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.own
    }

    /// The whole database as one blob, as it is committed now.
    pub fn image(&mut self) -> std::result::Result<Vec<u8>, StoreError> {
        Ok(self.own.connection.serialize("main")?.to_vec())
    }

    #[cfg(feature = "defects")]
    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        &mut self.own.connection
    }

    fn prepare(
        mut connection: Connection,
        lock: Option<StoreLock>,
    ) -> std::result::Result<Self, OpenError> {
        check_identity(&connection)?;
        set_pragmas(&connection, Role::Writer).map_err(open_error)?;
        migrations::migrate(&mut connection)?;
        if defects::active(Defect::KeepsWords) {
            search::set_secure(&connection, false)?;
        }
        Ok(Self {
            own: Reader { connection },
            _lock: lock,
            marker: None,
            durability: Durability::Normal,
            vault: None,
        })
    }

    /// Begins the one transaction of a batch. SQLite refuses to change `synchronous` inside a
    /// transaction, so the durability is chosen here.
    pub(crate) fn begin(&mut self, durability: Durability) -> Result<Transaction<'_>> {
        let durability = match defects::active(Defect::NeverSyncs) {
            true => Durability::Normal,
            false => durability,
        };
        if durability != self.durability {
            self.own
                .connection
                .pragma_update(None, "synchronous", durability.level())?;
            self.durability = durability;
        }
        Ok(self
            .own
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?)
    }

    /// What is committed survives a power cut from now on. For a transaction that turned out to need it only
    /// after it had begun: one small transaction more, whose `fsync` takes everything before it along.
    pub(crate) fn make_durable(&mut self) -> Result<()> {
        let transaction = self.begin(Durability::Full)?;
        // The same number once more: SQLite writes the page all the same.
        let version: i64 =
            transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;

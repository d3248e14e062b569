//! The store: one SQLite file per account, and the only place with SQL.
//!
//! This module opens connections and says what can go wrong with a file. It never decides anything
//! about messages, and it never deletes a file.

pub(crate) mod account;
pub(crate) mod blocked;
pub(crate) mod conversations;
pub(crate) mod list_rows;
mod lock;
pub(crate) mod log;
mod marker;
pub(crate) mod messages;
mod migrations;
pub(crate) mod operations;
pub(crate) mod pages;
pub(crate) mod participants;
mod place;
pub(crate) mod pushed;
pub(crate) mod quarantine;
pub(crate) mod reading;
pub(crate) mod retention;
pub(crate) mod runs;
mod salvage;
pub(crate) mod search;
pub(crate) mod server;
pub(crate) mod state;
pub(crate) mod uploads;
mod vault;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fulmar_protocol::UserId;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

pub use lock::StoreLock;
use marker::Marker;
pub use place::real_path;
pub use salvage::{Salvage, SalvageError, rebuild};
pub use uploads::UploadKey;
pub use vault::Vault;

/// The integer by which the store knows a conversation: stable from its creation on this device,
/// also while the server does not know it yet. A list key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationKey(pub i64);

/// An outbox lane: there is one per conversation.
pub type LaneId = ConversationKey;

/// The mark of a Fulmar store in the header of the file: `Fulm`.
const APPLICATION_ID: i32 = 0x4675_6c6d;

/// SQLite's `SQLITE_IOERR_SHMSIZE`: there is no space for the memory that connections share.
const SHM_HAS_NO_SPACE: i32 = rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

/// What a power cut may take back of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Durability {
    /// The newest transactions may vanish with the power, never half of one. For the cache.
    Normal,
    /// Nothing. For the outbox and the session.
    Full,
}

/// Why a store could not be opened. The file is as it was, whatever the reason.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another client has it open, in this process or another.
    #[error("{path} is already open: close the other client first")]
    AlreadyOpen {
        /// Which file.
        path: PathBuf,
    },
    /// A newer version of the SDK wrote it.
    #[error("the store has version {found}, this SDK knows {known}: update the app")]
    NewerVersion {
        /// The version of the file.
        found: i64,
        /// The newest version that this SDK knows.
        known: i64,
    },
    /// It belongs to somebody else.
    #[error("the store belongs to {owner}, not to {expected}: use another path")]
    OtherUser {
        /// Whose store it is.
        owner: UserId,
        /// Whose it should be.
        expected: UserId,
    },
    /// It is a database, but not a store of ours.
    #[error("the file is a database of another program")]
    NotAStore,
    /// It is damaged. Rebuild it to save what can be read of the outbox.
    #[error("the store is damaged ({reason}); rebuild it to salvage what is unsent")]
    Corrupt {
        /// What SQLite said.
        reason: String,
    },
    /// There is no space left. Nothing can be opened then, because SQLite needs some even to read.
    #[error("the disk is full: free some space, and open the store again")]
    DiskFull,
    /// The file system has blocks so small that SQLite would end the process when the disk is full.
    #[error("the file system has blocks of {found} bytes, {needed} are needed: use another place")]
    SmallBlocks {
        /// How many bytes a block has.
        found: u64,
        /// How many it must have.
        needed: u64,
    },
    /// The file has a second name, a hard link: two clients could open it and would damage it.
    #[error("{path} has a second name (a hard link): remove that, or copy the file")]
    HardLinked {
        /// Which file.
        path: PathBuf,
    },
    /// The store went back in time: its log was deleted, it was emptied, or an older copy is in its place. What
    /// was handed over since then is not in it. Rebuild it to go on with what is left.
    #[error("{count} unsent operations are lost with a part of the store; rebuild it to go on")]
    LostUnsent {
        /// How many unsent operations are missing, at most.
        count: u32,
    },
    /// The file or its folder cannot be used: permissions, a missing folder.
    #[error("the store cannot be opened: {reason}")]
    Unusable {
        /// What the system said.
        reason: String,
    },
}

/// What to do with a store that has not kept its promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lost {
    /// Say so, and open nothing.
    Refuse,
    /// Open it, and leave the promises as they are for now.
    Accept,
}

/// A failure below the engine: the transaction is gone, what was committed before is kept.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite failed.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A row says something that no row of ours says.
    #[error("a row of {table} is damaged: {reason}")]
    Damaged {
        /// The table.
        table: &'static str,
        /// What is wrong.
        reason: String,
    },
}

impl StoreError {
    pub(crate) fn damaged(table: &'static str, reason: impl ToString) -> Self {
        Self::Damaged {
            table,
            reason: reason.to_string(),
        }
    }
}

pub(crate) type Result<T> = std::result::Result<T, StoreError>;

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

    /// The writing connection, to read with. Between turns it shows what is committed.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.own
    }

    /// The whole database as one blob, as it is committed now.
    pub fn image(&mut self) -> std::result::Result<Vec<u8>, StoreError> {
        Ok(self.own.connection.serialize("main")?.to_vec())
    }

    fn prepare(
        mut connection: Connection,
        lock: Option<StoreLock>,
    ) -> std::result::Result<Self, OpenError> {
        check_identity(&connection)?;
        set_pragmas(&connection, Role::Writer).map_err(open_error)?;
        migrations::migrate(&mut connection)?;
        Ok(Self {
            own: Reader { connection },
            _lock: lock,
            marker: None,
            durability: Durability::Normal,
            vault: None,
        })
    }

    /// Begins the one transaction of a turn. SQLite refuses to change `synchronous` inside a
    /// transaction, so the durability is chosen here.
    pub(crate) fn begin(&mut self, durability: Durability) -> Result<Transaction<'_>> {
        if durability != self.durability {
            let level = match durability {
                Durability::Normal => "NORMAL",
                Durability::Full => "FULL",
            };
            self.own
                .connection
                .pragma_update(None, "synchronous", level)?;
            self.durability = durability;
        }
        Ok(self
            .own
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?)
    }
}

/// A connection to read with. One that was opened for reading can never write, and never waits for
/// the writer.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
}

impl Reader {
    /// Opens a reading connection to the store at `path`, which a [`Store`] has open.
    pub fn open(path: &Path) -> std::result::Result<Self, StoreError> {
        let connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        set_pragmas(&connection, Role::Reader)?;
        Ok(Self { connection })
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Writer,
    Reader,
}

/// The one place where PRAGMAs are set; a test asserts them on each kind of connection.
fn set_pragmas(connection: &Connection, role: Role) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    search::define(connection)?;
    if role == Role::Writer {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        // Apple's fsync does not reach the disk; this one does. No effect elsewhere.
        connection.pragma_update(None, "fullfsync", true)?;
    }
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cell_size_check", true)?;
    // Plans do not depend on the values that are bound; otherwise SQLite compiles most statements
    // anew for each value, which takes longer than running them.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(128);
    if role == Role::Reader {
        connection.pragma_update(None, "query_only", true)?;
    }
    Ok(())
}

/// Reads the header before anything is written to the file.
fn check_identity(connection: &Connection) -> std::result::Result<(), OpenError> {
    let number = |name: &str| -> std::result::Result<i64, OpenError> {
        connection
            .pragma_query_value(None, name, |row| row.get(0))
            .map_err(open_error)
    };
    let application = number("application_id")?;
    let version = number("user_version")?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(open_error)?;
    if tables > 0 && application != i64::from(APPLICATION_ID) {
        return Err(OpenError::NotAStore);
    }
    if version > migrations::NEWEST {
        return Err(OpenError::NewerVersion {
            found: version,
            known: migrations::NEWEST,
        });
    }
    Ok(())
}

/// What a failure of SQLite means to somebody who opens a store.
pub(crate) fn open_error(error: rusqlite::Error) -> OpenError {
    let reason = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => OpenError::Corrupt { reason },
        Some(ErrorCode::DiskFull) => OpenError::DiskFull,
        _ if error.sqlite_error().map(|error| error.extended_code) == Some(SHM_HAS_NO_SPACE) => {
            OpenError::DiskFull
        }
        _ => OpenError::Unusable { reason },
    }
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Sqlite(error) => open_error(error),
            StoreError::Damaged { .. } => Self::Corrupt {
                reason: error.to_string(),
            },
        }
    }
}

#[cfg(test)]
mod tests;

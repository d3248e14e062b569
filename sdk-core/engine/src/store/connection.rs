//! Connections to the file of a store: how each is set up, and whose file it is.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::{OpenError, StoreError, open_error};
use super::{migrations, search};
use crate::defects::{self, Defect};

/// What a power cut may take back of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Durability {
    /// The newest transactions may vanish with the power, never half of one. For the cache.
    Normal,
    /// Nothing. For the outbox and the session.
    Full,
}

impl Durability {
    /// What SQLite calls it.
    pub(super) fn level(self) -> &'static str {
        match self {
            Self::Normal => "NORMAL",
            Self::Full => "FULL",
        }
    }
}

/// A connection to read with. One that was opened for reading can never write, and never waits for
/// the writer.
#[derive(Debug)]
pub struct Reader {
    pub(super) connection: Connection,
}

impl Reader {
    /// Opens a reading connection to the store at `path`, which the engine has open.
    pub fn open(path: &Path) -> std::result::Result<Self, StoreError> {
        let connection = Self::connect(path)?;
        set_pragmas(&connection, Role::Reader)?;
        // Nothing was opened yet: that happens with the first query.
        connection.pragma_query_value(None, "schema_version", |row| row.get::<_, i64>(0))?;
        Ok(Self { connection })
    }

    pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
        Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
    }

    /// How many rows this connection has written since it was opened: while the number stays, and nobody else
    /// writes, every query gives what it gave before.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.connection.total_changes()
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Writer,
    Reader,
}

/// The one place where PRAGMAs are set; a test asserts them on each kind of connection.
pub(super) fn set_pragmas(connection: &Connection, role: Role) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    search::define(connection)?;
    if role == Role::Writer {
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        // Apple's fsync does not reach the disk; this one does. No effect elsewhere.
        connection.pragma_update(None, "fullfsync", true)?;
        // What is deleted is overwritten: no text stays in the file that somebody deleted or signed out from.
        connection.pragma_update(
            None,
            "secure_delete",
            !defects::active(Defect::ShallowDelete),
        )?;
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

/// Reads the header before anything is written to the file. Gives the version of the store, 0 for a new one.
pub(super) fn check_identity(connection: &Connection) -> std::result::Result<i64, OpenError> {
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
    if tables > 0 && application != i64::from(migrations::APPLICATION_ID) {
        return Err(OpenError::NotAStore);
    }
    if version > migrations::NEWEST {
        return Err(OpenError::NewerVersion {
            found: version,
            known: migrations::NEWEST,
        });
    }
    Ok(version)
}

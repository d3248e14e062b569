//! What can go wrong with the file of a store, and with its rows.

use std::path::PathBuf;

use fulmar_protocol::UserId;
use rusqlite::ErrorCode;

/// SQLite's `SQLITE_IOERR_SHMSIZE`: there is no space for the memory that connections share.
const SHM_HAS_NO_SPACE: i32 = rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

/// Why a store could not be opened. The file is as it was, whatever the reason.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another client has it open, in this process or another.
    #[error("{path} is already open: close the other client first")]
    AlreadyOpen {
        /// The path of the store.
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
    /// There is no space left. A store that is there and of this version can be read all the same; this one is new,
    /// or has to be brought to this version first.
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
        /// The path of the store.
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
    /// Whether it failed for want of space.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Sqlite(error) => is_disk_full(error),
            Self::Damaged { .. } => false,
        }
    }

    pub(crate) fn damaged(table: &'static str, reason: impl ToString) -> Self {
        Self::Damaged {
            table,
            reason: reason.to_string(),
        }
    }
}

pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// What a failure of SQLite means to somebody who opens a store.
pub(crate) fn open_error(error: rusqlite::Error) -> OpenError {
    let reason = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => OpenError::Corrupt { reason },
        _ if is_disk_full(&error) => OpenError::DiskFull,
        _ => OpenError::Unusable { reason },
    }
}

fn is_disk_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
        || error.sqlite_error().map(|error| error.extended_code) == Some(SHM_HAS_NO_SPACE)
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

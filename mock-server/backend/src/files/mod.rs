//! Files: how they come, who may have them, and which messages carry them (PROTOCOL.md §4.7, §7.10).
//!
//! It owns the tables `file`, `file_part` and `attached`. It does not know what a message says, and
//! never gives a file to a user who neither uploaded it nor sees a message that carries it.

mod attachments;
mod upload;

use std::ops::Range;
use std::time::Duration;

use fulmar_protocol::{Code, FileId, UserId};

pub(crate) use upload::Upload;

use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::store::files::{self, File, write};
use crate::tx::Tx;

/// How long a file is kept that no message carries.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// How many files of a user no message carries.
const MOST_WAITING: u64 = 1_000;

/// The files.
pub(crate) struct Files {
    /// The largest file, in bytes.
    most_bytes: u64,
    /// The most that a user has here, in bytes.
    most_stored: u64,
}

impl Files {
    pub(crate) fn new(most_bytes: u64, most_stored: u64) -> Self {
        Self {
            most_bytes,
            most_stored,
        }
    }

    pub(crate) fn most_bytes(&self) -> u64 {
        self.most_bytes
    }

    /// A whole file that this user may have.
    pub(crate) fn find(&self, tx: &Tx<'_>, user: &UserId, id: &FileId) -> Result<File> {
        let file = files::find(tx.db(), id, tx.now())?
            .filter(File::is_whole)
            .ok_or_else(no_such_file)?;
        let mine = file.owner.as_ref() == Some(user) || active(Defect::FilesForAll);
        if mine || files::is_shown_to(tx.db(), id, user)? {
            Ok(file)
        } else {
            Err(no_such_file())
        }
    }

    pub(crate) fn bytes(&self, tx: &Tx<'_>, file: &File, range: Range<u64>) -> Result<Vec<u8>> {
        let mut found = Vec::new();
        files::read(tx.db(), &file.id, range.start, range.end, |bytes| {
            found.extend_from_slice(bytes);
        })?;
        Ok(found)
    }

    /// Forgets what this user uploaded and no message carries.
    pub(crate) fn delete_unattached(&self, tx: &mut Tx<'_>, user: &UserId) -> Result<()> {
        write::delete_unattached(tx.db(), user)
    }

    /// Forgets what no message carries, where its time is over.
    pub(crate) fn delete_expired(&self, tx: &mut Tx<'_>) -> Result<()> {
        write::delete_expired(tx.db(), tx.now())
    }
}

pub(crate) fn no_such_file() -> Error {
    Error::refused(
        Code::FileNotFound,
        "There is no such file, or not all of it",
    )
}

#[cfg(test)]
mod tests;

//! Uploads: begun, continued where they stand, ended.

use fulmar_protocol::{Code, ContentHash, FileId, Problem, UserId};
use sha2::{Digest as _, Sha256};

use super::{Files, KEPT, MOST_WAITING, no_such_file};
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::store::files::{self, File, write};
use crate::tx::Tx;

/// What became of an upload.
#[derive(Debug)]
pub(crate) enum Upload {
    /// It has come so far.
    Stands(File),
    /// All bytes came, and they are not what was announced. Nothing of it is left.
    Damaged,
}

impl Files {
    pub(crate) fn begin_upload(
        &self,
        tx: &mut Tx<'_>,
        user: &UserId,
        size: u64,
        sha256: Option<ContentHash>,
    ) -> Result<Upload> {
        if size > self.most_bytes && !active(Defect::AnyFileSize) {
            return Err(Error::Refused(
                Problem::new(Code::RequestTooLarge, "The file is too large")
                    .with_detail(format!("at most {} bytes", self.most_bytes)),
            ));
        }
        self.check_room(tx, user, size)?;
        let file = File {
            id: FileId::new(tx.entropy().id("f-"))?,
            owner: Some(user.clone()),
            size,
            received: 0,
            sha256,
            expires_at: Some(tx.now().plus(KEPT)),
        };
        write::insert(tx.db(), &file)?;
        self.check_whole(tx, file)
    }

    /// Refuses what is more than the server keeps for one user, counted from when it is announced.
    fn check_room(&self, tx: &Tx<'_>, user: &UserId, size: u64) -> Result<()> {
        let there = files::storage(tx.db(), user)?;
        let bytes = there.bytes.saturating_add(size);
        if bytes <= self.most_stored && there.waiting < MOST_WAITING {
            return Ok(());
        }
        Err(Error::Refused(
            Problem::new(Code::StorageFull, "There is no room for more files").with_detail(
                format!(
                    "at most {} bytes, and {MOST_WAITING} files that no message carries",
                    self.most_stored
                ),
            ),
        ))
    }

    /// An upload of this user.
    pub(crate) fn find_upload(&self, tx: &Tx<'_>, user: &UserId, id: &FileId) -> Result<File> {
        files::find(tx.db(), id, tx.now())?
            .filter(|file| file.owner.as_ref() == Some(user) || active(Defect::UploadsOfOthers))
            .ok_or_else(no_such_file)
    }

    pub(crate) fn continue_upload(
        &self,
        tx: &mut Tx<'_>,
        user: &UserId,
        id: &FileId,
        offset: u64,
        bytes: &[u8],
    ) -> Result<Upload> {
        let file = self.find_upload(tx, user, id)?;
        let fits = bytes.len() as u64 <= file.size - file.received;
        let follows = offset == file.received || active(Defect::TakesBytesAnywhere);
        if !follows || !fits {
            return Err(Error::Refused(
                Problem::new(Code::UploadConflict, "These bytes do not belong there")
                    .with_detail(format!("{} of {} are there", file.received, file.size)),
            ));
        }
        if file.expires_at.is_some() {
            write::append(tx.db(), &file, bytes, tx.now().plus(KEPT))?;
        }
        let file = self.find_upload(tx, user, id)?;
        self.check_whole(tx, file)
    }

    /// Gives an upload up.
    pub(crate) fn end_upload(&self, tx: &mut Tx<'_>, user: &UserId, id: &FileId) -> Result<()> {
        let file = self.find_upload(tx, user, id)?;
        if file.expires_at.is_none() {
            return Err(Error::invalid(
                "A message carries this file: delete the message",
            ));
        }
        write::delete(tx.db(), id)
    }

    /// A file that is whole has to be what was announced.
    fn check_whole(&self, tx: &mut Tx<'_>, file: File) -> Result<Upload> {
        if !file.is_whole() {
            return Ok(Upload::Stands(file));
        }
        let mut hash = Sha256::new();
        files::read(tx.db(), &file.id, 0, file.size, |bytes| {
            hash.update(bytes);
        })?;
        let found = ContentHash::from_bytes(hash.finalize().into());
        let damaged = file.sha256.is_some_and(|announced| announced != found);
        if damaged && !active(Defect::TakesDamaged) {
            write::delete(tx.db(), &file.id)?;
            return Ok(Upload::Damaged);
        }
        write::set_hash(tx.db(), &file.id, found)?;
        Ok(Upload::Stands(file))
    }
}

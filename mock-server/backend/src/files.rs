//! Files: how they come, who may have them, and what messages carry (PROTOCOL.md §4.7, §7.10).

use std::ops::Range;
use std::time::Duration;

use fulmar_protocol::{Attachment, Code, ContentHash, FileId, Problem, UserId};
use sha2::{Digest as _, Sha256};

use crate::store::files::{self, File};
use crate::{Error, Result, Scope};

/// How long a file is kept that no message carries.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// How far an upload has come.
pub(crate) enum Continued {
    /// So many bytes are there.
    Upto(File),
    /// All of them came, and they are not what was announced.
    Damaged,
}

impl Scope<'_, '_> {
    pub(crate) fn begin_upload(
        &mut self,
        user: &UserId,
        size: u64,
        sha256: Option<ContentHash>,
    ) -> Result<Continued> {
        if size > self.config.limits.file_bytes {
            return Err(Error::Refused(
                Problem::new(Code::RequestTooLarge, "The file is too large")
                    .with_detail(format!("at most {} bytes", self.config.limits.file_bytes)),
            ));
        }
        let file = File {
            id: FileId::new(self.tx.entropy().id("f-"))?,
            owner: Some(user.clone()),
            size,
            received: 0,
            sha256,
            expires_at: Some(self.tx.now().plus(KEPT)),
        };
        files::write::insert(self.tx.db(), &file)?;
        self.settle_upload(file)
    }

    /// An upload of this user, as far as it has come.
    pub(crate) fn upload(&self, user: &UserId, id: &FileId) -> Result<File> {
        files::find(self.tx.db(), id, self.tx.now())?
            .filter(|file| file.owner.as_ref() == Some(user))
            .ok_or_else(no_such_file)
    }

    pub(crate) fn continue_upload(
        &mut self,
        user: &UserId,
        id: &FileId,
        offset: u64,
        bytes: &[u8],
    ) -> Result<Continued> {
        let file = self.upload(user, id)?;
        let fits = bytes.len() as u64 <= file.size - file.received;
        if offset != file.received || !fits {
            return Err(Error::Refused(
                Problem::new(Code::UploadConflict, "These bytes do not belong there")
                    .with_detail(format!("{} of {} are there", file.received, file.size)),
            ));
        }
        if file.expires_at.is_some() {
            files::write::append(self.tx.db(), &file, bytes, self.tx.now().plus(KEPT))?;
        }
        self.settle_upload(self.upload(user, id)?)
    }

    /// A file that is whole has to be what was announced.
    fn settle_upload(&self, file: File) -> Result<Continued> {
        if !file.is_whole() {
            return Ok(Continued::Upto(file));
        }
        let mut hash = Sha256::new();
        files::read(self.tx.db(), &file.id, 0, file.size, |bytes| {
            hash.update(bytes);
        })?;
        let found = ContentHash::from_bytes(hash.finalize().into());
        if file.sha256.is_some_and(|announced| announced != found) {
            files::write::delete(self.tx.db(), &file.id)?;
            return Ok(Continued::Damaged);
        }
        files::write::set_hash(self.tx.db(), &file.id, found)?;
        Ok(Continued::Upto(file))
    }

    pub(crate) fn end_upload(&self, user: &UserId, id: &FileId) -> Result<()> {
        let file = self.upload(user, id)?;
        if file.expires_at.is_none() {
            return Err(Error::refused(
                Code::UploadConflict,
                "A message carries this file: delete the message",
            ));
        }
        files::write::delete(self.tx.db(), id)
    }

    /// A whole file that this user may have.
    pub(crate) fn file(&self, user: &UserId, id: &FileId) -> Result<File> {
        let file = files::find(self.tx.db(), id, self.tx.now())?
            .filter(File::is_whole)
            .ok_or_else(no_such_file)?;
        match file.owner.as_ref() == Some(user) || files::is_shown_to(self.tx.db(), id, user)? {
            true => Ok(file),
            false => Err(no_such_file()),
        }
    }

    pub(crate) fn bytes_of(&self, file: &File, range: Range<u64>) -> Result<Vec<u8>> {
        let mut found = Vec::new();
        files::read(self.tx.db(), &file.id, range.start, range.end, |bytes| {
            found.extend_from_slice(bytes);
        })?;
        Ok(found)
    }

    /// Whether a message of this user may carry these files.
    pub(crate) fn check_attachments(
        &self,
        user: &UserId,
        attachments: &[Attachment],
    ) -> Result<()> {
        let invalid = |title: &str| Error::refused(Code::ParamsInvalid, title);
        if attachments.len() > Attachment::MOST {
            return Err(invalid("A message has at most 10 attachments"));
        }
        for attachment in attachments {
            if let Some(fault) = attachment.fault() {
                return Err(invalid(fault));
            }
            let file = self.upload(user, &attachment.file_id)?;
            if !file.is_whole() {
                return Err(no_such_file());
            }
            if attachment.size != file.size || Some(attachment.sha256) != file.sha256 {
                return Err(invalid("The file has another size or hash"));
            }
        }
        Ok(())
    }
}

pub(crate) fn no_such_file() -> Error {
    Error::refused(
        Code::FileNotFound,
        "There is no such file, or not all of it",
    )
}

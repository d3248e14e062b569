//! Which messages carry which files.

use fulmar_protocol::{Attachment, Message, MessageId, UserId};

use super::{Files, no_such_file};
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::store::files::{self, write};
use crate::tx::Tx;

impl Files {
    /// Refuses files that a message of this user may not carry.
    pub(crate) fn check_attachments(
        &self,
        tx: &Tx<'_>,
        user: &UserId,
        attachments: &[Attachment],
    ) -> Result<()> {
        if attachments.len() > Attachment::MOST && !active(Defect::ManyAttachments) {
            return Err(Error::invalid("A message has at most 10 attachments"));
        }
        for attachment in attachments {
            if let Some(fault) = attachment.fault()
                && !active(Defect::AnyAttachment)
            {
                return Err(Error::invalid(fault));
            }
            let id = &attachment.file_id;
            let file = if active(Defect::AttachesOfOthers) {
                files::find(tx.db(), id, tx.now())?.ok_or_else(no_such_file)?
            } else {
                self.find_upload(tx, user, id)?
            };
            if active(Defect::AttachesParts) && !file.is_whole() {
                continue;
            }
            if !file.is_whole() {
                return Err(no_such_file());
            }
            let size = attachment.size == file.size || active(Defect::AnySize);
            let hash = Some(attachment.sha256) == file.sha256 || active(Defect::AnyHash);
            if !size || !hash {
                return Err(Error::invalid("The file has another size or hash"));
            }
        }
        Ok(())
    }

    /// From now on this message carries its files, so they stay.
    pub(crate) fn attach(&self, tx: &mut Tx<'_>, message: &Message) -> Result<()> {
        for attachment in &message.content.attachments {
            write::attach(tx.db(), &message.message_id, &attachment.file_id)?;
        }
        Ok(())
    }

    /// A message carries nothing any more. Files that no other one carries go.
    pub(crate) fn detach(&self, tx: &mut Tx<'_>, message: &MessageId) -> Result<()> {
        write::detach(tx.db(), message)
    }
}

//! Files of which a part has come: they are called like the hash of the whole, and `.part`.

use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use fulmar_protocol::ContentHash;

use super::{Files, hash};

/// How the name of a file ends that is not whole.
pub(super) const PART: &str = ".part";

/// What became of a part that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Appended {
    /// So many bytes are here now.
    Upto(u64),
    /// What came before it is not here any more.
    Lost,
    /// All of it was here, and was something else; nothing of it was kept.
    Damaged,
}

impl Files {
    fn part_of(&self, content: ContentHash) -> PathBuf {
        self.folder.join(format!("{content}{PART}"))
    }

    /// How much of a file has come.
    pub(crate) fn received(&self, content: ContentHash) -> u64 {
        fs::metadata(self.part_of(content)).map_or(0, |found| found.len())
    }

    /// Puts what came where it belongs. The last part makes it a file.
    pub(crate) fn append(
        &self,
        content: ContentHash,
        size: u64,
        offset: u64,
        bytes: &[u8],
    ) -> io::Result<Appended> {
        self.make_folder()?;
        let path = self.part_of(content);
        let mut part = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        if part.metadata()?.len() < offset {
            return Ok(Appended::Lost);
        }
        part.seek(SeekFrom::Start(offset))?;
        part.write_all(bytes)?;
        let received = offset.saturating_add(bytes.len() as u64);
        if received < size {
            return Ok(Appended::Upto(received));
        }
        part.set_len(size)?;
        part.seek(SeekFrom::Start(0))?;
        let (found, _) = hash(&mut part, |_| Ok(()))?;
        if found != content {
            fs::remove_file(&path)?;
            return Ok(Appended::Damaged);
        }
        part.sync_data()?;
        fs::rename(&path, self.path_of(content))?;
        Ok(Appended::Upto(size))
    }
}

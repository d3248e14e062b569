//! Files that are taken over: copied, called by their hash, and on the disk for good.

use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use fulmar_protocol::ContentHash;

use super::{Files, hash};
use crate::clock;

/// How the name of a file begins that is being copied.
pub(super) const INCOMING: &str = "incoming-";

/// Where the bytes of a file come from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Path(PathBuf),
    Bytes(Vec<u8>),
}

/// Why a file was not taken over. Nothing of it is here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    /// It has more bytes than it may have.
    #[error("it has more than {most} bytes")]
    TooLarge {
        /// How many it may have.
        most: u64,
    },
    /// The client ended meanwhile.
    #[error("the client is closed")]
    Closed,
    /// It is no file, or the disk did not do its part.
    #[error(transparent)]
    Disk(#[from] io::Error),
}

impl Files {
    /// Takes a file of at most so many bytes over: a copy of it is on the disk when this returns, durably, and
    /// belongs to us. How large it is is looked at first, and then again while it is copied, because it may
    /// grow.
    pub(crate) fn import(
        &self,
        source: &Source,
        most: u64,
    ) -> Result<(ContentHash, u64), ImportError> {
        let mut original: Box<dyn Read> = match source {
            Source::Path(path) => {
                let file = open_file(path)?;
                check_size(file.metadata()?.len(), most)?;
                Box::new(file)
            }
            Source::Bytes(bytes) => {
                check_size(bytes.len() as u64, most)?;
                Box::new(bytes.as_slice())
            }
        };
        self.make_folder()?;
        let random =
            clock::random::<8>().ok_or_else(|| io::Error::other("the system has no randomness"))?;
        let name = format!("{INCOMING}{:016x}", u64::from_ne_bytes(random));
        let incoming = self.folder.join(name);
        let imported = self.import_as(&mut original, most, &incoming);
        if imported.is_err() {
            // What is left of it goes at the next start, if not now.
            let _ = fs::remove_file(&incoming);
        }
        imported
    }

    fn import_as(
        &self,
        original: &mut dyn Read,
        most: u64,
        incoming: &Path,
    ) -> Result<(ContentHash, u64), ImportError> {
        let mut copy = File::create_new(incoming)?;
        let mut bounded = original.take(most.saturating_add(1));
        let copied = hash(&mut bounded, |block| {
            if self.closed.load(Ordering::Acquire) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            copy.write_all(block)
        });
        let (content, size) = match copied {
            Err(_) if self.closed.load(Ordering::Acquire) => return Err(ImportError::Closed),
            copied => copied?,
        };
        check_size(size, most)?;
        copy.sync_all()?;
        fs::rename(incoming, self.path_of(content))?;
        sync_folder(&self.folder)?;
        Ok((content, size))
    }
}

fn check_size(size: u64, most: u64) -> Result<(), ImportError> {
    if size > most {
        return Err(ImportError::TooLarge { most });
    }
    Ok(())
}

/// Folders, pipes and devices are no files that could be taken over. Nothing is waited for: a pipe has another
/// end, and opening a device may do something.
fn open_file(path: &Path) -> io::Result<File> {
    let check = |found: fs::Metadata| {
        if found.is_file() {
            return Ok(());
        }
        let kind = io::ErrorKind::InvalidInput;
        Err(io::Error::new(kind, "that is not a file"))
    };
    check(fs::metadata(path)?)?;
    let file = open_without_waiting(path)?;
    // The path may lead to something else by now.
    check(file.metadata()?)?;
    Ok(file)
}

#[cfg(unix)]
fn open_without_waiting(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    let flags = rustix::fs::OFlags::NONBLOCK.bits();
    // A flag of the system's fits into its own type.
    let flags = i32::try_from(flags).unwrap_or_default();
    File::options().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open_without_waiting(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// A name is only durable once its folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be opened, and names are the file system's business.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

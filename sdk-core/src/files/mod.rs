//! Files of messages on this device's disk, in a folder beside the store, each called like the hash of what
//! is in it: so nothing is kept twice, and what is there is what it should be.
//!
//! This room reads and writes files and decides nothing: the engine knows which are to go up or come, and
//! which of them are nowhere else. It must never touch the network.

mod cache;
mod import;
mod partial;

use std::fs::{self, File};
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use fulmar_protocol::ContentHash;
use ring::digest::{Context, SHA256};
use tokio::sync::{RwLock, RwLockReadGuard};

pub(crate) use import::{ImportError, Source};
pub(crate) use partial::Appended;

/// How much is read at once.
const BLOCK: usize = 64 * 1024;

/// The folder of one store.
#[derive(Debug)]
pub(crate) struct Files {
    folder: PathBuf,
    /// Held while a file is here that no row speaks of yet.
    handover: RwLock<()>,
    /// Whether the client ends, so that nobody waits for a copy any more.
    closed: AtomicBool,
}

impl Files {
    /// The files of the store at `path`, whatever links lead to it. Touches nothing.
    pub(crate) fn beside(store: &Path) -> Self {
        // A store whose folder is not there cannot be opened, so it has no files either.
        let real = fulmar_engine::real_path(store).unwrap_or_else(|_| store.to_owned());
        let mut folder = real.into_os_string();
        folder.push(".files");
        Self {
            folder: folder.into(),
            handover: RwLock::new(()),
            closed: AtomicBool::new(false),
        }
    }

    /// The client ends: copies that are under way break off.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// As long as this is held, no file is evicted. It is held from the copy of a file until the commit of
    /// the message that carries it.
    pub(crate) async fn handover(&self) -> RwLockReadGuard<'_, ()> {
        self.handover.read().await
    }

    fn path_of(&self, content: ContentHash) -> PathBuf {
        self.folder.join(content.to_string())
    }

    /// Where a file is, when all of it is here; it counts as used now.
    pub(crate) fn find(&self, content: ContentHash) -> Option<PathBuf> {
        let path = self.path_of(content);
        let file = File::options().append(true).open(&path).ok()?;
        // Only the order in which files go depends on it.
        let _ = file.set_modified(SystemTime::now());
        Some(path)
    }

    /// A part of a file that is here; `None` when it is not.
    pub(crate) fn read(
        &self,
        content: ContentHash,
        offset: u64,
        length: u64,
    ) -> io::Result<Option<Vec<u8>>> {
        let mut file = match File::open(self.path_of(content)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes)?;
        Ok((bytes.len() as u64 == length).then_some(bytes))
    }

    /// Nobody is signed in: nothing stays.
    pub(crate) fn clear(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn make_folder(&self) -> io::Result<()> {
        fs::create_dir_all(&self.folder)
    }
}

/// The hash and the length of what is read, which `take` gets block by block.
fn hash(
    from: &mut dyn Read,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<(ContentHash, u64)> {
    let mut digest = Context::new(&SHA256);
    let mut block = vec![0; BLOCK];
    let mut size = 0;
    loop {
        let count = match from.read(&mut block) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        digest.update(&block[..count]);
        take(&block[..count])?;
        size += count as u64;
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.finish().as_ref());
    Ok((ContentHash::from_bytes(bytes), size))
}

#[cfg(test)]
mod tests;

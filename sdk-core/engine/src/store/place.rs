//! Where a store is: its one real name, and whether SQLite can live there.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::OpenError;

/// The blocks in which SQLite takes space for the memory that its connections share (`-shm`). It writes one
/// byte of each: where the file system's blocks are smaller, the rest has no space yet, and when the disk is
/// full, writing there ends the process with SIGBUS.
const SHARED_BLOCK: u64 = 4_096;
/// How many symbolic links lead from one to the next at most, as on Linux.
const MOST_LINKS: u32 = 40;
/// How much is written to learn whether a disk is full: as much as SQLite's `-shm` begins with.
const PROBE_BYTES: usize = 32 * 1024;

/// The one name of a store, whatever symbolic links lead to it: what is kept beside a store, its lock among
/// it, is named after this. The file need not exist, but its folder must.
pub fn real_path(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let folder = fs::canonicalize(folder)?;
        let Some(name) = path.file_name() else {
            return fs::canonicalize(&path);
        };
        let named = folder.join(name);
        match fs::read_link(&named) {
            // Also one that leads to nothing yet: SQLite makes the file there.
            Ok(target) => path = folder.join(target),
            // As the file system writes it, where it takes upper and lower case for the same.
            Err(_) if named.exists() => return fs::canonicalize(&named),
            Err(_) => return Ok(named),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

pub(super) fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Whether there is nothing in the file, or no file. SQLite deletes the log beside such a one as soon as it reads
/// it.
pub(super) fn is_empty(real: &Path) -> bool {
    fs::metadata(real).map_or(true, |about| about.len() == 0)
}

/// Whether SQLite can live with the file and its file system. Opens neither, because closing a file gives up
/// the locks that this process has on it.
pub(super) fn check(real: &Path) -> Result<(), OpenError> {
    let facts = Facts::of(real).map_err(|error| unusable(real, &error))?;
    judge(real, &facts)
}

fn judge(real: &Path, facts: &Facts) -> Result<(), OpenError> {
    if facts.names > 1 {
        return Err(OpenError::HardLinked {
            path: real.to_owned(),
        });
    }
    if facts.block_bytes < SHARED_BLOCK {
        return Err(OpenError::SmallBlocks {
            found: facts.block_bytes,
            needed: SHARED_BLOCK,
        });
    }
    Ok(())
}

#[derive(Debug)]
struct Facts {
    /// How many names the file has.
    names: u64,
    /// The block of the file system.
    block_bytes: u64,
}

impl Facts {
    #[cfg(unix)]
    fn of(real: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let (about, names) = match fs::metadata(real) {
            Ok(about) if about.is_file() => (about.clone(), about.nlink()),
            Ok(about) => (about, 1),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                (fs::metadata(real.parent().unwrap_or(real))?, 1)
            }
            Err(error) => return Err(error),
        };
        Ok(Self {
            names,
            block_bytes: about.blksize(),
        })
    }

    /// Elsewhere the standard library does not tell.
    #[cfg(not(unix))]
    fn of(_: &Path) -> io::Result<Self> {
        Ok(Self {
            names: 1,
            block_bytes: SHARED_BLOCK,
        })
    }
}

/// What a failure of the system means to somebody who opens a store.
pub(super) fn unusable(path: &Path, error: &io::Error) -> OpenError {
    match is_full(error) {
        true => OpenError::DiskFull,
        false => OpenError::Unusable {
            reason: format!("{}: {error}", path.display()),
        },
    }
}

/// SQLite does not say of all failures that the disk is full: asks the disk.
pub(super) fn explain(real: &Path, error: OpenError) -> OpenError {
    if let OpenError::Unusable { .. } = error
        && probe(real).is_err_and(|error| is_full(&error))
    {
        OpenError::DiskFull
    } else {
        error
    }
}

fn probe(real: &Path) -> io::Result<()> {
    let path = suffixed(real, ".probe");
    let mut file = fs::File::create(&path)?;
    let written = file.write_all(&[0; PROBE_BYTES]);
    fs::remove_file(&path)?;
    written
}

/// No space, or none for us: a quota, or a limit for the files of this process.
fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    )
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::store::{Store, StoreLock};

    fn is_open(path: &Path) -> bool {
        matches!(Store::open(path), Err(OpenError::AlreadyOpen { .. }))
    }

    #[test]
    fn a_store_is_locked_by_whatever_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("real")).unwrap();
        symlink(at("real"), at("folder")).unwrap();
        // A link to a file that is not there yet, and one to that link.
        symlink("real/a.db", at("link")).unwrap();
        symlink("link", at("link to link")).unwrap();
        let store = Store::open(&at("link")).unwrap();
        assert!(at("real/a.db").exists());
        for name in [
            "link",
            "link to link",
            "real/a.db",
            "folder/a.db",
            "real/../real/a.db",
        ] {
            assert!(is_open(&at(name)), "{name}");
            assert!(StoreLock::take(&at(name)).is_err(), "{name}");
        }
        drop(store);
        Store::open(&at("folder/a.db")).unwrap();
    }

    #[test]
    fn a_circle_of_links_is_no_store() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        symlink("b", at("a")).unwrap();
        symlink("a", at("b")).unwrap();
        assert!(matches!(
            Store::open(&at("a")),
            Err(OpenError::Unusable { .. })
        ));
    }

    #[test]
    fn a_store_with_a_second_name_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        drop(Store::open(&at("a.db")).unwrap());
        fs::hard_link(at("a.db"), at("b.db")).unwrap();
        let before = fs::read(at("a.db")).unwrap();
        for name in ["a.db", "b.db"] {
            assert!(matches!(
                Store::open(&at(name)),
                Err(OpenError::HardLinked { .. })
            ));
        }
        assert_eq!(fs::read(at("a.db")).unwrap(), before);
        fs::remove_file(at("b.db")).unwrap();
        Store::open(&at("a.db")).unwrap();
    }

    #[test]
    fn small_blocks_are_refused() {
        let blocks = |block_bytes| {
            let facts = Facts {
                names: 1,
                block_bytes,
            };
            judge(Path::new("a.db"), &facts)
        };
        assert!(blocks(4_096).is_ok() && blocks(65_536).is_ok());
        assert!(matches!(
            blocks(1_024),
            Err(OpenError::SmallBlocks {
                found: 1_024,
                needed: 4_096
            })
        ));
    }

    #[test]
    fn a_full_disk_is_called_that() {
        let full = io::Error::from(ErrorKind::StorageFull);
        assert!(matches!(
            unusable(Path::new("a"), &full),
            OpenError::DiskFull
        ));
        let folder = tempfile::tempdir().unwrap();
        let other = OpenError::Unusable {
            reason: "other".to_owned(),
        };
        let path = folder.path().join("a.db");
        assert!(matches!(explain(&path, other), OpenError::Unusable { .. }));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

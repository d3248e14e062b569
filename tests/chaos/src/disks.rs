//! The disks on which stores and the database are: folders, and file systems of their own that can be full. What this
//! machine does not allow is said, never passed over.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::trouble::{Outcome, Trouble, machine};

/// How large a disk is that can be full.
const MEBIBYTES: u64 = 24;
/// What takes the space on it.
const FILLER: &str = "filler";
/// A client looks twice a second whether its store can be written again; it has this time on a machine that is busy.
const NOTICED: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Of the machine's own disk, which nobody fills.
    Folder,
    Tmpfs,
    Ext4,
    /// The same with blocks of 1 KiB. On a full one SQLite writes memory that has no block, and the system ends the
    /// process; so the SDK opens no store there.
    SmallBlocks,
}

impl Kind {
    const MOUNTED: [Self; 3] = [Self::Tmpfs, Self::Ext4, Self::SmallBlocks];

    fn name(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Tmpfs => "tmpfs",
            Self::Ext4 => "ext4",
            Self::SmallBlocks => "ext4 with blocks of 1 KiB",
        }
    }

    /// Whether the SDK opens a store there.
    pub(crate) fn takes_stores(self) -> bool {
        match self {
            Self::Folder | Self::Tmpfs | Self::Ext4 => true,
            Self::SmallBlocks => false,
        }
    }
}

/// Which kinds there are here, and what is to be said about the others.
pub(crate) fn probe(folder: &Path) -> (Vec<Kind>, Vec<String>) {
    let (mut kinds, mut missing) = (vec![Kind::Folder], Vec::new());
    for kind in Kind::MOUNTED {
        match Disk::new(&folder.join("probe"), kind) {
            Ok(_) => kinds.push(kind),
            Err(trouble) => missing.push(format!(
                "no disks that fill up on {}: {trouble}",
                kind.name()
            )),
        }
    }
    (kinds, missing)
}

/// Is unmounted when it is dropped; whatever is on it is gone then.
#[derive(Debug)]
pub(crate) struct Disk {
    pub(crate) folder: PathBuf,
    pub(crate) kind: Kind,
    pub(crate) is_full: bool,
    freed: Option<Instant>,
}

impl Disk {
    pub(crate) fn new(folder: &Path, kind: Kind) -> Outcome<Self> {
        fs::create_dir_all(folder).map_err(machine)?;
        let size = format!("size={MEBIBYTES}m");
        match kind {
            Kind::Folder => {}
            Kind::Tmpfs => run("mount", &["-t", "tmpfs", "-o", &size, "tmpfs"], &[folder])?,
            Kind::Ext4 => mount_ext4(folder, "4096")?,
            Kind::SmallBlocks => mount_ext4(folder, "1024")?,
        }
        Ok(Self {
            folder: folder.to_owned(),
            kind,
            is_full: false,
            freed: None,
        })
    }

    /// One of the kinds that there are and that fit.
    pub(crate) fn draw(
        folder: &Path,
        kinds: &[Kind],
        fits: fn(Kind) -> bool,
        rng: &mut Rng,
    ) -> Outcome<Self> {
        let kinds: Vec<Kind> = kinds.iter().copied().filter(|kind| fits(*kind)).collect();
        Self::new(folder, kinds[rng.usize(..kinds.len())])
    }

    /// Takes all the space but for so many bytes. Whether it can.
    pub(crate) fn fill(&mut self, but: u64) -> Outcome<bool> {
        if self.kind == Kind::Folder {
            return Ok(false);
        }
        let mut filler = File::create(self.folder.join(FILLER)).map_err(machine)?;
        let mut size = 0;
        // Small pieces in the end, so that no block is left.
        for piece in [64 * 1024, 1024, 1] {
            let bytes = vec![0; piece];
            loop {
                match filler.write(&bytes) {
                    Ok(written) => size += written as u64,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(machine(error)),
                }
            }
        }
        filler.set_len(size.saturating_sub(but)).map_err(machine)?;
        self.is_full = true;
        Ok(true)
    }

    /// There is room again.
    pub(crate) fn free(&mut self) -> Outcome {
        if self.is_full {
            fs::remove_file(self.folder.join(FILLER)).map_err(machine)?;
            self.is_full = false;
            self.freed = Some(Instant::now());
        }
        Ok(())
    }

    /// Whether a client may still take it for full.
    pub(crate) fn seems_full(&self) -> bool {
        self.is_full || self.freed.is_some_and(|freed| freed.elapsed() < NOTICED)
    }

    /// Keeps what is on it where it stays.
    pub(crate) fn keep(&self) {
        if self.kind == Kind::Folder {
            return;
        }
        let kept = self.folder.with_extension("kept");
        let copied = fs::create_dir_all(&kept).and_then(|()| {
            for entry in fs::read_dir(&self.folder)? {
                let entry = entry?;
                if entry.file_type()?.is_file() && entry.file_name() != FILLER {
                    fs::copy(entry.path(), kept.join(entry.file_name()))?;
                }
            }
            Ok(())
        });
        if let Err(error) = copied {
            println!("{} is not kept: {error}", self.folder.display());
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.kind == Kind::Folder {
            return;
        }
        // Lazily: a process that was killed just now may still hold it.
        if let Err(trouble) = run("umount", &["-l"], &[&self.folder]) {
            println!("{trouble}");
        }
        // There is none under a tmpfs.
        let _ = fs::remove_file(self.folder.with_extension("ext4"));
    }
}

fn mount_ext4(folder: &Path, block: &str) -> Outcome {
    let image = folder.with_extension("ext4");
    let file = File::create(&image).map_err(machine)?;
    file.set_len(MEBIBYTES * 1024 * 1024).map_err(machine)?;
    // Without blocks that only root gets: who runs this may be root.
    run("mkfs.ext4", &["-q", "-b", block, "-m", "0"], &[&image])?;
    run("mount", &["-o", "loop"], &[&image, folder])
}

fn run(program: &str, words: &[&str], paths: &[&Path]) -> Outcome {
    let output = Command::new(program)
        .args(words)
        .args(paths)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Trouble::Machine(format!("{program}: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Trouble::Machine(format!("{program}: {}", said.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_never_full() {
        let folder = tempfile::tempdir().unwrap();
        let mut disk = Disk::new(&folder.path().join("disk"), Kind::Folder).unwrap();
        assert!(!disk.fill(0).unwrap());
        disk.free().unwrap();
        assert!(disk.folder.exists() && !disk.seems_full());
    }

    /// Where they may be mounted; elsewhere what is missing is named.
    #[test]
    fn a_disk_that_is_full_takes_nothing_until_it_is_freed_and_what_is_on_it_can_be_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (kinds, missing) = probe(folder.path());
        assert_eq!(kinds.len() + missing.len(), 1 + Kind::MOUNTED.len());
        for kind in kinds.into_iter().filter(|kind| *kind != Kind::Folder) {
            let path = folder.path().join("disk");
            let mut disk = Disk::new(&path, kind).unwrap();
            fs::write(path.join("before"), "kept").unwrap();
            assert!(disk.fill(0).unwrap());
            let error = fs::write(path.join("file"), vec![0; 64 * 1024]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull);
            disk.free().unwrap();
            assert!(!disk.is_full && disk.seems_full());
            fs::write(path.join("file"), vec![0; 64 * 1024]).unwrap();
            disk.keep();
            drop(disk);
            assert!(!path.join("before").exists());
            let kept = folder.path().join("disk.kept/before");
            assert_eq!(fs::read_to_string(kept).unwrap(), "kept");
        }
    }
}

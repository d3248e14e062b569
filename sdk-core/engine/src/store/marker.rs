//! What a store has promised to keep, in a small file beside it: so that a store that went back in time (its
//! write-ahead log was deleted, it was emptied, an older copy was put in its place) is not taken for one in
//! which nothing is unsent.
//!
//! The marker holds the largest ordinal of the outbox that a durable commit has stored, and how many
//! operations were unsent then. Ordinals only grow (SQLite remembers the largest, also when its row is gone),
//! so a store whose largest ordinal is smaller than the marker's has lost something, and no other is.
//!
//! It costs one write of 86 bytes in place and no `fsync`: it is written after the commit, so that whatever
//! reaches the disk of it, and whenever, promises no more than the store has. A crash before it is written
//! leaves a smaller promise, never a larger one.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _};

use super::{Durability, OpenError, Result, StoreError, place};

/// So many that wait are counted at most, and so many that have failed, so that counting takes no longer when
/// there are more.
const MOST_COUNTED: u32 = 1_000;

/// What a store is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Promise {
    /// The largest ordinal that is stored durably.
    ordinal: i64,
    /// How many operations were unsent.
    unsent: u32,
    /// The page with which the outbox begins, for a salvage from a file whose schema is damaged.
    outbox: u32,
}

impl Promise {
    /// Twice the same: what was torn or never reached the disk is no promise.
    fn to_text(self) -> String {
        let Self {
            ordinal,
            unsent,
            outbox,
        } = self;
        let once = format!("{ordinal:020} {unsent:010} {outbox:010}");
        format!("{once} {once}\n")
    }

    fn from_text(text: &str) -> Option<Self> {
        let numbers: Vec<&str> = text.split_whitespace().collect();
        let (once, again) = numbers.split_at_checked(3)?;
        let [ordinal, unsent, outbox] = once else {
            return None;
        };
        if once != again {
            return None;
        }
        Some(Self {
            ordinal: ordinal.parse().ok()?,
            unsent: unsent.parse().ok()?,
            outbox: outbox.parse().ok()?,
        })
    }

    /// What the store has at this moment.
    fn of(db: &Connection, outbox: u32) -> Result<Self> {
        Ok(db
            .prepare_cached(
                "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'operation'), 0)
                            AS ordinal,
                        (SELECT count(*) FROM
                             (SELECT 1 FROM operation
                              WHERE state IN ('queued', 'in_flight') LIMIT ?1))
                      + (SELECT count(*) FROM
                             (SELECT 1 FROM operation
                              WHERE state = 'failed'
                                AND method IN ('message.send', 'conversation.create')
                              LIMIT ?1)) AS unsent",
            )?
            .query_row([MOST_COUNTED], |row| {
                Ok(Self {
                    ordinal: row.get("ordinal")?,
                    unsent: row.get("unsent")?,
                    outbox,
                })
            })?)
    }
}

/// The marker of an open store.
#[derive(Debug)]
pub(super) struct Marker {
    file: File,
    promised: Promise,
}

impl Marker {
    /// Whether the store at `real` has what was promised. Nothing is written, and a file that is not there is
    /// not made: `db` is `None` then.
    pub(super) fn check(
        real: &Path,
        db: Option<&Connection>,
    ) -> std::result::Result<(), OpenError> {
        let Some(promised) = read(real) else {
            return Ok(());
        };
        let has = match db {
            Some(db) => largest_ordinal(db)?,
            None => 0,
        };
        let behind = promised.ordinal.saturating_sub(has).max(0);
        let behind = u32::try_from(behind).unwrap_or(u32::MAX);
        match behind.min(promised.unsent) {
            0 => Ok(()),
            count => Err(OpenError::LostUnsent { count }),
        }
    }

    /// Opens the marker of a store, and promises what the store has. A store works without one: where it
    /// cannot be written, a loss is not noticed.
    pub(super) fn open(real: &Path, db: &Connection) -> Option<Self> {
        let opened = Self::open_file(real).and_then(|file| {
            let outbox = outbox_of(db).map_err(io::Error::other)?;
            let promised = Promise::of(db, outbox).map_err(io::Error::other)?;
            let mut marker = Self { file, promised };
            marker.write()?;
            Ok(marker)
        });
        opened
            .inspect_err(|error| tracing::warn!(%error, "the store has no marker"))
            .ok()
    }

    fn open_file(real: &Path) -> io::Result<File> {
        OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path(real))
    }

    /// After a commit: promises what is stored. Only one of full durability adds to the ordinals.
    pub(super) fn promise(&mut self, db: &Connection, durability: Durability) -> Result<()> {
        let mut has = Promise::of(db, self.promised.outbox)?;
        if durability == Durability::Normal {
            has.ordinal = self.promised.ordinal;
        }
        if has != self.promised {
            self.promised = has;
            self.write()
                .map_err(|error| StoreError::damaged("the marker", error))?;
        }
        Ok(())
    }

    /// The file was written anew: each table may begin with another page.
    pub(super) fn outbox_moved(&mut self, db: &Connection) -> Result<()> {
        self.promised.outbox = outbox_of(db)?;
        self.write()
            .map_err(|error| StoreError::damaged("the marker", error))
    }

    fn write(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(self.promised.to_text().as_bytes())
    }
}

fn path(real: &Path) -> std::path::PathBuf {
    place::suffixed(real, ".unsent")
}

/// `None` when there is no marker, or none that can be read.
fn read(real: &Path) -> Option<Promise> {
    let mut text = String::new();
    File::open(path(real))
        .and_then(|file| file.take(256).read_to_string(&mut text))
        .ok()?;
    Promise::from_text(&text)
}

/// The page with which the outbox of the store at `real` begins, as far as its marker knows.
pub(super) fn outbox(real: &Path) -> Option<u32> {
    read(real).map(|promised| promised.outbox)
}

fn outbox_of(db: &Connection) -> Result<u32> {
    Ok(db.query_row(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'operation'",
        [],
        |row| row.get("rootpage"),
    )?)
}

/// The largest ordinal that there ever was. 0 before the first, also in a file that is new, or of a version
/// before there was an outbox.
fn largest_ordinal(db: &Connection) -> Result<i64> {
    let counts: bool = db.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence') AS counts",
        [],
        |row| row.get("counts"),
    )?;
    if !counts {
        return Ok(0);
    }
    Ok(db
        .query_row(
            "SELECT seq FROM sqlite_sequence WHERE name = 'operation'",
            [],
            |row| row.get("seq"),
        )
        .optional()?
        .unwrap_or_default())
}

#[cfg(test)]
mod tests;

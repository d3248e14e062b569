//! Rebuilding a damaged store: the file is set aside, never deleted, and what can be read of the
//! account and the outbox goes into a new one. The cache comes back from the server.
//!
//! As far as SQLite can read the old file, it does. For the rest its pages are read without it (`scan`).
//! SQLite has an extension for that, `sqlite3_recover`; it is not in the library that rusqlite brings, and has
//! no interface that is safe in Rust.

mod image;
mod mend;
mod scan;
mod tree;

use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::error::{OpenError, open_error};
use super::place::{self, suffixed};
use super::{Lost, Store, StoreLock, marker};
use image::Image;

/// What a rebuild saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvage {
    /// Where the damaged file is now.
    pub set_aside: PathBuf,
    /// How many unsent operations were saved.
    pub operations: usize,
    /// Whether the session was saved; otherwise the user signs in again.
    pub session: bool,
    /// Whether reading stopped early in a damaged place, so that there may have been more.
    pub incomplete: bool,
}

/// Why a store could not be rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum SalvageError {
    /// The files could not be moved.
    #[error("the damaged store could not be set aside: {0}")]
    SetAside(#[from] std::io::Error),
    /// The new store could not be made; the old one is at `set_aside`.
    #[error("the new store could not be made ({error}); the old one is {set_aside}")]
    New {
        /// Where the damaged file is now.
        set_aside: PathBuf,
        /// Why the new store could not be made.
        error: OpenError,
    },
    /// Somebody has the store open.
    #[error(transparent)]
    Open(OpenError),
}

/// What SQLite makes of one database.
const FILES: [&str; 3] = ["", "-wal", "-shm"];

/// What must be in the new store for an unsent operation to go on: whose it is, where it goes, what
/// the screen shows of it, and the operation itself. Parents before children.
const TABLES: [(&str, &str); 6] = [
    ("account", "TRUE"),
    ("conversation", "key IN (SELECT lane FROM operation)"),
    (
        "conversation_alias",
        "conversation IN (SELECT lane FROM operation)",
    ),
    ("message", "position IS NULL"),
    ("operation", "TRUE"),
    ("upload", "TRUE"),
];

/// Sets the damaged store at `path` aside as `<path>.damaged-<number>` and makes a new one with
/// what can be read of the account and the outbox. The event cursor starts anew, so the cache is
/// fetched again from the server.
pub fn rebuild(path: &Path) -> Result<Salvage, SalvageError> {
    let lock = StoreLock::take(path).map_err(SalvageError::Open)?;
    let real = place::real_path(path)?;
    let path = real.as_path();
    place::check(path).map_err(SalvageError::Open)?;
    let set_aside = free_name(path);
    for suffix in FILES {
        let from = suffixed(path, suffix);
        if from.exists() {
            std::fs::rename(&from, suffixed(&set_aside, suffix))?;
        }
    }
    let fail = |error| SalvageError::New {
        set_aside: set_aside.clone(),
        error,
    };
    let mut store = Store::open_real(path, lock, Lost::Accept)
        .map_err(|error| fail(place::explain(path, error)))?;
    let mut salvage = Salvage {
        set_aside: set_aside.clone(),
        operations: 0,
        session: false,
        incomplete: false,
    };
    read_tables(&store.own.connection, &mut salvage);
    if salvage.incomplete {
        read_pages(&store.own.connection, marker::outbox(path), &mut salvage)
            .map_err(|error| fail(open_error(error)))?;
    }
    store
        .own
        .connection
        .execute_batch(
            // A key in flight waits again; a log that is followed from nowhere starts with a
            // snapshot. A conversation that was only saved for its lane has no messages to show.
            "UPDATE operation SET state = 'queued', unanswered = unanswered + 1
             WHERE state = 'in_flight';
             DELETE FROM message
             WHERE operation_key NOT IN (SELECT operation_key FROM operation);",
        )
        .map_err(|error| fail(open_error(error)))?;
    let readable = read_again(&store.own.connection, &mut salvage);
    readable.map_err(|error| fail(open_error(error)))?;
    // Only now: a crash before this is noticed at the next open.
    store.promise_anew(path);
    Ok(salvage)
}

/// What was saved can be read from now on, and is counted.
fn read_again(new: &Connection, salvage: &mut Salvage) -> rusqlite::Result<()> {
    salvage.incomplete |= mend::mend(new)?;
    let count = |sql: &str| new.query_row(sql, [], |row| row.get::<_, usize>(0));
    salvage.operations = count("SELECT count(*) FROM operation WHERE state <> 'applied'")?;
    salvage.session &= count("SELECT count(*) FROM account")? > 0;
    Ok(())
}

/// Copies what SQLite can read.
fn read_tables(new: &Connection, salvage: &mut Salvage) {
    if place::is_empty(&salvage.set_aside) {
        salvage.incomplete = true;
        return;
    }
    // Read-write, because what is unsent may still be in its write-ahead log.
    let old = Connection::open_with_flags(&salvage.set_aside, OpenFlags::SQLITE_OPEN_READ_WRITE);
    let Ok(old) = old else {
        salvage.incomplete = true;
        return;
    };
    // Until version 7 there was none; and what it holds is no loss to the user.
    copy(&old, new, "ended_session", "TRUE");
    for (table, which) in &TABLES {
        // Until version 5 there were no files.
        if *table == "upload" && columns(&old, table).is_empty() {
            continue;
        }
        let copied = copy(&old, new, table, which);
        salvage.incomplete |= !copied.complete;
        match *table {
            "account" => salvage.session = copied.rows > 0,
            "operation" => salvage.operations = copied.rows,
            _ => {}
        }
    }
}

/// Adds what its pages say.
fn read_pages(
    new: &Connection,
    outbox: Option<u32>,
    salvage: &mut Salvage,
) -> rusqlite::Result<()> {
    let Ok(mut image) = Image::open(&salvage.set_aside) else {
        return Ok(());
    };
    let scanned = scan::scan(&mut image, new, &TABLES.map(|(table, _)| table), outbox)?;
    salvage.operations += scanned.operations;
    salvage.session |= scanned.accounts > 0;
    Ok(())
}

struct Copied {
    rows: usize,
    complete: bool,
}

/// The names of a table's columns.
fn columns(connection: &Connection, table: &str) -> Vec<String> {
    let names = connection
        .prepare("SELECT name FROM pragma_table_info(?1)")
        .and_then(|mut statement| {
            let names = statement.query_map([table], |row| row.get(0))?;
            names.collect::<rusqlite::Result<_>>()
        });
    names.unwrap_or_default()
}

/// What both versions of a table have, and what the newer one has by another name.
fn selection(old: &Connection, new: &Connection, table: &str) -> String {
    let (there, wanted) = (columns(old, table), columns(new, table));
    let mut selected: Vec<String> = there
        .iter()
        .filter(|column| wanted.contains(column))
        .cloned()
        .collect();
    // Until version 2 the title of a conversation had a column of its own.
    if table == "conversation" && there.iter().any(|column| column == "title") {
        let profile = "json_object('title', nullif(title, ''))";
        selected.push(format!("{profile} AS server_profile"));
        selected.push(format!("{profile} AS profile"));
    }
    selected.join(", ")
}

/// Copies row by row, as far as rows can be read.
fn copy(old: &Connection, new: &Connection, table: &str, which: &str) -> Copied {
    let columns = selection(old, new, table);
    let select = format!("SELECT {columns} FROM {table} WHERE {which}");
    let mut copied = Copied {
        rows: 0,
        complete: false,
    };
    let mut skipped = false;
    let Ok(mut statement) = old.prepare(&select) else {
        return copied;
    };
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let places = vec!["?"; columns.len()].join(", ");
    let insert = format!(
        "INSERT OR IGNORE INTO {table} ({}) VALUES ({places})",
        columns.join(", ")
    );
    let Ok(mut rows) = statement.query([]) else {
        return copied;
    };
    loop {
        match rows.next() {
            Ok(Some(row)) => {
                let values: rusqlite::Result<Vec<Value>> =
                    (0..columns.len()).map(|column| row.get(column)).collect();
                let inserted =
                    values.and_then(|values| new.execute(&insert, params_from_iter(values)));
                match inserted {
                    Ok(count) => copied.rows += count,
                    // A child of a row that could not be read: the others may still go in.
                    Err(_) => skipped = true,
                }
            }
            Ok(None) => {
                copied.complete = !skipped;
                return copied;
            }
            Err(_) => return copied,
        }
    }
}

fn free_name(path: &Path) -> PathBuf {
    let is_free = |candidate: &PathBuf| FILES.iter().all(|it| !suffixed(candidate, it).exists());
    (1u32..)
        .map(|number| suffixed(path, &format!(".damaged-{number}")))
        .find(is_free)
        // The range is larger than any directory.
        .unwrap_or_else(|| suffixed(path, ".damaged"))
}

#[cfg(test)]
mod tests;

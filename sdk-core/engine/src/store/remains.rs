//! What remains of what is gone. `secure_delete` overwrites a row that is deleted where it lies, but not what SQLite
//! left behind when it moved the row from page to page before, nor what is in the log. Only an empty log and a file that
//! is written anew have nothing of it.
//!
//! Triggers say that something went. This module says when it is due to be cleaned away, and cleans. It knows nothing of
//! messages, and never touches a row of them.

use std::time::Duration;

use fulmar_protocol::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use super::{Result, Store, search};
use crate::defects::{self, Defect};

/// A file is written anew no sooner after the last time than so long for each of its pages: so a large one, which takes
/// longer, is written more rarely. On a busy machine a page took 60 to 340 µs.
const FOR_EACH_PAGE: Duration = Duration::from_secs(1);
/// A file of more pages, which is 128 MiB, is not written anew, because SQLite holds the new one in memory.
const MOST_PAGES: u64 = 32_768;

/// What is to be cleaned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owed {
    Nothing,
    /// The file, at this time of the wall clock at the earliest.
    File(Timestamp),
    /// The log, and the file when its time has come.
    Log,
}

pub(crate) fn owed(db: &Connection, now: Timestamp) -> Result<Owed> {
    let owed: u8 = db
        .prepare_cached("SELECT owed FROM remains")?
        .query_row([], |row| row.get("owed"))?;
    Ok(match owed {
        0 => Owed::Nothing,
        1 => Owed::File(due(db, now)?),
        _ => Owed::Log,
    })
}

/// When the file may be written anew: now, if a clock that went back says that it was later.
fn due(db: &Connection, now: Timestamp) -> Result<Timestamp> {
    let written_at = db
        .prepare_cached("SELECT written_at FROM remains")?
        .query_row([], |row| row.get("written_at").map(Timestamp))?;
    let pages = u32::try_from(pages(db)?).unwrap_or(u32::MAX);
    Ok(match written_at > now {
        true => now,
        false => written_at.plus(FOR_EACH_PAGE * pages),
    })
}

fn pages(db: &Connection) -> Result<u64> {
    Ok(db.pragma_query_value(None, "page_count", |row| row.get(0))?)
}

/// Everything of somebody is gone: it is cleaned at once.
pub(super) fn owe_all(db: &Connection) -> Result<()> {
    db.execute("UPDATE remains SET owed = 2, written_at = 0", [])?;
    Ok(())
}

/// A secret is gone from its row, and may still be in the log.
pub(super) fn owe_log(db: &Connection) -> Result<()> {
    db.execute("UPDATE remains SET owed = 2 WHERE owed <> 2", [])?;
    Ok(())
}

/// Deletes what others may still see: nothing is owed for it.
pub(super) fn owing_nothing<T>(
    db: &Connection,
    done: impl FnOnce(&Connection) -> Result<T>,
) -> Result<T> {
    let before: u8 = db.query_row("SELECT owed FROM remains", [], |row| row.get(0))?;
    search::set_secure(db, false)?;
    let result = done(db)?;
    search::set_secure(db, true)?;
    db.execute("UPDATE remains SET owed = ?1 WHERE owed <> ?1", [before])?;
    Ok(result)
}

impl Store {
    /// Cleans away what is owed, as far as it is due and can be done now, between two transactions. Gives what is owed
    /// still.
    pub(crate) fn clean(&mut self, now: Timestamp) -> Result<Owed> {
        let before = owed(&self.own.connection, now)?;
        if before == Owed::Nothing {
            return Ok(before);
        }
        let is_new = self.write_anew(now)?;
        let db = &self.own.connection;
        if empty_log(db)? {
            db.execute("UPDATE remains SET owed = ?1", [u8::from(!is_new)])?;
        }
        owed(db, now)
    }

    /// Writes the file anew, if its time has come and it is not too large.
    fn write_anew(&mut self, now: Timestamp) -> Result<bool> {
        let db = &self.own.connection;
        if defects::active(Defect::ShallowDelete) {
            return Ok(true);
        }
        if due(db, now)? > now {
            return Ok(false);
        }
        if has_dead_words(db)? {
            search::write_anew(db)?;
        }
        if pages(db)? > MOST_PAGES {
            return Ok(true);
        }
        db.execute_batch("VACUUM")?;
        db.execute("UPDATE remains SET written_at = ?1", [now.0])?;
        // The outbox may begin with another page now.
        self.note_outbox();
        Ok(true)
    }
}

/// Moves the log into the file and empties it, unless somebody reads from it.
fn empty_log(db: &Connection) -> Result<bool> {
    if defects::active(Defect::KeepsLog) {
        return Ok(true);
    }
    let patience: i64 = db.pragma_query_value(None, "busy_timeout", |row| row.get(0))?;
    // Who reads is not waited for.
    db.busy_timeout(Duration::ZERO)?;
    let busy = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
        row.get::<_, bool>(0)
    });
    db.busy_timeout(Duration::from_millis(patience.unsigned_abs()))?;
    Ok(!busy?)
}

/// Whether the index says where its pages begin with a part of a word that no message has.
fn has_dead_words(db: &Connection) -> Result<bool> {
    db.execute_batch(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.indexed_word
         USING fts5vocab('main', 'message_text', 'row')",
    )?;
    let mut keys = db.prepare("SELECT CAST(term AS BLOB) FROM message_text_idx")?;
    let mut next = db.prepare("SELECT term FROM temp.indexed_word WHERE term >= ?1 LIMIT 1")?;
    let mut keys = keys.query([])?;
    while let Some(key) = keys.next()? {
        let key: Vec<u8> = key.get(0)?;
        // The first byte says which index it is.
        let key = String::from_utf8_lossy(key.get(1..).unwrap_or_default());
        let key = key.trim_end_matches(char::REPLACEMENT_CHARACTER);
        let word: Option<String> = next.query_row([key], |row| row.get(0)).optional()?;
        if !key.is_empty() && word.is_none_or(|word| !word.starts_with(key)) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests;

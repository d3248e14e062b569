//! The bytes of a device's database: what was deleted for everyone, and everything of a user who signed out, is not
//! in them any more, also where no row is.

use std::collections::BTreeSet;

use fulmar_engine::Engine;

use super::told;
use crate::device::Device;

/// Every text of the simulation that these bytes hold, without its edits: `alice.1/17`. What stands before one
/// in a row may look like its beginning.
pub(crate) fn texts_in(bytes: &[u8]) -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
        let name = bytes[..at]
            .rsplit(|byte| !is_of_name(*byte))
            .next()
            .unwrap_or_default();
        let digits = bytes[at + 1..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit());
        let end = at + 1 + digits.count();
        if name.contains(&b'.') && end > at + 1 {
            let text = &bytes[at - name.len()..end];
            texts.insert(String::from_utf8_lossy(text).into_owned());
        }
    }
    texts
}

/// The texts of the outbox.
fn unsent(engine: &Engine) -> Result<BTreeSet<String>, String> {
    let mut rows = engine
        .database()
        .prepare("SELECT params FROM operation")
        .map_err(told)?;
    let rows = rows
        .query_map([], |row| row.get::<_, String>(0))
        .map_err(told)?;
    let mut texts = BTreeSet::new();
    for params in rows {
        texts.extend(texts_in(params.map_err(told)?.as_bytes()));
    }
    Ok(texts)
}

/// The tables with a row that says this; none when only the bytes do.
fn tables_with(engine: &Engine, text: &str) -> Result<Vec<String>, String> {
    let db = engine.database();
    let mut names = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .map_err(told)?;
    let names = names.query_map([], |row| row.get(0)).map_err(told)?;
    let names: Vec<String> = names.collect::<Result<_, _>>().map_err(told)?;
    let mut found = Vec::new();
    for name in names {
        let mut rows = db.prepare(&format!("SELECT * FROM {name}")).map_err(told)?;
        let columns = rows.column_count();
        let mut rows = rows.query([]).map_err(told)?;
        let mut is_here = false;
        while let Some(row) = rows.next().map_err(told)? {
            for column in 0..columns {
                let value = row.get_ref(column).map_err(told)?;
                let bytes = value.as_bytes().unwrap_or_default();
                is_here |= says(&texts_in(bytes), text);
            }
        }
        found.extend(is_here.then_some(name));
    }
    Ok(found)
}

fn says(texts: &BTreeSet<String>, text: &str) -> bool {
    texts.iter().any(|one| one.ends_with(text))
}

const fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.'
}

impl Device {
    /// Somebody signed out: nothing that anybody wrote is left.
    pub(crate) fn judge_wiped(&mut self) -> Result<(), String> {
        let Some(engine) = &mut self.engine else {
            return Ok(());
        };
        let image = engine.image().map_err(|error| error.to_string())?;
        match texts_in(&image).first() {
            None => Ok(()),
            Some(text) => Err(format!(
                "{} signed out, and {text} is left in the database",
                self.name
            )),
        }
    }

    /// Of these texts, each of which was deleted for everyone, none is left.
    pub(crate) fn judge_deleted(&mut self, deleted: &BTreeSet<String>) -> Result<(), String> {
        let Some(engine) = &mut self.engine else {
            return Ok(());
        };
        let image = engine.image().map_err(|error| error.to_string())?;
        // The edit that was refused is the user's own, and on the screen of the outbox.
        let unsent = unsent(engine)?;
        let left = texts_in(&image);
        let is_left = |text: &&String| says(&left, text) && !says(&unsent, text);
        match deleted.iter().find(is_left) {
            None => Ok(()),
            Some(text) => Err(format!(
                "{text} was deleted, and is left in the database of {}, in the rows of {:?}",
                self.name,
                tables_with(engine, text)?
            )),
        }
    }
}

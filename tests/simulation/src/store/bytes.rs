//! The bytes of a device's database and its log: what was deleted for everyone, and everything of a user who signed
//! out, is not in them any more, also where no row is. Of what was deleted, no single word is.

use std::collections::BTreeSet;

use fulmar_engine::Engine;

use super::told;
use crate::device::{Device, numbered, word_of};
use crate::population::NAMED;

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
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.' || byte == b'-'
}

/// With what everything begins that people of a world call their groups, or begin to write.
const NUMBERED: [&str; 3] = ["title ", "group ", "draft "];

/// A title, a draft or a name of somebody in these bytes.
fn named_in(bytes: &[u8]) -> Option<String> {
    let numbered = NUMBERED.iter().find_map(|begin| {
        let found = |after: &[u8]| after.first().is_some_and(u8::is_ascii_digit);
        places(bytes, begin).find(|at| found(&bytes[at + begin.len()..]))
    });
    let at = numbered.or_else(|| places(bytes, NAMED).next())?;
    let end = bytes.len().min(at + 24);
    Some(String::from_utf8_lossy(&bytes[at..end]).into_owned())
}

/// Where this begins.
fn places(bytes: &[u8], sought: &str) -> impl Iterator<Item = usize> {
    let first = sought.as_bytes()[0];
    let begins = bytes.iter().enumerate().filter(move |it| *it.1 == first);
    begins
        .map(|(at, _)| at)
        .filter(move |at| bytes[*at..].starts_with(sought.as_bytes()))
}

/// The tokens with which the server is still to be told of a sign-out.
fn kept_tokens(engine: &Engine) -> Result<Vec<String>, String> {
    let query = "SELECT refresh_token FROM ended_session WHERE refresh_token IS NOT NULL";
    let mut rows = engine.database().prepare(query).map_err(told)?;
    let rows = rows.query_map([], |row| row.get(0)).map_err(told)?;
    rows.collect::<Result<_, _>>().map_err(told)
}

impl Device {
    /// Somebody asks to sign out: what is to be gone then.
    pub(crate) fn note_tokens(&mut self) -> Result<(), String> {
        self.tokens.clear();
        let Some(engine) = &self.engine else {
            return Ok(());
        };
        let query = "SELECT access_token, refresh_token FROM account";
        let both = engine.database().query_row(query, [], |row| {
            Ok::<[Option<String>; 2], _>([row.get(0)?, row.get(1)?])
        });
        self.tokens
            .extend(both.map_err(told)?.into_iter().flatten());
        Ok(())
    }

    /// Somebody signed out: nothing that anybody wrote is left, nobody's name, and no token but those that the server
    /// is still to be told with.
    pub(crate) fn judge_wiped(&mut self) -> Result<(), String> {
        // A disk that fails does not take what is to be written in its place; that is tried again.
        let Some(engine) = &mut self.engine else {
            return Ok(());
        };
        if !self.storage.is_reliable() {
            return Ok(());
        }
        let bytes = self.storage.bytes(engine)?;
        let kept = kept_tokens(engine)?;
        let is_left =
            |token: &&String| !kept.contains(token) && places(&bytes, token).next().is_some();
        let text = texts_in(&bytes).pop_first().or_else(|| named_in(&bytes));
        match text.or_else(|| self.tokens.iter().find(is_left).cloned()) {
            None => Ok(()),
            Some(left) => Err(format!(
                "{} signed out, and {left} is left in the database",
                self.name
            )),
        }
    }

    /// Of these texts, each of which was deleted for everyone, none is left.
    pub(crate) fn judge_deleted(&mut self, deleted: &BTreeSet<String>) -> Result<(), String> {
        let Some(engine) = &mut self.engine else {
            return Ok(());
        };
        let bytes = self.storage.bytes(engine)?;
        // The edit that was refused is the user's own, and on the screen of the outbox.
        let unsent = unsent(engine)?;
        let left = texts_in(&bytes);
        for text in deleted {
            let written = numbered(text);
            if says(&unsent, written) {
                continue;
            }
            if says(&left, written) {
                return Err(format!(
                    "{text} was deleted, and is left in the database of {}, in {}",
                    self.name,
                    match tables_with(engine, written)?.join(", ") {
                        tables if tables.is_empty() => "no row".to_owned(),
                        tables => format!("the rows of {tables}"),
                    }
                ));
            }
            // The index keeps of a word what the one before it does not begin with.
            let word = word_of(text);
            let end = &word[word.len() / 3..];
            if places(&bytes, end).next().is_some() {
                return Err(format!(
                    "{text} was deleted, and {end} is left in the database of {}",
                    self.name
                ));
            }
        }
        Ok(())
    }
}

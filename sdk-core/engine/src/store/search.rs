//! Full text search over what is on this device.
//!
//! SQLite's tokenizer finds words between spaces. Scripts that use none are indexed character by
//! character: `searchable` puts a mark around each, which the tokenizer takes for a space, and a word of
//! a query becomes a phrase of characters in the same way.

use fulmar_protocol::{SearchQuery, Timestamp, UserId};
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, params};

use super::messages::{COLUMNS, MessageRow, read};
use super::{ConversationKey, Result};

/// Between characters of scripts without spaces: Unicode's invisible separator, which the tokenizer takes
/// for a space.
const APART: char = '\u{2063}';
/// Around what was found: characters that Unicode keeps for such uses, and no text has.
const BEGIN: char = '\u{FDD1}';
const END: char = '\u{FDD2}';

/// A piece of a text that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextPiece {
    /// As it is.
    Plain(String),
    /// What was searched for.
    Hit(String),
}

/// Makes the function that the schema calls.
pub(super) fn define(connection: &Connection) -> rusqlite::Result<()> {
    connection.create_scalar_function(
        "searchable",
        1,
        FunctionFlags::SQLITE_UTF8
            | FunctionFlags::SQLITE_DETERMINISTIC
            | FunctionFlags::SQLITE_INNOCUOUS,
        |arguments| arguments.get::<String>(0).map(|text| searchable(&text)),
    )
}

fn searchable(text: &str) -> String {
    let mut marked = String::with_capacity(text.len());
    for letter in text.chars().filter(|letter| !is_mark(*letter)) {
        match needs_no_spaces(letter) {
            true => marked.extend([APART, letter, APART]),
            false => marked.push(letter),
        }
    }
    marked
}

fn is_mark(letter: char) -> bool {
    matches!(letter, APART | BEGIN | END)
}

/// Whether a letter is of a script that writes words without spaces between them, or in which people
/// search for parts of words.
fn needs_no_spaces(letter: char) -> bool {
    matches!(letter,
        '\u{0E00}'..='\u{0EFF}' // Thai, Lao
        | '\u{1000}'..='\u{109F}' // Burmese
        | '\u{1780}'..='\u{17FF}' // Khmer
        | '\u{3040}'..='\u{30FF}' // Hiragana, Katakana
        | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' // Han
        | '\u{AC00}'..='\u{D7AF}' // Hangul
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}') // Han
}

/// A query in the language of the index: each word, or what begins with it. `None` when there is no
/// word in it.
fn phrases(text: &str) -> Option<String> {
    let words: Vec<String> = text
        // The index cannot be asked for what no word has in it.
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| word.contains(char::is_alphanumeric))
        .map(|word| format!("\"{}\" *", searchable(word).replace('"', " ")))
        .collect();
    (!words.is_empty()).then(|| words.join(" AND "))
}

/// Whether something waits for the index.
pub(crate) fn is_behind(db: &Connection) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM unindexed)")?
        .query_row([], |row| row.get(0))?)
}

/// Puts what waits into the index, at most so many messages.
pub(crate) fn index(db: &Connection, most: u32) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO message_text (rowid, text)
         SELECT key, searchable(text) FROM message
         WHERE key IN (SELECT key FROM unindexed ORDER BY key LIMIT ?1)",
    )?
    .execute([most])?;
    db.prepare_cached(
        "DELETE FROM unindexed WHERE key IN (SELECT key FROM unindexed ORDER BY key LIMIT ?1)",
    )?
    .execute([most])?;
    Ok(())
}

/// The messages that contain each word of the query, the best and then the newest first, with the pieces
/// of their texts.
pub(crate) fn find(
    db: &Connection,
    query: &SearchQuery,
    conversation: Option<ConversationKey>,
    limit: u32,
) -> Result<Vec<(MessageRow, Vec<TextPiece>)>> {
    let Some(phrases) = phrases(&query.text) else {
        return Ok(Vec::new());
    };
    let columns = COLUMNS.replace("text,", "message.text,");
    let mut statement = db.prepare_cached(&format!(
        "SELECT {columns}, highlight(message_text, 0, '{BEGIN}', '{END}')
         FROM message_text JOIN message ON key = message_text.rowid
         WHERE message_text MATCH ?1 AND NOT hidden AND NOT notice AND deleted IS NULL
           AND (?2 IS NULL OR conversation = ?2)
           AND (?3 IS NULL OR sender_id = ?3)
           AND (?4 IS NULL OR at >= ?4)
           AND (?5 IS NULL OR at < ?5)
         ORDER BY rank, at DESC, key DESC LIMIT ?6"
    ))?;
    let bound = params![
        phrases,
        conversation.map(|key| key.0),
        query.sender_id.as_ref().map(UserId::as_str),
        query.from.map(|Timestamp(from)| from),
        query.until.map(|Timestamp(until)| until),
        limit
    ];
    let mut rows = statement.query(bound)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((read(row)?, pieces(&row.get::<_, String>(15)?)));
    }
    Ok(found)
}

/// A text with the marks of the index in it, taken apart.
fn pieces(marked: &str) -> Vec<TextPiece> {
    let mut pieces = Vec::new();
    for (number, part) in marked.split([BEGIN, END]).enumerate() {
        let text: String = part.chars().filter(|letter| *letter != APART).collect();
        match (text.is_empty(), number % 2) {
            (true, _) => {}
            (false, 0) => pieces.push(TextPiece::Plain(text)),
            (false, _) => pieces.push(TextPiece::Hit(text)),
        }
    }
    pieces
}

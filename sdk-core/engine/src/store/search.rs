//! Full text search over what is on this device.
//!
//! What words are, and in which form they are compared, `fulmar_protocol::text` says. The index holds those
//! words with spaces between them, and its tokenizer splits at spaces alone.

use std::ops::Range;

use fulmar_protocol::text::{Word, query_words, words};
use fulmar_protocol::{SearchQuery, Timestamp, UserId};
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, params};

use super::messages::{COLUMNS, MessageRow, read};
use super::{ConversationKey, Result};
use crate::defects::{self, Defect};

/// A piece of a text that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextPiece {
    /// Text that does not match.
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
    let words: Vec<String> = words(text).into_iter().map(|word| word.text).collect();
    words.join(" ")
}

/// What is searched for, in the language of the index: each row of words, the last of them perhaps only
/// begun. `None` when there is no word in it.
fn phrases(rows: &[Vec<String>]) -> Option<String> {
    let phrases: Vec<String> = rows
        .iter()
        .map(|row| format!("\"{}\" *", row.join(" ").replace('"', " ")))
        .collect();
    (!phrases.is_empty()).then(|| phrases.join(" AND "))
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

/// The index is as new, and all messages wait for it: those that go now need not be taken out of it one by one.
pub(super) fn forget_all(db: &Connection) -> Result<()> {
    db.execute_batch(
        "INSERT INTO message_text (message_text) VALUES ('delete-all');
         INSERT OR IGNORE INTO unindexed (key) SELECT key FROM message WHERE text <> '';",
    )?;
    Ok(())
}

/// Whether words that go from now on leave the index at once. That takes many times as long as to mark them as gone, so
/// that the next merge forgets them.
pub(super) fn set_secure(db: &Connection, secure: bool) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO message_text (message_text, rank) VALUES ('secure-delete', ?1)",
    )?
    .execute([secure && !defects::active(Defect::KeepsWords)])?;
    Ok(())
}

/// Writes all pages of the index anew, so that they begin with words that some message has. What can be found stays so.
/// It takes a time in proportion to the index.
pub(super) fn write_anew(db: &Connection) -> Result<()> {
    let transaction = db.unchecked_transaction()?;
    // A whole that is one piece already would be left alone: a word beside it, before all others, makes it two.
    transaction.execute_batch(
        "INSERT INTO message_text (rowid, text) VALUES (0, '!');
         INSERT INTO message_text (message_text) VALUES ('optimize');
         INSERT INTO message_text (message_text, rowid, text) VALUES ('delete', 0, '!');",
    )?;
    transaction.commit()?;
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
    let sought = query_words(&query.text);
    let Some(phrases) = phrases(&sought) else {
        return Ok(Vec::new());
    };
    let columns = COLUMNS.replace("text,", "message.text,");
    let mut statement = db.prepare_cached(&format!(
        "SELECT {columns}
         FROM message_text JOIN message ON key = message_text.rowid
         WHERE message_text MATCH ?1 AND NOT hidden AND NOT notice AND deleted IS NULL
           AND (?2 IS NULL OR conversation = ?2)
           AND (?3 IS NULL OR sender_id = ?3)
           AND (?4 IS NULL OR at >= ?4)
           AND (?5 IS NULL OR at < ?5)
           AND (?7 OR edited_at IS NULL)
         ORDER BY rank, at DESC, key DESC LIMIT ?6"
    ))?;
    let bound = params![
        phrases,
        conversation.map(|key| key.0),
        query.sender_id.as_ref().map(UserId::as_str),
        query.from.map(|Timestamp(from)| from),
        query.until.map(|Timestamp(until)| until),
        limit,
        !defects::active(Defect::EditsUnfound)
    ];
    let mut rows = statement.query(bound)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let row = read(row)?;
        let pieces = pieces(&row.content.text, &sought);
        found.push((row, pieces));
    }
    Ok(found)
}

/// A text in pieces: what was searched for, and what is around it.
fn pieces(text: &str, sought: &[Vec<String>]) -> Vec<TextPiece> {
    let mut pieces = Vec::new();
    let mut shown = 0;
    for hit in hits(text, sought) {
        if shown < hit.start {
            pieces.push(TextPiece::Plain(text[shown..hit.start].to_owned()));
        }
        pieces.push(TextPiece::Hit(text[hit.clone()].to_owned()));
        shown = hit.end;
    }
    if shown < text.len() {
        pieces.push(TextPiece::Plain(text[shown..].to_owned()));
    }
    pieces
}

/// Where a text says what is searched for, in order and without overlaps.
fn hits(text: &str, sought: &[Vec<String>]) -> Vec<Range<usize>> {
    let words = words(text);
    let mut found: Vec<Range<usize>> = Vec::new();
    for row in sought {
        for beside in words.windows(row.len()) {
            if let ([first, ..], [.., last]) = (beside, beside)
                && says(beside, row)
            {
                found.push(first.at.start..last.at.end);
            }
        }
    }
    found.sort_by_key(|hit| hit.start);
    let mut apart: Vec<Range<usize>> = Vec::new();
    for hit in found {
        match apart.last_mut() {
            Some(before) if hit.start < before.end => before.end = before.end.max(hit.end),
            _ => apart.push(hit),
        }
    }
    apart
}

/// Whether words are those of a row. The last may go on.
fn says(beside: &[Word], row: &[String]) -> bool {
    let last = row.len() - 1;
    beside
        .iter()
        .zip(row)
        .enumerate()
        .all(|(place, (word, sought))| match place == last {
            true => word.text.starts_with(sought.as_str()),
            false => word.text == *sought,
        })
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::store::Store;

    /// What a search finds in a store of these texts.
    fn search(texts: &[&str], query: &str) -> Vec<Vec<TextPiece>> {
        let store = Store::adopt(Connection::open_in_memory().unwrap()).unwrap();
        let db = store.reader().connection();
        db.execute_batch(
            "INSERT INTO conversation (key, id, kind, created_at, activity_at)
             VALUES (1, 'c-1', 'group', 1, 1)",
        )
        .unwrap();
        for (number, text) in (1_u8..).zip(texts) {
            db.execute(
                "INSERT INTO message (operation_key, conversation, position, sender_id, text, at)
                 VALUES (?1, 1, ?2, 'bob', ?3, ?2)",
                params![[number; 16], number, text],
            )
            .unwrap();
        }
        index(db, 100).unwrap();
        let query = SearchQuery {
            text: query.to_owned(),
            conversation_id: None,
            sender_id: None,
            from: None,
            until: None,
        };
        let found = find(db, &query, None, 100).unwrap();
        found.into_iter().map(|(_, pieces)| pieces).collect()
    }

    fn marked(pieces: &[TextPiece]) -> String {
        let piece = |piece: &TextPiece| match piece {
            TextPiece::Plain(text) => text.clone(),
            TextPiece::Hit(text) => format!("[{text}]"),
        };
        pieces.iter().map(piece).collect()
    }

    #[test]
    fn what_is_written_in_another_way_is_found_and_shown_as_it_was_written() {
        for (text, query, expected) in [
            ("ok 👍🏽!", "👍", "ok [👍🏽]!"),
            (
                "nice 👨\u{200D}👩\u{200D}👧",
                "👨\u{200D}👩\u{200D}👧",
                "nice [👨\u{200D}👩\u{200D}👧]",
            ),
            (
                "\u{1112}\u{1161}\u{11AB}글 ok",
                "한글",
                "[\u{1112}\u{1161}\u{11AB}글] ok",
            ),
            ("한글", "\u{1112}\u{1161}\u{11AB}", "[한]글"),
            ("Ｆｕｌｌ　ｗｉｄｔｈ", "full", "[Ｆｕｌｌ]　ｗｉｄｔｈ"),
            ("ｶﾞｽ", "ガス", "[ｶﾞｽ]"),
            ("room ٤٢", "42", "room [٤٢]"),
            ("Lange Straße 5", "strasse", "Lange [Straße] 5"),
            ("LANGE STRASSE", "straße", "LANGE [STRASSE]"),
            ("I don’t know", "dont", "I [don’t] know"),
            ("I dont know", "don't", "I [dont] know"),
            ("l'amour", "amour", "l'[amour]"),
            ("𐐀𐐁", "𐐨𐐩", "[𐐀𐐁]"),
            ("ᲐᲑ", "აბ", "[ᲐᲑ]"),
            ("cafe\u{301} noir", "café", "[cafe\u{301}] noir"),
            ("Harbour six", "harb", "[Harbour] six"),
            ("東京タワー", "京タ", "東[京タ]ワー"),
        ] {
            let found = search(&["something else", text], query);
            let found: Vec<String> = found.iter().map(|pieces| marked(pieces)).collect();
            assert_eq!(found, [expected], "{query} in {text}");
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for (text, query) in [
            ("東京", "京東"),
            ("ok 👍", "👎"),
            ("harbour", "arbour"),
            ("a", "!"),
        ] {
            assert!(search(&[text], query).is_empty(), "{query} in {text}");
        }
    }

    /// A store of a hundred messages that are indexed, the fortieth of which says something of its own.
    fn crowd() -> Store {
        let store = Store::adopt(Connection::open_in_memory().unwrap()).unwrap();
        let db = store.reader().connection();
        db.execute_batch(
            "INSERT INTO conversation (key, id, kind, created_at, activity_at)
             VALUES (1, 'c-1', 'group', 1, 1)",
        )
        .unwrap();
        for number in 1..=100_u8 {
            let text = match number {
                40 => "Lighthouse of Zanzibar".to_owned(),
                _ => format!("message {number} of a hundred"),
            };
            db.execute(
                "INSERT INTO message (key, operation_key, conversation, position, sender_id, text, at)
                 VALUES (?1, ?2, 1, ?1, 'bob', ?3, 1)",
                params![number, [number; 16], text],
            )
            .unwrap();
        }
        index(db, 1_000).unwrap();
        store
    }

    /// Whether the file has these bytes anywhere, also where no row is.
    fn holds(store: &mut Store, sought: &str) -> bool {
        let image = store.image().unwrap().to_ascii_lowercase();
        image
            .windows(sought.len())
            .any(|bytes| bytes == sought.as_bytes())
    }

    #[test]
    fn nothing_is_left_in_the_file_of_what_was_deleted_or_edited_away() {
        for change in [
            "UPDATE message SET text = '' WHERE key = 40",
            "UPDATE message SET text = 'shorter' WHERE key = 40",
            "DELETE FROM message WHERE key = 40",
        ] {
            let mut store = crowd();
            assert!(holds(&mut store, "lighthouse of zanzibar"));
            store.reader().connection().execute_batch(change).unwrap();
            for sought in ["lighthouse", "zanzibar"] {
                assert!(!holds(&mut store, sought), "{sought} after {change}");
            }
            assert!(holds(&mut store, "message 41 of"));
        }
    }

    #[test]
    fn nothing_is_left_in_the_file_after_a_sign_out() {
        let mut store = crowd();
        crate::store::account::wipe(store.reader().connection()).unwrap();
        for sought in ["zanzibar", "lighthouse", "of a hundred", "hundred", "c-1"] {
            assert!(!holds(&mut store, sought), "{sought}");
        }
    }

    #[test]
    fn a_text_that_changes_or_goes_leaves_the_index() {
        let store = Store::adopt(Connection::open_in_memory().unwrap()).unwrap();
        let db = store.reader().connection();
        db.execute_batch(
            "INSERT INTO conversation (key, id, kind, created_at, activity_at)
             VALUES (1, 'c-1', 'group', 1, 1);
             INSERT INTO message (key, operation_key, conversation, position, sender_id, text, at)
             VALUES (1, x'01', 1, 1, 'bob', 'Straße 👍 don''t', 1),
                    (2, x'02', 1, 2, 'bob', '東京', 1);",
        )
        .unwrap();
        index(db, 100).unwrap();
        db.execute_batch(
            "UPDATE message SET text = 'x' WHERE key = 1; DELETE FROM message WHERE key = 2;",
        )
        .unwrap();
        index(db, 100).unwrap();
        db.execute_batch(
            "INSERT INTO message_text (message_text, rank) VALUES ('integrity-check', 1)",
        )
        .unwrap();
    }
}

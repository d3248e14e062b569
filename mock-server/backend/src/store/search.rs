//! Finding messages by what they say.
//!
//! What words are, and in which form they are compared, `fulmar_protocol::text` says. The index holds those
//! words with spaces between them, and its tokenizer splits at spaces alone.

use fulmar_protocol::text;
use fulmar_protocol::{MessageId, SearchQuery, UserId};
use rusqlite::functions::FunctionFlags;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::defects::{Defect, active};
use crate::error::Result;

/// Makes the function that the schema calls: the words of a text.
pub(super) fn define(database: &Connection) -> rusqlite::Result<()> {
    database.create_scalar_function(
        "searchable",
        1,
        FunctionFlags::SQLITE_UTF8
            | FunctionFlags::SQLITE_DETERMINISTIC
            | FunctionFlags::SQLITE_INNOCUOUS,
        |arguments| arguments.get::<String>(0).map(|text| searchable(&text)),
    )
}

fn searchable(text: &str) -> String {
    let words: Vec<String> = text::words(text)
        .into_iter()
        .map(|word| word.text)
        .collect();
    words.join(" ")
}

/// What is searched for, in the language of the index: each row of words, the last of them perhaps only
/// begun.
fn phrases(rows: &[Vec<String>]) -> String {
    let phrases: Vec<String> = rows
        .iter()
        .map(|row| format!("\"{}\" *", row.join(" ").replace('"', " ")))
        .collect();
    phrases.join(" AND ")
}

/// The messages of the viewer's conversations that contain each of these rows of words, the best and then the
/// newest first.
pub(crate) fn find(
    db: &Connection,
    viewer: &UserId,
    rows: &[Vec<String>],
    query: &SearchQuery,
    offset: u32,
    limit: u32,
) -> Result<Vec<MessageId>> {
    let mut bound: Vec<Value> = vec![viewer.as_str().to_owned().into(), phrases(rows).into()];
    let mut sql = String::from(
        "SELECT m.message_id FROM message_text
         JOIN message_indexed ON key = message_text.rowid
         JOIN message AS m USING (message_id)
         JOIN participant AS p ON p.conversation_id = m.conversation_id AND p.user_id = ?1
         WHERE message_text MATCH ?2 AND NOT m.notice AND NOT EXISTS (SELECT 1 FROM hidden_message AS h
                           WHERE h.user_id = ?1 AND h.message_id = m.message_id)",
    );
    for (defect, right) in [
        (Defect::SearchesEverything, " AND p.user_id = ?1"),
        (Defect::FindsHidden, "h.user_id = ?1 AND "),
        (Defect::FindsNotices, " AND NOT m.notice"),
    ] {
        if active(defect) {
            let wrong = if right.starts_with("h.") {
                "0 AND "
            } else {
                ""
            };
            sql = sql.replace(right, wrong);
        }
    }
    if active(Defect::FindsOwnAfterLeaving) {
        let wrong = " AND (p.user_id = ?1 OR m.sender_id = ?1)";
        sql = sql.replace(" AND p.user_id = ?1", wrong);
    }
    let mut and = |condition: &str, value: Option<Value>| {
        if let Some(value) = value {
            bound.push(value);
            sql += &format!(
                " AND {}",
                condition.replace('?', &format!("?{}", bound.len()))
            );
        }
    };
    let text = |text: &str| Value::from(text.to_owned());
    and(
        "m.conversation_id = ?",
        query.conversation_id.as_ref().map(|id| text(id.as_str())),
    );
    and(
        "m.sender_id = ?",
        query.sender_id.as_ref().map(|id| text(id.as_str())),
    );
    and("m.sent_at >= ?", query.from.map(|from| from.0.into()));
    and("m.sent_at < ?", query.until.map(|until| until.0.into()));
    sql += &format!(
        " ORDER BY rank, m.sent_at DESC, m.position DESC, m.message_id LIMIT {limit} OFFSET {offset}"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(bound), |row| {
        row.get::<_, String>("message_id")
    })?;
    rows.map(|id| Ok(MessageId::new(id?)?)).collect()
}

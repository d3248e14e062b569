//! Finding messages by what they say.

use fulmar_protocol::{MessageId, SearchQuery, UserId};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::error::Result;

/// The shortest run of characters that the index knows.
const TRIGRAM: usize = 3;

/// The messages of the viewer's conversations that contain each of these words, the best and then the
/// newest first.
pub(crate) fn find(
    db: &Connection,
    viewer: &UserId,
    words: &[&str],
    query: &SearchQuery,
    offset: u32,
    limit: u32,
) -> Result<Vec<MessageId>> {
    let (long, short): (Vec<&str>, Vec<&str>) = words
        .iter()
        .partition(|word| word.chars().count() >= TRIGRAM);
    let mut bound: Vec<Value> = vec![viewer.as_str().to_owned().into()];
    let mut sql = String::from(
        "SELECT m.message_id FROM message_text
         JOIN message_indexed ON key = message_text.rowid
         JOIN message AS m USING (message_id)
         JOIN participant AS p ON p.conversation_id = m.conversation_id AND p.user_id = ?1
         WHERE NOT m.notice AND NOT EXISTS (SELECT 1 FROM hidden_message AS h
                           WHERE h.user_id = ?1 AND h.message_id = m.message_id)",
    );
    let mut and = |condition: &str, value: Option<Value>| {
        if let Some(value) = value {
            bound.push(value);
            sql += &format!(
                " AND {}",
                condition.replace('?', &format!("?{}", bound.len()))
            );
        }
    };
    if !long.is_empty() {
        let quoted: Vec<String> = long
            .iter()
            .map(|word| format!("\"{}\"", word.replace('"', "\"\"")))
            .collect();
        and("message_text MATCH ?", Some(quoted.join(" AND ").into()));
    }
    // Case does not matter in scripts that need no three characters for a word.
    for word in &short {
        let word = Value::from((*word).to_owned());
        and("instr(lower(message_text.text), lower(?)) > 0", Some(word));
    }
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
    let rank = if long.is_empty() { "" } else { "rank, " };
    sql += &format!(
        " ORDER BY {rank}m.sent_at DESC, m.position DESC, m.message_id LIMIT {limit} OFFSET {offset}"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(bound), |row| {
        row.get::<_, String>("message_id")
    })?;
    rows.map(|id| Ok(MessageId::new(id?)?)).collect()
}

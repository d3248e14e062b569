//! Old messages go, so that the cache stays within its bounds.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::{ConversationKey, Result, remains};
use crate::config::Retention;

/// The newest of each conversation stay: a screen opens with them.
const ALWAYS_KEPT: u32 = 50;

/// What may go: confirmed, read, not pinned, and not about to be changed.
const FREE: &str = "position IS NOT NULL AND pinned_at IS NULL
    AND position <= (SELECT min(head - ?1, CASE WHEN unread = 0 THEN head
                                           ELSE max(server_read_to, local_read_to) END)
                     FROM conversation WHERE key = message.conversation)
    AND operation_key NOT IN (SELECT message_key FROM operation WHERE message_key IS NOT NULL)";

/// About how many bytes a message takes.
const BYTES: &str = "(200 + length(CAST(text AS BLOB)) + length(content) + length(reactions))";

/// Lets go of the oldest messages beyond the bounds. Gives the conversations that lost some.
pub(crate) fn trim(db: &Connection, retention: Retention) -> Result<BTreeSet<ConversationKey>> {
    remains::owing_nothing(db, |db| trim_all(db, retention))
}

fn trim_all(db: &Connection, retention: Retention) -> Result<BTreeSet<ConversationKey>> {
    let mut touched = BTreeSet::new();
    if let Some(most) = retention.messages_per_conversation {
        let sql = format!("DELETE FROM message WHERE {FREE} RETURNING conversation");
        delete(db, &sql, params![most.max(ALWAYS_KEPT)], &mut touched)?;
    }
    if let Some(most) = retention.total_bytes {
        let total: u64 = db.query_row(
            &format!("SELECT coalesce(sum({BYTES}), 0) FROM message"),
            [],
            |row| row.get(0),
        )?;
        // From the oldest on, until what went is more than what was too much.
        let sql = format!(
            "DELETE FROM message WHERE key IN (
                 SELECT key FROM (
                     SELECT key, sum({BYTES}) OVER (ORDER BY at, key) - {BYTES} AS gone_before
                     FROM message WHERE {FREE})
                 WHERE gone_before < ?2)
             RETURNING conversation"
        );
        let too_much = total.saturating_sub(most);
        delete(db, &sql, params![ALWAYS_KEPT, too_much], &mut touched)?;
    }
    Ok(touched)
}

fn delete(
    db: &Connection,
    sql: &str,
    bound: &[&dyn rusqlite::ToSql],
    touched: &mut BTreeSet<ConversationKey>,
) -> Result<()> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(bound)?;
    while let Some(row) = rows.next()? {
        touched.insert(ConversationKey(row.get(0)?));
    }
    Ok(())
}

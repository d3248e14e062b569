//! What is unread, counted anew from the messages that a device has, also while the server does not know yet how
//! far was read here.

use fulmar_engine::Engine;
use fulmar_protocol::UserId;
use rusqlite::params;

use super::told;

/// Conversations whose messages after both read pointers are all here, with what is shown and what is counted.
const COUNTS: &str = "
    WITH place AS (
        SELECT key, id, head, unread, unread_mentions, max(server_read_to, local_read_to) AS read_to
        FROM conversation WHERE id IS NOT NULL AND NOT gone
    ), beyond AS (
        SELECT place.key, place.id, place.unread, place.unread_mentions, head - read_to AS there,
               message.operation_key,
               sender_id <> ?1 AND NOT notice AND NOT hidden AND NOT EXISTS (
                   SELECT 1 FROM operation
                   WHERE operation.message_key = message.operation_key
                     AND method = 'message.hide' AND state <> 'failed'
               ) AS counts,
               mentions_me,
               -- Whether it mentioned the user when it was counted, nobody knows any more.
               deleted IS NOT NULL OR edited_at IS NOT NULL AS changed
        FROM place LEFT JOIN message
             ON message.conversation = place.key AND position > read_to AND position <= head
    )
    SELECT id, unread, unread_mentions, total(counts), total(counts AND mentions_me AND NOT changed),
           total(counts AND (mentions_me OR changed))
    FROM beyond GROUP BY key HAVING count(operation_key) >= there";

/// A device that has heard everything shows as unread what it has unread, to the message. What the log has not
/// told of yet may be counted already, by a push, or may be hidden already, by a page of history.
pub(crate) fn judge_counts(engine: &Engine, user: &UserId) -> Result<(), String> {
    let mut statement = engine.database().prepare_cached(COUNTS).map_err(told)?;
    let mut rows = statement.query(params![user.as_str()]).map_err(told)?;
    while let Some(row) = rows.next().map_err(told)? {
        let number = |index| row.get::<_, f64>(index).map_err(told);
        let id: String = row.get(0).map_err(told)?;
        let (unread, mentions): (f64, f64) = (number(1)?, number(2)?);
        let (counted, mention, may_mention) = (number(3)?, number(4)?, number(5)?);
        if unread != counted || !(mention..=may_mention).contains(&mentions) {
            return Err(format!(
                "{id}: {unread} unread and {mentions} mentions are shown, by hand {counted} and {mention} to \
                 {may_mention}"
            ));
        }
    }
    Ok(())
}

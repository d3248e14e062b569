//! What the outbox holds, with what each operation waits for.

use fulmar_protocol::{ConversationId, OperationKey, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::store::operations::{read_failure, read_state};
use crate::store::state::{FailureReason, OperationState};
use crate::store::{ConversationKey, Result, StoreError};

/// An operation that the server has not confirmed, or has refused.
#[derive(Debug)]
pub(crate) struct OutboxRow {
    pub(crate) operation: OperationKey,
    pub(crate) conversation: ConversationKey,
    pub(crate) conversation_id: ConversationId,
    pub(crate) method: String,
    /// The message that it is about.
    pub(crate) message: Option<OperationKey>,
    pub(crate) state: OperationState,
    pub(crate) failure: Option<FailureReason>,
    pub(crate) tries: u32,
    pub(crate) created_at: Timestamp,
    /// Until when its lane waits.
    pub(crate) retry_at: Option<Timestamp>,
    /// The failed operation of its lane that holds it.
    pub(crate) behind: Option<OperationKey>,
}

/// All of them, in the order in which they were handed over. `failed_hold`: a failed message holds its lane.
pub(crate) fn all(db: &Connection, failed_hold: bool) -> Result<Vec<OutboxRow>> {
    let mut statement = db.prepare_cached(
        "SELECT o.operation_key, o.lane,
                coalesce(c.id, (SELECT local_id FROM conversation_alias
                                WHERE conversation = c.key ORDER BY local_id LIMIT 1), '')
                    AS conversation_id,
                o.method, o.message_key, o.state, o.unanswered, o.failure, o.tries, o.created_at,
                c.retry_at,
                (SELECT f.operation_key FROM operation AS f
                 WHERE o.holds_lane AND f.lane = o.lane AND f.state = 'failed' AND f.holds_lane
                   AND f.ordinal < o.ordinal AND (?1 OR f.method = 'conversation.create')
                 ORDER BY f.ordinal LIMIT 1) AS behind
         FROM operation AS o JOIN conversation AS c ON c.key = o.lane
         WHERE o.state <> 'applied'
         ORDER BY o.ordinal",
    )?;
    let rows = statement.query_map([failed_hold], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

fn read(row: &Row<'_>) -> Result<OutboxRow> {
    let key = |name: &str| -> rusqlite::Result<Option<OperationKey>> {
        let key: Option<[u8; 16]> = row.get(name)?;
        Ok(key.map(OperationKey::from_bytes))
    };
    Ok(OutboxRow {
        operation: OperationKey::from_bytes(row.get("operation_key")?),
        conversation: ConversationKey(row.get("lane")?),
        conversation_id: ConversationId::new(row.get::<_, String>("conversation_id")?)
            .map_err(|error| StoreError::damaged("conversation", error))?,
        method: row.get("method")?,
        message: key("message_key")?,
        state: read_state(row)?,
        failure: read_failure(row.get("failure")?)?,
        tries: row.get("tries")?,
        created_at: Timestamp(row.get("created_at")?),
        retry_at: row.get::<_, Option<i64>>("retry_at")?.map(Timestamp),
        behind: key("behind")?,
    })
}

/// How an operation stands, and why it failed; `None` when there is none of this key.
pub(crate) fn state_of(
    db: &Connection,
    key: OperationKey,
) -> Result<Option<(OperationState, Option<FailureReason>)>> {
    db.prepare_cached("SELECT state, unanswered, failure FROM operation WHERE operation_key = ?1")?
        .query_row([key.to_bytes()], |row| {
            Ok(read_state(row).and_then(|state| Ok((state, read_failure(row.get("failure")?)?))))
        })
        .optional()?
        .transpose()
}

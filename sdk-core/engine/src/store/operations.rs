//! Operation rows: the outbox as it is on disk.

mod reads;
mod ready;
mod states;

use fulmar_protocol::{ConversationId, Method, Operation, OperationKey, Seq, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::state::{FailureReason, OperationState};
use super::uploads;
use super::{LaneId, Result, StoreError};
use crate::defects::{self, Defect};

pub(crate) use reads::{any_read, reads_of_lane};
pub(crate) use ready::ready_to_go;
pub(crate) use states::{
    add_unanswered, clear_doubt, read_failure, read_state, release_lane, renew, set_state,
    set_tried_at, shift_tried_at,
};

/// An operation of the outbox.
#[derive(Debug, Clone)]
pub(crate) struct OperationRow {
    pub(crate) ordinal: i64,
    pub(crate) operation_key: OperationKey,
    pub(crate) lane: LaneId,
    pub(crate) method: Method,
    pub(crate) state: OperationState,
    pub(crate) tries: u32,
    /// How many submits of it went without an answer: if any, it may have been applied.
    pub(crate) unanswered: u32,
    /// When it was first tried of those, by the server's clock.
    pub(crate) tried_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    /// About how many bytes it takes in a frame.
    pub(crate) bytes: usize,
}

impl OperationRow {
    /// Whether a newer one can fold into it: the server certainly does not have it.
    pub(crate) fn is_foldable(&self) -> bool {
        self.state == OperationState::Queued
    }
}

const COLUMNS: &str = "operation_key, lane, method, params, state, tries, created_at, ordinal, \
     unanswered, tried_at";

// Params are stored in the wire's shape, with the id that the conversation had at that time;
// `to_wire` puts in the one that it has by then.

/// An operation that goes into the outbox.
pub(crate) struct NewOperation<'a> {
    pub(crate) operation_key: OperationKey,
    pub(crate) lane: LaneId,
    pub(crate) method: &'a Method,
    /// Whether the failure of it stops those behind it, and it stops behind another's.
    pub(crate) holds_lane: bool,
    pub(crate) now: Timestamp,
}

pub(crate) fn enqueue(db: &Connection, new: &NewOperation<'_>) -> Result<()> {
    let operation = Operation::new(new.operation_key, new.method);
    let params = serde_json::to_string(&operation.params)
        .map_err(|error| StoreError::damaged("operation", error))?;
    db.prepare_cached(
        "INSERT INTO operation
             (operation_key, lane, method, holds_lane, params, state, created_at, message_key)
         VALUES (?1, ?2, ?3, ?4, ?5, 'queued', ?6, ?7)",
    )?
    .execute(params![
        new.operation_key.to_bytes(),
        new.lane.0,
        operation.method,
        new.holds_lane,
        params,
        new.now.0,
        new.method.message_key().map(OperationKey::to_bytes),
    ])?;
    Ok(())
}

pub(crate) fn find(db: &Connection, key: OperationKey) -> Result<Option<OperationRow>> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation WHERE operation_key = ?1"
    ))?
    .query_row([key.to_bytes()], |row| Ok(read(row)))
    .optional()?
    .transpose()
}

/// The newest operation of a lane among these methods, failed ones aside.
pub(crate) fn newest(
    db: &Connection,
    lane: LaneId,
    methods: &[&str],
) -> Result<Option<OperationRow>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation
         WHERE lane = ?1 AND method = ?2 AND state <> 'failed'
         ORDER BY ordinal DESC LIMIT 1"
    ))?;
    let mut newest: Option<OperationRow> = None;
    for method in methods {
        let found = statement.query_row(params![lane.0, method], |row| Ok(read(row)));
        let Some(found) = found.optional()?.transpose()? else {
            continue;
        };
        if newest.as_ref().is_none_or(|it| it.ordinal < found.ordinal) {
            newest = Some(found);
        }
    }
    Ok(newest)
}

/// Why an operation failed, if it did.
pub(crate) fn failure(db: &Connection, key: OperationKey) -> Result<Option<FailureReason>> {
    let failure: Option<Option<String>> = db
        .prepare_cached("SELECT failure FROM operation WHERE operation_key = ?1")?
        .query_row([key.to_bytes()], |row| row.get(0))
        .optional()?;
    read_failure(failure.flatten())
}

pub(crate) fn set_params(db: &Connection, key: OperationKey, method: &Method) -> Result<()> {
    let params = serde_json::to_string(&Operation::new(key, method).params)
        .map_err(|error| StoreError::damaged("operation", error))?;
    db.execute(
        "UPDATE operation SET params = ?2 WHERE operation_key = ?1",
        params![key.to_bytes(), params],
    )?;
    Ok(())
}

/// The messages of a lane, in whatever state, that are in the thread of a message or quote it.
pub(crate) fn replies(
    db: &Connection,
    lane: LaneId,
    message: OperationKey,
) -> Result<Vec<OperationRow>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation
         WHERE lane = ?1 AND method = 'message.send'
           AND ?2 IN (json_extract(params, '$.threadRoot'), json_extract(params, '$.replyTo'))
         ORDER BY ordinal"
    ))?;
    let rows = statement.query_map(params![lane.0, message.to_string()], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

pub(crate) fn delete(db: &Connection, key: OperationKey) -> Result<()> {
    db.prepare_cached("DELETE FROM operation WHERE operation_key = ?1")?
        .execute([key.to_bytes()])?;
    Ok(())
}

/// After a crash or a lost connection nobody knows what became of what was in flight: it waits
/// again, and the same keys make trying again harmless.
pub(crate) fn return_all_in_flight(db: &Connection) -> Result<usize> {
    Ok(db.execute(
        "UPDATE operation SET state = 'queued', unanswered = unanswered + 1
         WHERE state = 'in_flight'",
        [],
    )?)
}

/// How many operations the server has not confirmed: they wait, are in flight, or are messages and
/// conversations that failed. A change that was refused is rolled back, and only there to be looked at.
pub(crate) fn count_unsent(db: &Connection) -> Result<u32> {
    Ok(db
        .prepare_cached("SELECT unsent FROM outbox_size")?
        .query_row([], |row| row.get("unsent"))?)
}

/// How many operations were applied and have not been seen in the log.
pub(crate) fn count_applied(db: &Connection) -> Result<u32> {
    Ok(db
        .prepare_cached("SELECT count(*) FROM operation WHERE state = 'applied'")?
        .query_row([], |row| row.get(0))?)
}

/// The operation was applied; what it changed is in the log up to `seq`.
pub(crate) fn set_applied_seq(db: &Connection, key: OperationKey, seq: Seq) -> Result<()> {
    db.prepare_cached("UPDATE operation SET applied_seq = ?2 WHERE operation_key = ?1")?
        .execute(params![key.to_bytes(), seq.0])?;
    Ok(())
}

/// The log goes up to `head`: what was applied so far is not told of later than there.
pub(crate) fn cap_applied_seq(db: &Connection, head: Seq) -> Result<()> {
    db.prepare_cached(
        "UPDATE operation SET applied_seq = ?1 WHERE state = 'applied' AND applied_seq > ?1",
    )?
    .execute([head.0])?;
    Ok(())
}

/// Forgets the applied operations whose changes the log has told by now; gives their lanes.
pub(crate) fn forget_applied(db: &Connection, cursor: Seq) -> Result<Vec<LaneId>> {
    let mut statement = db.prepare_cached(
        "DELETE FROM operation WHERE state = 'applied' AND coalesce(applied_seq, 0) <= ?1
         RETURNING lane",
    )?;
    let lanes = statement.query_map([cursor.0], |row| row.get(0).map(LaneId))?;
    Ok(lanes.collect::<rusqlite::Result<_>>()?)
}

/// Keeps the newest refused changes, which an app can show, and forgets the rest.
pub(crate) fn trim_refused(db: &Connection, kept: u32) -> Result<()> {
    db.prepare_cached(
        "DELETE FROM operation WHERE ordinal IN (
             SELECT ordinal FROM operation
             WHERE state = 'failed' AND NOT holds_lane AND method <> 'message.send'
             ORDER BY ordinal DESC LIMIT -1 OFFSET ?1)",
    )?
    .execute([kept])?;
    Ok(())
}

/// What the outbox is about to change in a conversation, in order: everything but new messages and
/// the creation, until the log has told of it. A change that was refused is none.
pub(crate) fn changes_of_lane(db: &Connection, lane: LaneId) -> Result<Vec<OperationRow>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation
         WHERE lane = ?1 AND state IN ('queued', 'in_flight', 'applied') AND NOT holds_lane
         ORDER BY ordinal"
    ))?;
    let rows = statement.query_map([lane.0], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// The operations that change a message, in order.
pub(crate) fn about_message(db: &Connection, message: OperationKey) -> Result<Vec<OperationRow>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation WHERE message_key = ?1 ORDER BY ordinal"
    ))?;
    let rows = statement.query_map([message.to_bytes()], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// Drops what only changes a conversation that the user is no longer in: it has no effect any more.
pub(crate) fn drop_changes(db: &Connection, lane: LaneId) -> Result<()> {
    db.execute(
        "DELETE FROM operation
         WHERE lane = ?1 AND NOT holds_lane AND method <> 'message.send' AND state <> 'in_flight'",
        [lane.0],
    )?;
    Ok(())
}

pub(crate) fn any_in_flight(db: &Connection, lane: LaneId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM operation WHERE lane = ?1 AND state = 'in_flight')",
        )?
        .query_row([lane.0], |row| row.get(0))?)
}

/// When a lane is tried again, for the screen.
pub(crate) fn set_retry_at(db: &Connection, lane: LaneId, at: Option<Timestamp>) -> Result<()> {
    db.prepare_cached("UPDATE conversation SET retry_at = ?2 WHERE key = ?1")?
        .execute(params![lane.0, at.map(|at| at.0)])?;
    Ok(())
}

pub(crate) fn clear_retries(db: &Connection) -> Result<()> {
    db.prepare_cached("UPDATE conversation SET retry_at = NULL WHERE retry_at IS NOT NULL")?
        .execute([])?;
    Ok(())
}

pub(crate) fn any_queued(db: &Connection) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM operation WHERE state = 'queued')")?
        .query_row([], |row| row.get(0))?)
}

/// Whether anything of a lane waits to go out.
pub(crate) fn any_queued_in(db: &Connection, lane: LaneId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM operation WHERE lane = ?1 AND state = 'queued')",
        )?
        .query_row([lane.0], |row| row.get(0))?)
}

/// The keys of everything in a lane, in order.
pub(crate) fn keys_of_lane(db: &Connection, lane: LaneId) -> Result<Vec<OperationKey>> {
    let mut statement =
        db.prepare_cached("SELECT operation_key FROM operation WHERE lane = ?1 ORDER BY ordinal")?;
    let keys = statement.query_map([lane.0], |row| row.get(0).map(OperationKey::from_bytes))?;
    Ok(keys.collect::<rusqlite::Result<_>>()?)
}

fn read(row: &Row<'_>) -> Result<OperationRow> {
    let bad = |reason: String| StoreError::Damaged {
        table: "operation",
        reason,
    };
    let operation_key = OperationKey::from_bytes(row.get("operation_key")?);
    let method: String = row.get("method")?;
    let params: String = row.get("params")?;
    let bytes = params.len() + 128;
    Ok(OperationRow {
        ordinal: row.get("ordinal")?,
        operation_key,
        lane: LaneId(row.get("lane")?),
        method: Operation {
            operation_key,
            method,
            params: serde_json::from_str(&params).map_err(|error| bad(error.to_string()))?,
        }
        .read()
        .map_err(|error| bad(error.to_string()))?,
        state: read_state(row)?,
        tries: row.get("tries")?,
        unanswered: row.get("unanswered")?,
        tried_at: row.get::<_, Option<i64>>("tried_at")?.map(Timestamp),
        created_at: Timestamp(row.get("created_at")?),
        bytes,
    })
}

/// The operation as it goes out now: with the ids that its conversation and its files have by now.
pub(crate) fn to_wire(
    db: &Connection,
    row: &OperationRow,
    conversation: &ConversationId,
) -> Result<Operation> {
    let mut method = row.method.clone();
    if let Method::MessageSend(message) = &mut method
        && !message.attachments.is_empty()
    {
        let uploaded = uploads::of_message(db, row.operation_key)?;
        for (attachment, upload) in message.attachments.iter_mut().zip(uploaded) {
            if let Some(file_id) = upload.file_id {
                attachment.file_id = file_id;
            }
        }
    }
    if let Some(id) = method.conversation_id_mut() {
        *id = conversation.clone();
    }
    let mut key = row.operation_key;
    if defects::active(Defect::FreshKeys) {
        let mut bytes = key.to_bytes();
        bytes[15] ^= row.tries as u8;
        key = OperationKey::from_bytes(bytes);
    }
    Ok(Operation::new(key, &method))
}

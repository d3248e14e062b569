//! Operation rows: the outbox as it is on disk.

use std::collections::BTreeSet;

use fulmar_protocol::{ConversationId, Method, Operation, OperationKey, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{ConversationKey, LaneId, Result, StoreError};
use crate::config::FailurePolicy;
use crate::defects::{self, Defect};
use crate::outbox::failure::FailureReason;
use crate::outbox::transition::State;

/// An operation of the outbox.
#[derive(Debug, Clone)]
pub(crate) struct OperationRow {
    pub(crate) operation_key: OperationKey,
    pub(crate) lane: LaneId,
    pub(crate) method: Method,
    pub(crate) state: State,
    pub(crate) tries: u32,
    pub(crate) created_at: Timestamp,
    /// About how many bytes it takes in a frame.
    pub(crate) bytes: usize,
}

const COLUMNS: &str = "operation_key, lane, method, params, state, tries, created_at";

// Params are stored in the wire's shape, with the id that the conversation had at that time;
// `to_wire` puts in the one that it has by then.

pub(crate) fn enqueue(
    db: &Connection,
    operation_key: OperationKey,
    lane: LaneId,
    method: &Method,
    now: Timestamp,
) -> Result<()> {
    let operation = Operation::new(operation_key, method);
    let params = serde_json::to_string(&operation.params)
        .map_err(|error| StoreError::damaged("operation", error))?;
    db.prepare_cached(
        "INSERT INTO operation
             (operation_key, lane, method, holds_lane, params, state, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, 'queued', ?6)",
    )?
    .execute(params![
        operation_key.to_bytes(),
        lane.0,
        operation.method,
        holds_lane(method),
        params,
        now.0
    ])?;
    Ok(())
}

/// Whether the failure of such an operation stops those behind it, and it stops behind another's.
fn holds_lane(method: &Method) -> bool {
    match method {
        Method::MessageSend(_) | Method::ConversationCreate(_) => true,
        Method::ReceiptUpdate(_) => false,
    }
}

pub(crate) fn find(db: &Connection, key: OperationKey) -> Result<Option<OperationRow>> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation WHERE operation_key = ?1"
    ))?
    .query_row([key.to_bytes()], |row| Ok(read(row)))
    .optional()?
    .transpose()
}

/// The queued operation of a method in a lane, into which a newer one can fold: one that has never
/// left the device.
pub(crate) fn find_foldable(
    db: &Connection,
    lane: LaneId,
    method: &str,
) -> Result<Option<OperationRow>> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation
         WHERE lane = ?1 AND state = 'queued' AND method = ?2 AND tries = 0
         ORDER BY ordinal LIMIT 1"
    ))?
    .query_row(params![lane.0, method], |row| Ok(read(row)))
    .optional()?
    .transpose()
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

/// What may go out, in order: queued operations of lanes that have nothing in flight, whose earlier
/// operations did not fail, and that are not `resting` after a transient failure.
pub(crate) fn ready_to_go(
    db: &Connection,
    policy: FailurePolicy,
    resting: &BTreeSet<LaneId>,
    limit: u32,
) -> Result<Vec<OperationRow>> {
    let direction = match defects::active(Defect::Overtake) {
        true => "DESC",
        false => "ASC",
    };
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation AS o
         WHERE o.state = 'queued'
           AND NOT EXISTS (SELECT 1 FROM operation AS f
                           WHERE f.lane = o.lane AND f.state = 'in_flight')
           AND NOT (o.holds_lane AND EXISTS (
                    SELECT 1 FROM operation AS f
                    WHERE f.lane = o.lane AND f.state = 'failed' AND f.ordinal < o.ordinal
                      AND f.holds_lane
                      AND (?1 OR f.method = 'conversation.create')))
           AND o.lane NOT IN (SELECT value FROM json_each(?2))
         ORDER BY o.ordinal {direction}
         LIMIT ?3"
    ))?;
    let resting: Vec<i64> = resting.iter().map(|lane| lane.0).collect();
    let resting =
        serde_json::to_string(&resting).map_err(|error| StoreError::damaged("operation", error))?;
    let rows = statement.query_map(
        params![policy == FailurePolicy::Hold, resting, limit],
        |row| Ok(read(row)),
    )?;
    rows.map(|row| row?).collect()
}

pub(crate) fn set_state(
    db: &Connection,
    key: OperationKey,
    state: State,
    failure: Option<&FailureReason>,
) -> Result<()> {
    let failure = failure
        .map(serde_json::to_string)
        .transpose()
        .map_err(|error| StoreError::damaged("operation", error))?;
    db.prepare_cached(
        "UPDATE operation
         SET state = ?2, failure = ?3, tries = tries + (?2 = 'in_flight')
         WHERE operation_key = ?1",
    )?
    .execute(params![key.to_bytes(), state.name(), failure])?;
    Ok(())
}

/// An app's retry starts the count of tries and the age anew.
pub(crate) fn renew(db: &Connection, key: OperationKey, now: Timestamp) -> Result<()> {
    db.execute(
        "UPDATE operation SET tries = 0, created_at = ?2 WHERE operation_key = ?1",
        params![key.to_bytes(), now.0],
    )?;
    Ok(())
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
        "UPDATE operation SET state = 'queued' WHERE state = 'in_flight'",
        [],
    )?)
}

/// How many operations wait, are in flight, or have failed.
pub(crate) fn count(db: &Connection) -> Result<u32> {
    Ok(db
        .prepare_cached("SELECT count(*) FROM operation")?
        .query_row([], |row| row.get(0))?)
}

pub(crate) fn any_queued(db: &Connection) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM operation WHERE state = 'queued')")?
        .query_row([], |row| row.get(0))?)
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
    let operation_key = OperationKey::from_bytes(row.get(0)?);
    let method: String = row.get(2)?;
    let params: String = row.get(3)?;
    let state: String = row.get(4)?;
    let bytes = params.len() + 128;
    Ok(OperationRow {
        operation_key,
        lane: ConversationKey(row.get(1)?),
        method: Operation {
            operation_key,
            method,
            params: serde_json::from_str(&params).map_err(|error| bad(error.to_string()))?,
        }
        .read()
        .map_err(|error| bad(error.to_string()))?,
        state: State::from_name(&state).ok_or_else(|| bad(format!("state {state}")))?,
        tries: row.get(5)?,
        created_at: Timestamp(row.get(6)?),
        bytes,
    })
}

/// The operation as it goes out now: with the id that its conversation has by now.
pub(crate) fn to_wire(row: &OperationRow, conversation: &ConversationId) -> Operation {
    let mut method = row.method.clone();
    match &mut method {
        Method::MessageSend(params) => params.conversation_id = conversation.clone(),
        Method::ReceiptUpdate(params) => params.conversation_id = conversation.clone(),
        Method::ConversationCreate(_) => {}
    }
    let mut key = row.operation_key;
    if defects::active(Defect::FreshKeys) {
        let mut bytes = key.to_bytes();
        bytes[15] ^= row.tries as u8;
        key = OperationKey::from_bytes(bytes);
    }
    Operation::new(key, &method)
}

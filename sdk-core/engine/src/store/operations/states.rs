//! What becomes of an operation, as its row says it: its state, and how certain that is. Written by `outbox`
//! alone, by its table of transitions.

use fulmar_protocol::{OperationKey, Timestamp};
use rusqlite::{Connection, Row, params};

use crate::store::state::{FailureReason, OperationState};
use crate::store::{Result, StoreError};

pub(crate) fn set_state(
    db: &Connection,
    key: OperationKey,
    state: OperationState,
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
    .execute(params![key.to_bytes(), stored(state), failure])?;
    Ok(())
}

/// As a row says it. One that may have been applied waits like any other; its unanswered submits tell.
fn stored(state: OperationState) -> &'static str {
    match state {
        OperationState::Queued | OperationState::Unconfirmed => "queued",
        OperationState::InFlight => "in_flight",
        OperationState::Applied => "applied",
        OperationState::Failed => "failed",
    }
}

/// What a row with the columns `state` and `unanswered` says.
pub(crate) fn read_state(row: &Row<'_>) -> Result<OperationState> {
    let stored: String = row.get("state")?;
    let unanswered: u32 = row.get("unanswered")?;
    match stored.as_str() {
        "queued" if unanswered > 0 => Ok(OperationState::Unconfirmed),
        "queued" => Ok(OperationState::Queued),
        "in_flight" => Ok(OperationState::InFlight),
        "applied" => Ok(OperationState::Applied),
        "failed" => Ok(OperationState::Failed),
        _ => Err(StoreError::damaged("operation", format!("state {stored}"))),
    }
}

/// Why an operation failed, as its column `failure` says it.
pub(crate) fn read_failure(stored: Option<String>) -> Result<Option<FailureReason>> {
    stored
        .map(|stored| serde_json::from_str(&stored))
        .transpose()
        .map_err(|error| StoreError::damaged("operation", error))
}

/// It goes out; if that is the first time that is not answered, it is remembered when, by the server's clock.
pub(crate) fn set_tried_at(
    db: &Connection,
    key: OperationKey,
    server_time: Option<Timestamp>,
) -> Result<()> {
    db.prepare_cached(
        "UPDATE operation SET tried_at = coalesce(tried_at, ?2) WHERE operation_key = ?1",
    )?
    .execute(params![key.to_bytes(), server_time.map(|time| time.0)])?;
    Ok(())
}

/// The server's clock was set by so many milliseconds: what was tried gets no older or younger by that.
pub(crate) fn shift_tried_at(db: &Connection, by_ms: i64) -> Result<()> {
    // What was written before times were checked may be beyond what can be added to.
    db.execute(
        "UPDATE operation SET tried_at = max(min(tried_at, ?2), -?2) + ?1
         WHERE tried_at IS NOT NULL",
        params![by_ms, i64::MAX / 2],
    )?;
    Ok(())
}

/// One more submit of it went without an answer.
pub(crate) fn add_unanswered(db: &Connection, key: OperationKey) -> Result<()> {
    db.prepare_cached("UPDATE operation SET unanswered = unanswered + 1 WHERE operation_key = ?1")?
        .execute([key.to_bytes()])?;
    Ok(())
}

/// The server certainly does not have it.
pub(crate) fn clear_doubt(db: &Connection, key: OperationKey) -> Result<()> {
    db.prepare_cached(
        "UPDATE operation SET unanswered = 0, tried_at = NULL WHERE operation_key = ?1",
    )?
    .execute([key.to_bytes()])?;
    Ok(())
}

/// An app's retry starts the count of tries and the age anew.
pub(crate) fn renew(
    db: &Connection,
    key: OperationKey,
    now: Timestamp,
    server_time: Option<Timestamp>,
) -> Result<()> {
    db.execute(
        "UPDATE operation SET tries = 0, created_at = ?2, tried_at = ?3 WHERE operation_key = ?1",
        params![key.to_bytes(), now.0, server_time.map(|time| time.0)],
    )?;
    Ok(())
}

/// It holds nobody up any more, though it failed.
pub(crate) fn release_lane(db: &Connection, key: OperationKey) -> Result<()> {
    db.execute(
        "UPDATE operation SET holds_lane = 0 WHERE operation_key = ?1",
        [key.to_bytes()],
    )?;
    Ok(())
}

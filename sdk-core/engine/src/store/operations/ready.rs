//! What may go out next. It looks at the lanes that have something that waits, and at no more of each than it takes:
//! behind what is in flight, has failed or waits for its files there may be any number. Nothing in here writes.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use rusqlite::{Connection, OptionalExtension, params};

use super::{COLUMNS, OperationRow, read};
use crate::config::FailurePolicy;
use crate::defects::{self, Defect};
use crate::store::uploads::OPEN;
use crate::store::{LaneId, Result};

/// What may go out, in order: queued operations of lanes that have nothing in flight, whose earlier
/// operations did not fail, that are not `resting` after a transient failure, and whose files are up, with
/// those of all messages before them.
pub(crate) fn ready_to_go(
    db: &Connection,
    policy: FailurePolicy,
    resting: &BTreeSet<LaneId>,
    limit: u32,
) -> Result<Vec<OperationRow>> {
    let files = behind_files(db)?;
    let mut next = BinaryHeap::new();
    let mut lanes = BTreeMap::new();
    for lane in free_lanes(db)? {
        if resting.contains(&lane) {
            continue;
        }
        let failed = behind_failure(db, lane, policy)?;
        let held = [failed, files.get(&lane).copied()];
        let held = held.into_iter().flatten().min().unwrap_or(i64::MAX);
        if let Some(row) = after(db, lane, i64::MIN, held)? {
            next.push(Reverse(row.ordinal));
            lanes.insert(row.ordinal, (row, held));
        }
    }
    let mut ready = Vec::new();
    while ready.len() < limit as usize
        && let Some(Reverse(ordinal)) = next.pop()
        && let Some((row, held)) = lanes.remove(&ordinal)
    {
        if let Some(row) = after(db, row.lane, ordinal, held)? {
            next.push(Reverse(row.ordinal));
            lanes.insert(row.ordinal, (row, held));
        }
        ready.push(row);
    }
    if defects::active(Defect::Overtake) {
        ready.reverse();
    }
    Ok(ready)
}

/// The lanes in which something waits and nothing is in flight: from each to the next, past all that waits in it.
fn free_lanes(db: &Connection) -> Result<Vec<LaneId>> {
    let mut statement = db.prepare_cached(
        "WITH RECURSIVE waiting (lane) AS (
             SELECT min(lane) FROM operation INDEXED BY operation_waiting WHERE state = 'queued'
             UNION ALL
             SELECT (SELECT min(o.lane) FROM operation AS o INDEXED BY operation_waiting
                     WHERE o.state = 'queued' AND o.lane > waiting.lane)
             FROM waiting WHERE lane IS NOT NULL)
         SELECT lane FROM waiting
         WHERE lane IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM operation AS f
                           WHERE f.lane = waiting.lane AND f.state = 'in_flight')",
    )?;
    let lanes = statement.query_map([], |row| row.get("lane").map(LaneId))?;
    Ok(lanes.collect::<rusqlite::Result<_>>()?)
}

/// From where on a lane is held by an operation that failed.
fn behind_failure(db: &Connection, lane: LaneId, policy: FailurePolicy) -> Result<Option<i64>> {
    Ok(db
        .prepare_cached(
            "SELECT min(ordinal) AS first FROM operation
             WHERE lane = ?1 AND state = 'failed' AND holds_lane
               AND (?2 OR method = 'conversation.create')",
        )?
        .query_row(params![lane.0, policy == FailurePolicy::Hold], |row| {
            row.get("first")
        })?)
}

/// From where on lanes are held by messages whose files are not up.
fn behind_files(db: &Connection) -> Result<BTreeMap<LaneId, i64>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT f.lane, min(f.ordinal) AS first
         FROM upload CROSS JOIN operation AS f USING (operation_key)
         WHERE {OPEN} AND f.state = 'queued'
         GROUP BY f.lane"
    ))?;
    let held = statement.query_map([], |row| Ok((LaneId(row.get("lane")?), row.get("first")?)))?;
    Ok(held.collect::<rusqlite::Result<_>>()?)
}

/// The first operation of a lane after an ordinal that may go out, where those that hold the lane are `held` from an
/// ordinal on.
fn after(db: &Connection, lane: LaneId, ordinal: i64, held: i64) -> Result<Option<OperationRow>> {
    // Each of the two is one look into an index, past what is held.
    let of = |holds_lane: u8, before: &str| {
        format!(
            "SELECT * FROM (
                 SELECT {COLUMNS} FROM operation AS o INDEXED BY operation_waiting
                 WHERE o.state = 'queued' AND o.lane = ?1 AND o.holds_lane = {holds_lane}
                   AND o.ordinal > ?2 {before}
                   AND NOT EXISTS (SELECT 1 FROM operation AS f
                                   WHERE f.operation_key = o.message_key AND f.state = 'failed')
                   AND NOT EXISTS (SELECT 1 FROM upload
                                   WHERE upload.operation_key = o.message_key AND {OPEN})
                 ORDER BY o.ordinal LIMIT 1)"
        )
    };
    let (holding, changing) = (of(1, "AND o.ordinal < ?3"), of(0, ""));
    db.prepare_cached(&format!(
        "{holding} UNION ALL {changing} ORDER BY ordinal LIMIT 1"
    ))?
    .query_row(params![lane.0, ordinal, held], |row| Ok(read(row)))
    .optional()?
    .transpose()
}

#[cfg(test)]
mod tests;

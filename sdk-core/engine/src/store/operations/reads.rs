//! Operations that tell the server how far something was read. Nothing in here writes.

use rusqlite::Connection;

use super::{COLUMNS, OperationRow, read};
use crate::store::{LaneId, Result};

/// Read pointers of a conversation that the server has not confirmed, in order.
pub(crate) fn reads_of_lane(db: &Connection, lane: LaneId) -> Result<Vec<OperationRow>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM operation
         WHERE lane = ?1 AND method = 'receipt.update'
           AND state IN ('queued', 'in_flight', 'unconfirmed')
         ORDER BY ordinal"
    ))?;
    let rows = statement.query_map([lane.0], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// Whether the server still has to be told how far a conversation was read, or the log to tell of it.
pub(crate) fn any_read(db: &Connection, lane: LaneId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM operation
                            WHERE lane = ?1 AND state IN ('queued', 'in_flight', 'applied')
                              AND method = 'receipt.update') AS any_read",
        )?
        .query_row([lane.0], |row| row.get("any_read"))?)
}

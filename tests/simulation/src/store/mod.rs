//! The judge reads the rows of a device: what no screen shows, and what a screen must agree with. It computes
//! everything anew, by its own queries, and must change nothing.

mod bytes;
mod rest;
mod search;
mod unread;

use fulmar_engine::Engine;

pub(crate) use rest::judge_rest;
pub(crate) use search::judge_search;
pub(crate) use unread::judge_counts;

/// What SQLite says, as the judge says it.
fn told(error: rusqlite::Error) -> String {
    format!("the rows cannot be read: {error}")
}

/// A number that a query gives.
pub(crate) fn number(engine: &Engine, query: &str) -> Result<u64, String> {
    let row = engine.database().query_row(query, [], |row| row.get(0));
    row.map_err(told)
}

//! What screens ask of several tables at once. Nothing in here writes, or knows how a row is shown.

pub(crate) mod list;
pub(crate) mod outbox;
pub(crate) mod timeline;

use crate::store::state::FailureReason;
use crate::store::{Result, StoreError};

/// Why an operation failed, as its row says it.
fn read_failure(text: Option<String>) -> Result<Option<FailureReason>> {
    text.map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|error| StoreError::damaged("operation", error))
}

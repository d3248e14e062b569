//! How far a page of a timeline goes, asked of the store.

use fulmar_engine::{CommandError, Reader, StoreError};
use fulmar_protocol::{ConversationId, OperationKey, Position};

use crate::runtime::Runtime;

/// [`page_before`](fulmar_engine::query::page_before) or [`page_after`](fulmar_engine::query::page_after).
pub(super) type PageEnd = fn(
    &Reader,
    &ConversationId,
    Option<OperationKey>,
    Position,
    u32,
) -> Result<Position, StoreError>;

/// How far a page goes that lies before or after a place.
pub(super) async fn page_end(
    runtime: &Runtime,
    id: &ConversationId,
    thread: Option<OperationKey>,
    place: Position,
    rows: u32,
    page: PageEnd,
) -> Result<Position, CommandError> {
    let id = id.clone();
    runtime
        .read(move |readers| readers.read(|reader| page(reader, &id, thread, place, rows)))
        .await
        .ok_or(CommandError::Closed)?
        .map_err(|error| CommandError::Store {
            reason: error.to_string(),
        })
}

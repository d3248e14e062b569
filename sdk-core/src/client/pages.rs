//! Pages of lists, timelines and searches: what asking for one comes to, and how far one goes in the store.

use fulmar_engine::{CommandError, Reader, StoreError};
use fulmar_protocol::{ConversationId, OperationKey, Position};

use crate::runtime::Runtime;

/// What asking for a page came to: of a timeline, a list or a search. The next change shows what was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageResult {
    /// Whether another call may load more. `false` is certain; `true` may turn out to be an empty page.
    pub has_more: bool,
}

/// `page_before` or `page_after` of the engine.
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
        .query(move |reader| page(reader, &id, thread, place, rows))
        .await
}

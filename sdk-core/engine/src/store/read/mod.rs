//! What screens ask of several tables at once. Nothing in here writes, or knows how a row is shown.

pub(crate) mod list;
pub(crate) mod outbox;
pub(crate) mod timeline;

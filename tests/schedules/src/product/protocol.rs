//! Words of the protocol.

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserId(pub(crate) u64);

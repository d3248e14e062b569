//! Live signals: told while there is a connection, and forgotten with it. Nothing in here is stored.

pub(crate) mod presence;
pub(crate) mod typing;

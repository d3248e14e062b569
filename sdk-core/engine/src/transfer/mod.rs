//! Files of messages: up before their message, down when somebody wants them (PROTOCOL.md §7.10).
//!
//! The machines decide which part of which file goes next; the driver carries it between disk and network.
//! Neither may read a file or give one up by itself.

pub(crate) mod downloads;
pub(crate) mod uploads;

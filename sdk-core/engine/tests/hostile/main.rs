//! The engine as a whole against servers that say anything, by its public interface alone.
//!
//! Each test plays half an hour of a server that does something wrong, with the budgets of PROTOCOL.md §3.9
//! counted, and then a server that behaves: within two minutes everything has to be sent and here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answers;
mod bench;
mod budget;
mod clocks;
mod lies;
mod logs;
mod numbers;
mod outbox;
mod outcomes;
mod progress;
mod provider;
mod questions;
mod random;
mod server;
mod sessions;
mod sockets;
mod transfers;
mod unreadable;

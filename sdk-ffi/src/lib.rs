//! The surface of the SDK for Kotlin and Swift, through UniFFI. It is thin: it translates types and
//! errors, and decides nothing.
//!
//! Three rules of the crossing shape it. Every call that can wait can be ended from the other side,
//! because a cancelled Swift task does not reach Rust: a watcher has `close`. Every call answers with
//! a `Result`, so that a panic arrives as an error. And a crossing costs microseconds, so whole
//! batches of changes cross at once, never a field at a time.

mod client;
mod error;
mod records;
mod timeline;

pub use client::{Client, Conversation};
pub use error::FulmarError;
pub use records::{Change, Message, MessageState, OlderHistory};
pub use timeline::Timeline;

uniffi::setup_scaffolding!();

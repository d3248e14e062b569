//! The backend: the rules and the state behind the mock server.
//!
//! It is a pure machine like the SDK's engine: a request goes in with the time, an answer and the
//! frames for open sockets come out. It has no sockets, no threads and no clock, so the simulation
//! runs it in one thread with the engines, and the mock server puts a network around it.
//!
//! Each request is handled in one SQLite transaction, all or nothing, in memory or in a file. What a
//! client may see is decided here and nowhere else: every read and every operation goes through the
//! caller's own participation.
//!
//! ```
//! use fulmar_backend::{Backend, Config, HttpRequest};
//! use fulmar_protocol::Timestamp;
//!
//! # fn main() -> Result<(), fulmar_backend::BackendError> {
//! let mut backend = Backend::in_memory(Config::default(), [7; 32])?;
//! backend.seed_demo(Timestamp(1_790_000_000_000))?;
//! let health = HttpRequest { method: "GET", path: "/health", ..HttpRequest::default() };
//! let (response, _) = backend.http(&health, Timestamp(1_790_000_000_000));
//! assert_eq!(response.status, 200);
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs, clippy::wildcard_enum_match_arm)]

mod account_deletion;
mod accounts;
mod actor;
mod audit;
mod backend;
mod config;
mod conversations;
mod edge;
mod entropy;
mod error;
mod files;
mod log;
mod messages;
mod operations;
mod overview;
mod push;
mod rooms;
mod route;
mod service;
mod store;
#[cfg(test)]
mod testing;
mod tx;

pub use backend::Backend;
pub use config::Config;
pub use edge::http::{HttpRequest, HttpResponse};
pub use edge::sockets::{Outgoing, SocketId};
pub use error::BackendError;
pub use overview::Stats;
pub use service::Checkpoint;
pub use store::audit::AuditEntry;
pub use store::pushes::{PushDevice, RecordedPush};

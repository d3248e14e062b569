//! The backend: the rules and the state behind the mock server.
//!
//! It is a pure machine like the SDK's engine: a request goes in with the time, an answer and the
//! frames for open sockets come out. It has no sockets, no threads and no clock, so the simulation
//! runs it in one thread with the engines, and the mock server puts a network around it.
//!
//! Each request is one SQLite transaction, all or nothing, in memory or in a file.
//!
//! # Rooms
//!
//! A room has private settings and owns tables: it alone writes them, through `store/<table>/write.rs`;
//! everyone may read. What it needs to know beside its rows comes in as arguments, and what happened
//! goes out as a small enum of news. What a user may do in a conversation is decided below the rooms, in
//! `access/`, whose proofs they take.
//!
//! | room | owns | must never |
//! | --- | --- | --- |
//! | `accounts/` | `user`, `deleted_user`, `session`, `block` | write a log, close a socket |
//! | `conversations/` | `conversation`, `participant` | write a message; decide who may do what |
//! | `messages/` | `message`, `mention`, `reaction`, `hidden_message`, `message_version`; the counters in `conversation` | touch a conversation without a proof that the user takes part |
//! | `log/` | `event`; `log_id` and `head` in `user` | know what an event means, or which users it concerns |
//! | `files/` | `file`, `file_part`, `attached` | give a file to somebody who sees no message that carries it |
//! | `push/` | `push_token`, `push` | know who is connected, send anything |
//! | `audit` | `audit` | change an entry |
//!
//! # The way of a request
//!
//! `edge/` reads it and runs a transaction on the rooms. An operation goes through `operations/`, which
//! owns `applied` and applies each key once; `operations/dispatch.rs` has one arm for each method, and
//! what the method does is one file in a room. `route/` passes on what rooms report, in this order:
//! files, logs, audit. What sockets and devices have to be told waits in `tx.rs` for the commit, and goes
//! out in `edge/notify.rs`. Deleting an account goes through all rooms, in `account_deletion.rs`.
//!
//! # Which module imports which
//!
//! From the ground up: `error`, `config`, `entropy`, `actor`; `store`; `tx`; `access`; the rooms; `rooms`,
//! `route`; `operations`, `account_deletion`, `overview`; `service`; `edge`; `backend`. Nothing imports
//! upward, and no room imports another. `tests/walls.rs` holds this, and who writes which table.
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

mod access;
mod account_deletion;
mod accounts;
mod actor;
mod audit;
mod backend;
mod capabilities;
mod config;
mod conversations;
mod defects;
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
mod shape;
mod store;
#[cfg(test)]
mod testing;
mod tx;

pub use backend::Backend;
pub use config::Config;
#[cfg(feature = "defects")]
pub use defects::Defect;
pub use edge::http::{HttpRequest, HttpResponse};
pub use edge::sockets::{Outgoing, SocketId};
pub use error::BackendError;
pub use overview::Stats;
pub use service::Checkpoint;
pub use store::Described;
pub use store::audit::AuditEntry;
pub use store::pushes::{PushDevice, RecordedPush};

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
#![deny(missing_docs)]

mod accounts;
mod audit;
mod blocks;
mod config;
mod conversations;
mod demo;
mod edge;
mod entropy;
mod error;
mod events;
mod farewell;
mod files;
mod jwt;
mod log;
mod operations;
mod profiles;
mod pushes;
mod rehearsal;
mod rooms;
mod search;
mod stats;
mod store;
mod tx;

use std::collections::BTreeMap;
use std::path::Path;

use fulmar_protocol::{Timestamp, UserId};
use rusqlite::Connection;

pub use config::Config;
pub use edge::http::{HttpRequest, HttpResponse};
pub use edge::socket::{Outgoing, SocketId};
pub use error::BackendError;
pub use rehearsal::Checkpoint;
pub use stats::Stats;
pub use store::audit::AuditEntry;
pub use store::pushes::{PushDevice, RecordedPush};

use edge::socket::Socket;
use entropy::Entropy;
pub(crate) use error::{Error, Result};
use rooms::Rooms;
use tx::{Database, Pending, Tx};

/// A backend with its state.
pub struct Backend {
    database: Database,
    rooms: Rooms,
    config: Config,
    keys: jwt::Keys,
    sockets: BTreeMap<SocketId, Socket>,
    last_socket: u64,
    /// When old operation keys were last forgotten.
    forgot_at: Timestamp,
}

impl std::fmt::Debug for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backend")
            .field("sockets", &self.sockets.len())
            .finish_non_exhaustive()
    }
}

/// One request's view of the backend: its transaction, and what it may use.
pub(crate) struct Scope<'t, 'a> {
    pub(crate) tx: &'t mut Tx<'a>,
    pub(crate) rooms: &'t Rooms,
    pub(crate) config: &'t Config,
    pub(crate) keys: &'t jwt::Keys,
}

impl Backend {
    /// A backend whose state goes with it. `seed` is random, except where a run is to be repeated.
    pub fn in_memory(config: Config, seed: [u8; 32]) -> std::result::Result<Self, BackendError> {
        Self::open(Connection::open_in_memory()?, config, seed)
    }

    /// A backend that keeps everything in a file: users, sessions, messages, logs and operation
    /// keys are there again after a restart.
    pub fn in_file(
        path: &Path,
        config: Config,
        seed: [u8; 32],
    ) -> std::result::Result<Self, BackendError> {
        Self::open(Connection::open(path)?, config, seed)
    }

    fn open(
        connection: Connection,
        config: Config,
        seed: [u8; 32],
    ) -> std::result::Result<Self, BackendError> {
        let mut entropy = Entropy::new(seed);
        let signing = store::prepare(&connection, &entropy.bytes())?;
        Ok(Self {
            database: Database::new(connection, entropy),
            rooms: Rooms::new(&config),
            config,
            keys: jwt::Keys::new(&signing),
            sockets: BTreeMap::new(),
            last_socket: 0,
            forgot_at: Timestamp(0),
        })
    }

    /// What this backend was set up with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Everything that was done so far, in its order.
    pub fn audit(&mut self, now: Timestamp) -> Vec<AuditEntry> {
        let (entries, _) = self.scoped(now, |scope| scope.rooms.audit.entries(scope.tx));
        entries.unwrap_or_else(|error| {
            error.report();
            Vec::new()
        })
    }

    /// Forgets the events of a user's log so far, as a server does that keeps only a while: devices
    /// that have not seen them get a reset.
    pub fn cut_log(&mut self, user_id: &UserId, now: Timestamp) {
        let (cut, _) = self.scoped(now, |scope| scope.rooms.log.cut(scope.tx, user_id));
        cut.unwrap_or_else(Error::report);
    }

    /// Runs `work` in one transaction, which is kept only when it succeeds, except that sessions
    /// ended on purpose stay ended.
    pub(crate) fn scoped<T>(
        &mut self,
        now: Timestamp,
        work: impl FnOnce(&mut Scope<'_, '_>) -> Result<T>,
    ) -> (Result<T>, Pending) {
        let Self {
            database,
            rooms,
            config,
            keys,
            ..
        } = self;
        let ran = database.transact(now, |tx| {
            let mut scope = Scope {
                tx,
                rooms,
                config,
                keys,
            };
            match work(&mut scope) {
                Err(error) if tx.pending.ended_sessions.is_empty() => Err(error),
                result => Ok(result),
            }
        });
        match ran {
            Ok((Ok(done), pending)) => (Ok(done), pending),
            Ok((Err(error), pending)) => {
                let ended_sessions = pending.ended_sessions;
                let pending = Pending {
                    ended_sessions,
                    ..Pending::default()
                };
                (Err(error), pending)
            }
            Err(error) => (Err(error), Pending::default()),
        }
    }
}

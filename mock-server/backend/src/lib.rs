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
mod actor;
mod audit;
mod config;
mod conversations;
mod demo;
mod edge;
mod entropy;
mod error;
mod events;
mod farewell;
mod files;
mod log;
mod operations;
mod push;
mod rehearsal;
mod rooms;
mod route;
mod search;
mod stats;
mod store;
#[cfg(test)]
mod testing;
mod tx;

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use fulmar_protocol::{Message, Secret, Timestamp, UserId};
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
use push::Recorded;
use rooms::Rooms;
use tx::{Database, Pending, Tx};

/// A backend with its state.
pub struct Backend {
    database: Database,
    rooms: Rooms,
    config: Config,
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
            rooms: Rooms::new(&config, &signing),
            config,
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

    /// Adds a user who can sign in with a password.
    pub fn add_user(
        &mut self,
        user_id: &UserId,
        name: &str,
        password: &Secret,
        now: Timestamp,
    ) -> std::result::Result<(), BackendError> {
        let (added, _) = self.scoped(now, |scope| {
            let accounts = &scope.rooms.accounts;
            accounts.add_user(scope.tx, user_id, name, password)
        });
        added.map_err(|error| BackendError::Refused(error.into_problem()))
    }

    /// Ends every session of a user, as an administrator would.
    pub fn revoke_sessions(&mut self, user_id: &UserId, now: Timestamp) -> Vec<Outgoing> {
        let (_, pending) = self.scoped(now, |scope| {
            let news = scope.rooms.accounts.end_sessions_of(scope.tx, user_id)?;
            scope.rooms.pass_on(scope.tx, news)
        });
        self.close_sessions(&pending.ended_sessions)
    }

    /// Every push so far, the oldest first.
    pub fn pushes(&mut self, now: Timestamp) -> Vec<RecordedPush> {
        let (all, _) = self.scoped(now, |scope| scope.rooms.push.all(scope.tx));
        all.unwrap_or_else(|error| {
            error.report();
            Vec::new()
        })
    }

    /// The pushes that are to be handed over now.
    pub fn due_pushes(&mut self, now: Timestamp) -> Vec<RecordedPush> {
        let (due, _) = self.scoped(now, |scope| scope.rooms.push.due(scope.tx));
        due.unwrap_or_else(|error| {
            error.report();
            Vec::new()
        })
    }

    /// A push was taken by what carries notifications, or was not: then it is tried again after 2, 4 and
    /// 8 seconds.
    pub fn push_handed_over(&mut self, push_id: u64, taken: bool, now: Timestamp) {
        let (noted, _) = self.scoped(now, |scope| {
            scope.rooms.push.handed_over(scope.tx, push_id, taken)
        });
        noted.unwrap_or_else(Error::report);
    }

    /// Records a push for each of these users who has no live connection.
    pub(crate) fn push(&mut self, wanted: &[(Rc<Message>, Vec<UserId>)], now: Timestamp) {
        let mut absent: Vec<(&Message, &UserId)> = Vec::new();
        for (message, users) in wanted {
            let users = users.iter().filter(|user| !self.is_connected(user));
            absent.extend(users.map(|user| (&**message, user)));
        }
        if absent.is_empty() {
            return;
        }
        for (message, user) in absent {
            let (recorded, _) = self.scoped(now, |scope| {
                let push = &scope.rooms.push;
                push.record(scope.tx, user, message)
            });
            match recorded {
                Ok(Recorded::Yes | Recorded::Muted | Recorded::Blocked) => {}
                // The message is safe all the same.
                Err(error) => error.report(),
            }
        }
    }

    /// Runs `work` in one transaction, which is kept only when it succeeds.
    pub(crate) fn scoped<T>(
        &mut self,
        now: Timestamp,
        work: impl FnOnce(&mut Scope<'_, '_>) -> Result<T>,
    ) -> (Result<T>, Pending) {
        let Self {
            database,
            rooms,
            config,
            ..
        } = self;
        let ran = database.transact(now, |tx| work(&mut Scope { tx, rooms, config }));
        match ran {
            Ok((done, pending)) => (Ok(done), pending),
            Err(error) => (Err(error), Pending::default()),
        }
    }
}

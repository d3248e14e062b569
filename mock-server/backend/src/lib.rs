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
mod conversations;
mod demo;
mod edge;
mod events;
mod farewell;
mod files;
mod jwt;
mod operations;
mod profiles;
mod pushes;
mod rehearsal;
mod search;
mod stats;
mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use fulmar_protocol::{Code, Limits, Message, OperationKey, Problem, Timestamp, UserId};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use rusqlite::{Connection, Transaction, TransactionBehavior};

pub use audit::AuditEntry;
pub use edge::http::{HttpRequest, HttpResponse};
pub use edge::socket::{Outgoing, SocketId};
pub use pushes::{PushDevice, RecordedPush};
pub use rehearsal::Checkpoint;
pub use stats::Stats;

use edge::socket::Socket;

/// Settings of a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// How long an access token is valid. Default: 15 minutes.
    pub access_token_lifetime: Duration,
    /// How long operation keys are remembered. Default and minimum by the spec: 30 days.
    pub operation_key_retention: Duration,
    /// How often clients are asked to ping. Default: 30 s.
    pub heartbeat: Duration,
    /// How many events each user's log keeps before its beginning is cut. Default: 100,000.
    pub log_capacity: u64,
    /// How many messages a user may send in a minute. Default: any number.
    pub messages_per_minute: Option<u32>,
    /// Bounds that are enforced and told to clients.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            access_token_lifetime: Duration::from_secs(15 * 60),
            operation_key_retention: Duration::from_secs(30 * 24 * 60 * 60),
            heartbeat: Duration::from_secs(30),
            log_capacity: 100_000,
            messages_per_minute: None,
            limits: Limits::default(),
        }
    }
}

/// Why a backend could not be opened or set up. Requests never fail with this: they get a problem.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The database could not be read or written.
    #[error("the database of the server: {0}")]
    Database(#[from] rusqlite::Error),
    /// A newer version wrote the database.
    #[error("the database has version {found}, this server knows {known}")]
    NewerVersion {
        /// The version of the file.
        found: i64,
        /// The newest version that this server knows.
        known: i64,
    },
    /// Set-up data that the rules forbid.
    #[error("{0}")]
    Refused(Problem),
}

/// Why handling a request stopped: the client's fault, or ours.
#[derive(Debug)]
pub(crate) enum Stop {
    Problem(Problem),
    Internal(String),
}

pub(crate) type Result<T> = std::result::Result<T, Stop>;

impl Stop {
    pub(crate) fn because(code: Code, title: &str) -> Self {
        Self::Problem(Problem::new(code, title))
    }

    pub(crate) fn no_such_user() -> Self {
        Self::because(Code::UserNotFound, "There is no such user")
    }

    pub(crate) fn into_problem(self) -> Problem {
        match self {
            Self::Problem(problem) => problem,
            Self::Internal(reason) => {
                tracing::error!(%reason, "the backend made a mistake");
                Problem::new(Code::ServerError, "The server made a mistake")
            }
        }
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<serde_json::Error> for Stop {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<fulmar_protocol::IdError> for Stop {
    fn from(error: fulmar_protocol::IdError) -> Self {
        Self::Internal(format!("a stored id: {error}"))
    }
}

/// A backend with its state.
pub struct Backend {
    database: Connection,
    config: Config,
    keys: jwt::Keys,
    rng: ChaCha20Rng,
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
pub(crate) struct Scope<'a> {
    pub(crate) db: Transaction<'a>,
    pub(crate) config: &'a Config,
    pub(crate) keys: &'a jwt::Keys,
    pub(crate) rng: &'a mut ChaCha20Rng,
    pub(crate) now: fulmar_protocol::Timestamp,
    pub(crate) aftermath: Aftermath,
}

/// What has to be said over sockets once a request is committed.
#[derive(Debug, Default)]
pub(crate) struct Aftermath {
    /// Sessions that ended; their sockets are closed.
    pub(crate) ended_sessions: Vec<String>,
    /// Users with new events in their logs.
    pub(crate) told: BTreeSet<UserId>,
    /// Users who share a conversation that they did not share before.
    pub(crate) met: BTreeSet<UserId>,
    /// Pairs who do not see each other come and go any more.
    pub(crate) parted: BTreeSet<(UserId, UserId)>,
    /// Who is told of which message, if they have no live connection.
    pub(crate) pushes: Vec<(UserId, Message)>,
    /// Users who show or hide from now on whether they are there.
    pub(crate) shown: BTreeSet<UserId>,
}

impl Scope<'_> {
    /// A random name that nothing else has.
    pub(crate) fn random_id(&mut self, prefix: &str) -> String {
        let mut bytes = [0; 12];
        self.rng.fill_bytes(&mut bytes);
        format!("{prefix}{}", hex(&bytes))
    }

    /// A key for what the server does by itself, or for whoever made none.
    pub(crate) fn new_operation_key(&mut self) -> OperationKey {
        let mut random = [0; 10];
        self.rng.fill_bytes(&mut random);
        OperationKey::from_parts(self.now, random)
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
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
        database: Connection,
        config: Config,
        seed: [u8; 32],
    ) -> std::result::Result<Self, BackendError> {
        let mut rng = ChaCha20Rng::from_seed(seed);
        let mut signing = [0; 32];
        rng.fill_bytes(&mut signing);
        let signing = store::prepare(&database, &signing)?;
        Ok(Self {
            database,
            config,
            keys: jwt::Keys::new(&signing),
            rng,
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

    /// Runs `work` in one transaction, which is kept only when it succeeds, except that sessions
    /// ended on purpose stay ended.
    pub(crate) fn scoped<T>(
        &mut self,
        now: fulmar_protocol::Timestamp,
        work: impl FnOnce(&mut Scope<'_>) -> Result<T>,
    ) -> (Result<T>, Aftermath) {
        let db = match self
            .database
            .transaction_with_behavior(TransactionBehavior::Immediate)
        {
            Ok(db) => db,
            Err(error) => return (Err(error.into()), Aftermath::default()),
        };
        let mut scope = Scope {
            db,
            config: &self.config,
            keys: &self.keys,
            rng: &mut self.rng,
            now,
            aftermath: Aftermath::default(),
        };
        let result = work(&mut scope);
        let Scope { db, aftermath, .. } = scope;
        // Ending a session for reuse of its token is the one change that goes with a refusal.
        let committed = match (&result, aftermath.ended_sessions.is_empty()) {
            (Err(_), true) => db.rollback(),
            _ => db.commit(),
        };
        match committed {
            Ok(()) if result.is_ok() => (result, aftermath),
            // What was written for others is gone with the transaction.
            Ok(()) => {
                let aftermath = Aftermath {
                    ended_sessions: aftermath.ended_sessions,
                    ..Aftermath::default()
                };
                (result, aftermath)
            }
            Err(error) => (Err(error.into()), Aftermath::default()),
        }
    }
}

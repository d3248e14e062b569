//! The engine of the SDK and its store.
//!
//! It is a pure machine. Inputs go in ([`Input`]: a command of the app, a frame, an HTTP answer, a
//! hint about network or app), effects come out ([`Effect`]: open a socket, send a frame, ask over
//! HTTP, answer a command, tell watchers). It has no sockets, no threads, no clock and no randomness
//! of its own: the driver hands in [`Now`], and the same inputs give the same effects, always.
//!
//! ```text
//!   inputs ──▶ handle(batch, now) ──▶ one SQLite transaction ──▶ COMMIT ──▶ effects
//! ```
//!
//! One rule carries the reliability: **effects exist only after the commit**. A crash at any point
//! leaves rows from which the next [`Engine::open`] goes on, and `open` is the only recovery code.
//! There are no timer effects either: the driver waits for an input or for
//! [`Engine::next_timeout`], whichever comes first, and calls [`Engine::handle`].
//!
//! ```
//! use fulmar_engine::{Config, Engine, Input, NetworkState, Now, Store, Mono};
//! use fulmar_protocol::{DeviceId, Timestamp};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("alice.db");
//! let store = Store::open(&path)?;
//! let mut now = Now { wall: Timestamp(1_790_000_000_000), mono: Mono(0), entropy: 7 };
//! let (mut engine, effects) = Engine::open(store, Config::default(), DeviceId::new("phone")?, now)?;
//! for effect in effects {
//!     // Carry it out: sockets, HTTP, replies, watchers.
//!     println!("{effect:?}");
//! }
//! now.mono = Mono(5);
//! for effect in engine.handle(vec![Input::Network(NetworkState::Unavailable)], now)? {
//!     println!("{effect:?}");
//! }
//! assert!(engine.next_timeout().is_none(), "signed out: there is nothing to wait for");
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]
#![cfg_attr(not(test), deny(clippy::wildcard_enum_match_arm))]

mod beside;
mod cache;
mod capabilities;
mod cleaning;
mod config;
pub mod defects;
mod facts;
#[cfg(feature = "defects")]
mod inspect;
mod io;
mod link;
mod live;
mod online;
mod operation;
mod outbox;
mod pace;
mod requests;
mod route;
mod session;
mod store;
mod sync;
#[cfg(test)]
mod testing;
mod time;
mod timer;
mod transfer;
mod tx;
pub mod view;

use fulmar_protocol::{DeviceId, LogId, Seq, UserId};
#[cfg(feature = "defects")]
use fulmar_protocol::{PushPayload, Timestamp};

use crate::route::{Route, State};
use crate::session::Session;
use crate::store::{account, operations};
use crate::tx::{Numbers, Tx};

pub use beside::{PushError, handle_push_beside, read_push};
pub use config::{Backoff, Config, FailurePolicy, Retention};
#[cfg(feature = "defects")]
pub use inspect::Kept;
pub use io::{
    AppState, Attention, Command, CommandError, CommandId, ConnectionState, DownloadId,
    DownloadState, Effect, Field, FieldRule, FilePart, Input, NetworkState, NewConversation,
    ProvidedToken, PushNotification, Reply, RequestFailure, RequestId, Rule, SessionState,
    SocketEvent, SocketFailure, SocketId, TokenFailure, Topic, TransferFailure, Unsent, WaitReason,
};
pub use pace::Pace;
pub use store::state::{FailureReason, OperationState, SessionEnd};
pub use store::{
    ConversationKey, Durability, LaneId, OpenError, Reader, Salvage, SalvageError, Store,
    StoreError, StoreLock, UploadKey, Vault, real_path, rebuild,
};
pub use time::{Mono, Now};
pub use timer::{Timeout, Timer};
pub use tx::Released;
pub use view as query;
pub use view::content::MessageContent;

/// A transaction failed. As after a crash: drop the engine, [`Engine::reopen`] the store, and
/// hand in the inputs once more, one at a time. Everything committed before is kept.
#[derive(Debug, thiserror::Error)]
#[error("the transaction failed, nothing of it was stored: {error}")]
pub struct TransactionFailed {
    /// Why the store could not be written.
    #[from]
    pub error: StoreError,
}

/// What an engine has left to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The connection.
    pub connection: ConnectionState,
    /// How many operations the server has not confirmed.
    pub unsent: u32,
    /// How many operations were applied by the server, but not told of by the log.
    pub unseen: u32,
}

impl Status {
    /// Connected, up to date, nothing unsent, and everything that was applied also seen.
    #[must_use]
    pub fn is_up_to_date(&self) -> bool {
        self.connection == ConnectionState::Live && self.unsent == 0 && self.unseen == 0
    }
}

/// The engine of one account.
pub struct Engine {
    store: Store,
    config: Config,
    state: State,
    numbers: Numbers,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// Takes up where the rows say that it was left: the only recovery code there is. A store that
    /// is new gets `new_device_id` as the name of this device.
    pub fn open(
        store: Store,
        config: Config,
        new_device_id: DeviceId,
        now: Now,
    ) -> Result<(Self, Released), OpenError> {
        Self::reopen(store, config, new_device_id, now, Pace::default())
    }

    /// The same after a transaction failed, in the same process: with the [`Pace`] of the engine that was dropped.
    /// Otherwise a store that fails again and again would make each new engine ask the server anew, without rest.
    pub fn reopen(
        mut store: Store,
        config: Config,
        new_device_id: DeviceId,
        now: Now,
        pace: Pace,
    ) -> Result<(Self, Released), OpenError> {
        let vault = store.vault();
        let mut numbers = Numbers::default();
        let tx = Tx::new(store.begin(Durability::Full)?, &mut numbers, now);
        account::ensure(&tx.db, &new_device_id)?;
        if !defects::active(defects::Defect::NoRecovery) {
            operations::return_all_in_flight(&tx.db)?;
        }
        operations::clear_retries(&tx.db)?;
        let account =
            account::load(&tx.db, vault.as_deref())?.ok_or_else(|| OpenError::Corrupt {
                reason: "no account row".to_owned(),
            })?;
        account::seal(&tx.db, &account, vault.as_deref())?;
        let mut state = State::of(&tx, Session::of(account, vault, now), pace)?;
        let mut route = Route::new(tx, &mut state, &config);
        route.opened()?;
        route.reconcile()?;
        let released = route.commit()?;
        state.committed();
        store.note_unsent();
        let engine = Self {
            store,
            config,
            state,
            numbers,
        };
        Ok((engine, released))
    }

    /// Handles what happened, and every timer that has come, in one transaction. The durability of
    /// the batch is that of its most demanding input, or what its effects need ([`Released::durability`]).
    pub fn handle(&mut self, batch: Vec<Input>, now: Now) -> Result<Released, TransactionFailed> {
        let durability = Self::durability(&batch);
        let span = tracing::trace_span!("batch", inputs = batch.len(), ?durability);
        let _entered = span.enter();
        let tx = Tx::new(self.store.begin(durability)?, &mut self.numbers, now);
        let mut route = Route::new(tx, &mut self.state, &self.config);
        route.timeouts()?;
        for input in batch {
            route.input(input)?;
        }
        route.reconcile()?;
        let released = route.commit()?;
        if released.durability() > durability {
            self.store.make_durable()?;
        }
        self.state.committed();
        self.store.note_unsent();
        if released.cleans() {
            self.clean(now);
        }
        let durability = match defects::active(defects::Defect::LazyDisk) {
            true => Durability::Normal,
            false => released.durability().max(durability),
        };
        Ok(released.with(durability))
    }

    /// What was committed is committed whatever becomes of this.
    fn clean(&mut self, now: Now) {
        match self.store.clean(now.wall) {
            Ok(owed) => self.state.cleaned(owed, now),
            Err(error) => {
                tracing::warn!(%error, "what remains in the store cannot be cleaned away yet");
                self.state.not_cleaned(now);
            }
        }
    }

    fn durability(batch: &[Input]) -> Durability {
        batch
            .iter()
            .map(Input::durability)
            .max()
            .unwrap_or(Durability::Normal)
    }

    /// When to call [`handle`](Self::handle) at the latest, and why; also with an empty batch.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Timeout> {
        self.state.next_timeout()
    }

    /// Whose store this is; also after the server has ended the session.
    #[must_use]
    pub fn user_id(&self) -> Option<&UserId> {
        self.state.owner()
    }

    /// A connection that shows what is committed.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        self.store.reader()
    }

    /// The whole store as one blob, as it is committed now.
    pub fn image(&mut self) -> Result<Vec<u8>, StoreError> {
        self.store.image()
    }

    /// A second process takes a push, between two transactions of this one.
    ///
    /// # Errors
    /// When the push is for somebody else, or the store cannot be used.
    #[cfg(feature = "defects")]
    pub fn push_beside(
        &mut self,
        payload: &PushPayload,
        now: Timestamp,
    ) -> Result<PushNotification, PushError> {
        self.store.push_beside(payload, now)
    }

    /// What is left to do, at this moment.
    pub fn status(&self) -> Result<Status, StoreError> {
        Ok(Status {
            connection: self.state.connection(),
            unsent: operations::count_unsent(self.store.reader().connection())?,
            unseen: operations::count_applied(self.store.reader().connection())?,
        })
    }

    /// How far the log of the user was followed, and which log that is.
    #[must_use]
    pub fn followed(&self) -> (Option<LogId>, Seq) {
        self.state.followed()
    }

    /// How often this engine has tried what came to nothing, for the next one ([`reopen`](Self::reopen)).
    #[must_use]
    pub fn into_pace(self) -> Pace {
        self.state.into_pace()
    }

    /// The store, as a crash at this moment would leave it.
    #[must_use]
    pub fn into_store(self) -> Store {
        self.store
    }
}

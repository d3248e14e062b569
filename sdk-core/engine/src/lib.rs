//! The engine: the brain of the SDK and its store.
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
//! [`Engine::next_deadline`], whichever comes first, and calls [`Engine::handle`].
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
//! assert!(engine.next_deadline().is_none(), "signed out: there is nothing to wait for");
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod auth;
mod brain;
mod command_error;
mod commands;
mod config;
mod connection;
mod deadline;
pub mod defects;
mod downloads;
mod effect;
mod history;
mod inbox;
mod input;
mod message_content;
mod outbox;
mod own_account;
mod pending;
mod presence;
mod push;
pub mod query;
mod requests;
mod retention;
mod search;
mod status;
mod store;
mod time;
mod token_provider;
mod turn;
mod typing;

use fulmar_protocol::{DeviceId, UserId};

use crate::brain::Brain;
use crate::store::{account, operations};
use crate::turn::Turn;

pub use command_error::CommandError;
pub use config::{Backoff, Config, FailurePolicy, Retention};
pub use deadline::{Deadline, Why};
pub use effect::{
    CommandId, ConnectionState, DownloadId, DownloadState, Effect, FilePart, Reply, RequestId,
    SessionEnd, SessionState, SocketId, Topic, WaitReason,
};
pub use input::{
    AppState, Command, Input, NetworkState, NewConversation, ProvidedToken, RequestFailure,
    SocketEvent, SocketFailure, TokenFailure, TransferFailure, Unsent,
};
pub use message_content::MessageContent;
pub use outbox::failure::FailureReason;
pub use outbox::transition::OperationState;
pub use push::{Attention, PushNotification};
pub use store::{
    ConversationKey, Durability, LaneId, OpenError, PushError, Reader, Salvage, SalvageError,
    Store, StoreError, StoreLock, UploadKey, Vault, handle_push_beside, read_push, real_path,
    rebuild,
};
pub use time::{Mono, Now};
pub use turn::Released;

/// A transaction failed. As after a crash: drop the engine, [`Engine::open`] the store again, and
/// hand in the inputs once more, one at a time. Everything committed before is kept.
#[derive(Debug, thiserror::Error)]
#[error("the transaction failed, nothing of it was stored: {error}")]
pub struct TurnFailed {
    /// What failed.
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
    pub fn is_settled(&self) -> bool {
        self.connection == ConnectionState::Live && self.unsent == 0 && self.unseen == 0
    }
}

/// The engine of one account.
pub struct Engine {
    store: Store,
    config: Config,
    brain: Brain,
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
        mut store: Store,
        config: Config,
        new_device_id: DeviceId,
        now: Now,
    ) -> Result<(Self, Released), OpenError> {
        let vault = store.vault();
        let db = store.begin(Durability::Full)?;
        account::ensure(&db, &new_device_id)?;
        if !defects::active(defects::Defect::NoRecovery) {
            operations::return_all_in_flight(&db)?;
        }
        operations::clear_retries(&db)?;
        let account = account::load(&db, vault.as_deref())?.ok_or_else(|| OpenError::Corrupt {
            reason: "no account row".to_owned(),
        })?;
        account::seal(&db, &account, vault.as_deref())?;
        let mut brain = Brain::new(account, vault, now);
        let mut turn = Turn::new(db, &mut brain, &config, now);
        turn.retry_quarantine()?;
        turn.take_pushed()?;
        turn.let_go_of_history()?;
        if turn.brain.account.user_id.is_none() {
            // A sign-out that was cut short may have left some.
            turn.hold(Effect::DropFiles);
        }
        turn.settle()?;
        let released = turn.commit()?;
        store.note_unsent();
        let engine = Self {
            store,
            config,
            brain,
        };
        Ok((engine, released))
    }

    /// Handles what happened, and every deadline that has come, in one transaction. The durability
    /// of the batch is that of its most demanding input.
    pub fn handle(&mut self, batch: Vec<Input>, now: Now) -> Result<Released, TurnFailed> {
        let durability = Self::durability(&batch);
        let span = tracing::trace_span!("turn", inputs = batch.len(), ?durability);
        let _entered = span.enter();
        let db = self.store.begin(durability)?;
        let mut turn = Turn::new(db, &mut self.brain, &self.config, now);
        while let Some(why) = turn.brain.deadlines.take_due(now.mono) {
            turn.due(why)?;
        }
        for input in batch {
            turn.input(input)?;
        }
        turn.settle()?;
        let released = turn.commit()?;
        self.store.note_unsent();
        Ok(released)
    }

    /// How much of a batch a power cut may take back.
    #[must_use]
    pub fn durability(batch: &[Input]) -> Durability {
        batch
            .iter()
            .map(Input::durability)
            .max()
            .unwrap_or(Durability::Normal)
    }

    /// When to call [`handle`](Self::handle) at the latest, and why; also with an empty batch.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Deadline> {
        self.brain.deadlines.next()
    }

    /// Whose store this is; also after the server has ended the session.
    #[must_use]
    pub fn user_id(&self) -> Option<&UserId> {
        self.brain.account.user_id.as_ref()
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

    /// What is left to do, at this moment.
    pub fn status(&self) -> Result<Status, StoreError> {
        Ok(Status {
            connection: self.brain.shown_connection.clone().unwrap_or_default(),
            unsent: operations::count_unsent(self.store.reader().connection())?,
            unseen: operations::count_applied(self.store.reader().connection())?,
        })
    }

    /// The store, as a crash at this moment would leave it.
    #[must_use]
    pub fn into_store(self) -> Store {
        self.store
    }
}

impl Turn<'_> {
    fn input(&mut self, input: Input) -> store::Result<()> {
        match input {
            Input::Command { command, body } => self.command(command, body),
            Input::Socket { socket, event } => self.socket_event(socket, event),
            Input::Answer { request, result } => self.answer(request, result),
            Input::Transferred { request, result } => self.transferred(request, result),
            Input::CancelDownload(id) => {
                self.cancel_download(id);
                Ok(())
            }
            Input::Token { request, result } => self.token_answered(request, result),
            Input::Network(network) => self.network_changed(network),
            Input::Typing {
                conversation,
                state,
            } => self.typing(&conversation, state),
            Input::App(app) => {
                self.app_changed(app);
                match app {
                    AppState::Background => self.let_go_of_history(),
                    AppState::Foreground => self.take_pushed(),
                }
            }
        }
    }

    fn due(&mut self, why: Why) -> store::Result<()> {
        match why {
            // Settling does these, now that no deadline holds them back.
            Why::Reconnect
            | Why::FetchAgain
            | Why::TellDelivered
            | Why::LaneRetry(_)
            | Why::UploadAgain(_)
            | Why::DownloadAgain(_) => Ok(()),
            Why::ReadyMissing | Why::PongMissing => self.silence(),
            Why::TypingIdle(key) => self.stopped_typing(key),
            Why::TypingExpires(key) => {
                self.typing_expired(key);
                Ok(())
            }
            Why::Index => self.index_messages(),
            Why::Heartbeat => {
                self.heartbeat_due();
                Ok(())
            }
            Why::RefreshToken => {
                self.refresh();
                Ok(())
            }
            Why::Poll => {
                self.poll_due();
                Ok(())
            }
            Why::AnswerMissing(request) => self.answer_missing(request),
            Why::OutcomeMissing(submit) => self.outcome_missing(submit),
        }
    }

    /// Derives every duty again from what is known now, at the end of each turn.
    fn settle(&mut self) -> store::Result<()> {
        self.settle_token();
        self.settle_connection()?;
        self.settle_typing();
        self.settle_presence();
        self.settle_follow();
        self.settle_retention()?;
        self.settle_index()?;
        self.settle_uploads()?;
        self.settle_downloads();
        self.submit_what_can_go()?;
        self.show_resting_lanes()
    }
}

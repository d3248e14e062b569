//! What a driver starts with, and what it is told afterwards.

use std::path::PathBuf;
use std::sync::Arc;

use fulmar_engine::{Command, CommandError, Config, Input, Reply};
use fulmar_protocol::UserId;
use tokio::sync::{mpsc, oneshot, watch};

use super::app_work::AppWork;
use super::suspension::SuspendGate;
use crate::secret_storage::SecretStorage;
use crate::token_provider::TokenProvider;
use crate::transport::Transport;

/// How many inputs may wait for the engine; a task that brings more waits until there is room.
pub(super) const WAITING_INPUTS: usize = 1_024;

/// What the app's side says to the driver.
#[derive(Debug)]
pub(crate) enum Request {
    Command {
        body: Command,
        reply: oneshot::Sender<Result<Reply, CommandError>>,
    },
    Hint(Input),
}

/// What the driver needs to start.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) path: PathBuf,
    pub(crate) config: Config,
    pub(crate) owner: Option<UserId>,
    pub(crate) transport: Transport,
    pub(crate) token_provider: Option<Arc<dyn TokenProvider>>,
    pub(crate) secret_storage: Option<Arc<dyn SecretStorage>>,
}

/// The driver's ends of what the app's side holds.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) gate: SuspendGate,
    pub(super) stopping: watch::Receiver<bool>,
    /// The same for all clients of the process.
    pub(super) over: watch::Receiver<bool>,
    pub(super) work: AppWork,
}

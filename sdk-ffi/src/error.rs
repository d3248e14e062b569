//! One error, by what a caller can do about it.

use fulmar::{BuildError, CommandError, WatchError};

/// Why something was not done. Nothing was changed.
#[derive(Debug, Clone, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum FulmarError {
    /// The client could not be opened; the store is as it was.
    #[error("the client could not be opened: {reason}")]
    Open {
        /// Why.
        reason: String,
    },
    /// Nobody is signed in.
    #[error("nobody is signed in")]
    SignedOut,
    /// The server said no.
    #[error("the server refused: {title} ({code})")]
    Refused {
        /// The code of PROTOCOL.md §8.1.
        code: String,
        /// One line for developers.
        title: String,
    },
    /// The server could not be reached. Try again.
    #[error("the server could not be reached: {reason}")]
    Unreachable {
        /// What happened.
        reason: String,
    },
    /// A value that the rules forbid, or something that is not there.
    #[error("{reason}")]
    Invalid {
        /// Which value, and what is allowed.
        reason: String,
    },
    /// The outbox is full; nothing was dropped.
    #[error("the outbox is full: {capacity} operations are waiting")]
    OutboxFull {
        /// How many it holds.
        capacity: u32,
    },
    /// There are operations that the server has not confirmed.
    #[error("{count} operations are unsent")]
    Unsent {
        /// How many.
        count: u32,
    },
    /// The store could not be read or written.
    #[error("the store: {reason}")]
    Store {
        /// What SQLite said.
        reason: String,
    },
    /// The client or the watcher is closed.
    #[error("closed")]
    Closed,
}

impl From<CommandError> for FulmarError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::SignedOut => Self::SignedOut,
            CommandError::Refused { problem } => Self::Refused {
                code: problem.code.to_string(),
                title: problem.title,
            },
            CommandError::Unreachable { reason } => Self::Unreachable { reason },
            CommandError::OutboxFull { capacity } => Self::OutboxFull { capacity },
            CommandError::UnsentOperations { count } => Self::Unsent { count },
            CommandError::Store { reason } => Self::Store { reason },
            CommandError::Closed => Self::Closed,
            other => Self::Invalid {
                reason: other.to_string(),
            },
        }
    }
}

impl From<WatchError> for FulmarError {
    fn from(error: WatchError) -> Self {
        match error {
            WatchError::Closed => Self::Closed,
            WatchError::Store { reason } => Self::Store { reason },
        }
    }
}

impl From<BuildError> for FulmarError {
    fn from(error: BuildError) -> Self {
        Self::Open {
            reason: error.to_string(),
        }
    }
}

impl From<fulmar::IdError> for FulmarError {
    fn from(error: fulmar::IdError) -> Self {
        Self::Invalid {
            reason: error.to_string(),
        }
    }
}

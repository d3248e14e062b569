//! What rows say about operations and sessions: states and reasons, as they are stored.

use std::fmt;

use fulmar_protocol::{Code, Problem};
use serde::{Deserialize, Serialize};

/// Where an operation of the outbox stands. An applied operation has no row any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OperationState {
    /// Waits to be sent; the server certainly does not have it.
    Queued,
    /// Was handed to the network; the answer is still to come.
    InFlight,
    /// Waits to be sent once more: it was handed to the network, no answer came, and nobody knows whether
    /// it was applied.
    Unconfirmed,
    /// The server has done it; the log has not told of it yet, so the screen still shows it from
    /// here.
    Applied,
    /// Was refused for good, or is too old to be tried without the app's word.
    Failed,
}

impl OperationState {
    /// For logs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InFlight => "in flight",
            Self::Unconfirmed => "unconfirmed",
            Self::Applied => "applied",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for OperationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why an operation stopped for good until the app says something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum FailureReason {
    /// The server refused it with a permanent code. It changed nothing; it can be retried or
    /// discarded.
    #[error("refused: {problem}")]
    Refused {
        /// What the server said.
        problem: Problem,
    },
    /// It was tried, and no answer came. By now it is older than the server remembers operation keys, or the server
    /// took a later try for something that it cannot read. It may have been applied: what to do is the app's decision.
    #[error("nobody can say whether it was applied: it is not tried again without asking")]
    OutcomeUnknown,
    /// It is a reply in a thread under a message that was given up before it was sent. Only giving the reply
    /// up is left.
    #[error("the message that it is under was given up")]
    RootGivenUp,
    /// A file of the message is not on this device any more, and not at the server. Only giving the message
    /// up is left.
    #[error("a file of the message is not on this device any more")]
    FileLost,
}

/// Why a session came to an end without a sign-out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEnd {
    /// The server ended it.
    ByServer {
        /// Why: `session.revoked`, for one (PROTOCOL.md §8.1).
        code: Code,
    },
    /// The app's token provider said that this user has no session any more.
    ByTokenProvider {
        /// What the token provider said, for logs.
        reason: String,
    },
    /// The tokens in the store are sealed with a key that the platform does not have (any more): a
    /// store that was restored on another device, or a reset of the platform's secrets.
    SecretsLost,
}

#[cfg(test)]
impl OperationState {
    /// Every state, for tests that iterate over them.
    pub(crate) fn all() -> [Self; 5] {
        crate::testing::every!(OperationState {
            OperationState::Queued => [Self::Queued],
            OperationState::InFlight => [Self::InFlight],
            OperationState::Unconfirmed => [Self::Unconfirmed],
            OperationState::Applied => [Self::Applied],
            OperationState::Failed => [Self::Failed],
        })
    }
}

//! Why an operation failed, as it is stored and as the app is shown it.

use fulmar_protocol::Problem;
use serde::{Deserialize, Serialize};

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
    /// It was tried, no answer came, and by now it is older than the server remembers operation
    /// keys. Trying again could apply it twice, so that is the app's decision.
    #[error("too old to be tried again without asking: it may have been applied already")]
    OutcomeUnknown,
    /// A file of the message is not on this device any more, and not at the server. Only giving the message
    /// up is left.
    #[error("a file of the message is not on this device any more")]
    FileLost,
}

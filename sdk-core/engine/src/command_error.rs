//! Why a command was not carried out, as the app is told.

use fulmar_protocol::{ConversationId, OperationKey, Problem, UserId};

use crate::outbox::transition::OperationState;

/// Why a command was not carried out. Nothing was changed unless the variant says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Nobody is signed in on this store.
    #[error("nobody is signed in: sign in first")]
    SignedOut,
    /// Somebody is signed in already.
    #[error("{user_id} is signed in: sign out first")]
    AlreadySignedIn {
        /// Who.
        user_id: UserId,
    },
    /// The store belongs to somebody else, with operations that are not sent.
    #[error("this store belongs to {owner}: use another path, or sign {owner} in and out")]
    OtherUser {
        /// Whose store it is.
        owner: UserId,
    },
    /// The server said no. For sign-in: wrong user or password.
    #[error("the server refused: {problem}")]
    Refused {
        /// What it said.
        problem: Problem,
    },
    /// The server could not be reached, or did not answer. Try again.
    #[error("the server could not be reached: {reason}")]
    Unreachable {
        /// What happened.
        reason: String,
    },
    /// The token provider gave no token, or one of somebody else.
    #[error("no access token: {reason}")]
    NoToken {
        /// What it said.
        reason: String,
    },
    /// There is no such conversation in the store.
    #[error("no conversation {id} here")]
    NoSuchConversation {
        /// The id that was asked for.
        id: ConversationId,
    },
    /// There is no such message on this device, or it was deleted.
    #[error("no message {key} here")]
    NoSuchMessage {
        /// The key that was asked for.
        key: OperationKey,
    },
    /// The rules of the conversation forbid it to this user (PROTOCOL.md §4.4).
    #[error("not allowed: this user {rule}")]
    NotAllowed {
        /// What this user may do, or what they lack.
        rule: String,
    },
    /// There is no such operation in the outbox; it may have been confirmed in the meantime.
    #[error("no operation {operation_key} in the outbox; it may have been confirmed meanwhile")]
    NoSuchOperation {
        /// The key that was asked for.
        operation_key: OperationKey,
    },
    /// The operation is not in a state that allows this.
    #[error("operation {operation_key} is {state}: that cannot be done to it")]
    WrongState {
        /// Which operation.
        operation_key: OperationKey,
        /// The state it is in.
        state: OperationState,
    },
    /// A value that the rules forbid.
    #[error("{what} {rule}")]
    Invalid {
        /// Which value.
        what: String,
        /// What is allowed.
        rule: String,
    },
    /// The outbox is full. Nothing was dropped; send again when it has drained.
    #[error("the outbox is full: {capacity} operations are waiting")]
    OutboxFull {
        /// How many it holds.
        capacity: u32,
    },
    /// There are operations that the server has not confirmed.
    #[error("{count} operations are unsent: wait for them, or discard them")]
    UnsentOperations {
        /// How many.
        count: u32,
    },
    /// The store could not be written: a full or broken disk. What was stored before is kept.
    #[error("the store could not be written: {reason}")]
    Store {
        /// What SQLite said.
        reason: String,
    },
    /// A file cannot be read or copied. The message was not taken.
    #[error("the file cannot be taken over: {reason}")]
    FileUnreadable {
        /// What the system said.
        reason: String,
    },
    /// What the server has is not the file that was announced. Nothing of it was kept.
    #[error("the server has another file than the one that was announced")]
    FileDamaged,
    /// The client is closed.
    #[error("the client is closed")]
    Closed,
}

//! Errors of calls and of live queries, by what a caller can do about them.

use fulmar::{ConversationId, OperationKey, UserId};

use crate::{Capability, Count, Field, FieldRule, Problem, Rule};

/// Why something was not done. Nothing was changed unless the variant says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum CommandError {
    /// Nobody is signed in on this store.
    #[error("nobody is signed in: sign in first")]
    SignedOut,
    /// Somebody is signed in already.
    #[error("{user_id} is signed in: sign out first")]
    AlreadySignedIn {
        /// The user who is signed in.
        user_id: UserId,
    },
    /// The store belongs to somebody else, with operations that are not sent.
    #[error("this store belongs to {owner}: use another path, or sign {owner} in and out")]
    OtherUser {
        /// Whose store it is.
        owner: UserId,
    },
    /// The server said no. For sign-in: wrong user or password.
    #[error("the server refused: {}", .problem.title)]
    Refused {
        /// The server's problem: its code can be matched.
        problem: Problem,
    },
    /// The server could not be reached, or did not answer. Try again.
    #[error("the server could not be reached: {reason}")]
    Unreachable {
        /// What went wrong, for logs.
        reason: String,
    },
    /// Something answered that is no server of this protocol, or a faulty one: a proxy's page, the sign-in page of
    /// a network, another program at this address. Check the address, and try again. It can come wherever
    /// `Unreachable` can.
    #[error(
        "what answered is not the server: status {status} with a body that is not the protocol's"
    )]
    ForeignAnswer {
        /// The status of HTTP.
        status: u16,
    },
    /// The token provider gave no token, or one of somebody else.
    #[error("no access token: {reason}")]
    NoToken {
        /// What the token provider said, for logs.
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
    /// Another sign-in is under way: wait for its answer.
    #[error("another sign-in is under way: wait for its answer")]
    SignInUnderWay,
    /// The rules forbid it to this user.
    #[error("not allowed: {}", fulmar::Rule::from(*.rule))]
    NotAllowed {
        /// The rule that forbids it.
        rule: Rule,
    },
    /// There is no such operation in the outbox; it may have been confirmed in the meantime.
    #[error("no operation {operation_key} in the outbox; it may have been confirmed meanwhile")]
    NoSuchOperation {
        /// The key that was asked for.
        operation_key: OperationKey,
    },
    /// The operation is not in a state that allows this.
    #[error("operation {operation_key} is in another state: that cannot be done to it")]
    WrongState {
        /// The operation that is in another state.
        operation_key: OperationKey,
        /// The state it is in.
        state: OperationState,
    },
    /// The message was handed to the network, and no answer came: it may be at the server already, so it
    /// cannot be given up here alone.
    #[error(
        "operation {operation_key} may have been sent already: it cannot be given up on this device alone"
    )]
    MayBeSent {
        /// The operation that may be at the server already.
        operation_key: OperationKey,
    },
    /// The server cannot do this, as it said when it was last connected. Nothing was stored or sent. Do without it,
    /// or ask for a server that can.
    #[error("this server cannot do that: it has no {}", fulmar::Capability::from(*.capability))]
    Unsupported {
        /// What it would have to be able to do.
        capability: Capability,
    },
    /// A value that the rules forbid.
    #[error("{} {}", fulmar::Field::from(*.field), fulmar::FieldRule::from(.rule.clone()))]
    Invalid {
        /// The value that is wrong.
        field: Field,
        /// What is wrong with it.
        rule: FieldRule,
    },
    /// The outbox is full. Nothing was dropped; send again when it has drained.
    #[error("the outbox is full: {} operations are waiting", .capacity.0)]
    OutboxFull {
        /// How many it holds.
        capacity: Count,
    },
    /// There are operations that the server has not confirmed.
    #[error("{} operations are unsent: wait for them, or discard them", .count.0)]
    UnsentOperations {
        /// How many operations would be lost.
        count: Count,
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
    /// The caller gave up waiting. What was asked for may still happen.
    #[error("the caller gave up waiting")]
    Cancelled,
    /// The SDK made a mistake, which ended this call alone. What was stored is kept; please report it.
    #[error("a mistake inside the SDK: {reason}")]
    Bug {
        /// What is known of it.
        reason: String,
    },
}

/// How far an operation in the outbox has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum OperationState {
    /// It waits for its turn.
    Queued,
    /// It was handed to the network, and no outcome has come.
    InFlight,
    /// It was handed to the network, and no answer came: it may have been applied. It is tried again.
    Unconfirmed,
    /// The server has done it; the log has not told of it yet.
    Applied,
    /// It stays until it is retried or discarded.
    Failed,
}

impl From<fulmar::OperationState> for OperationState {
    fn from(state: fulmar::OperationState) -> Self {
        match state {
            fulmar::OperationState::Queued => Self::Queued,
            fulmar::OperationState::InFlight => Self::InFlight,
            fulmar::OperationState::Unconfirmed => Self::Unconfirmed,
            fulmar::OperationState::Applied => Self::Applied,
            fulmar::OperationState::Failed => Self::Failed,
        }
    }
}

impl From<fulmar::CommandError> for CommandError {
    fn from(error: fulmar::CommandError) -> Self {
        use fulmar::CommandError as E;
        match error {
            E::SignedOut => Self::SignedOut,
            E::AlreadySignedIn { user_id } => Self::AlreadySignedIn { user_id },
            E::OtherUser { owner } => Self::OtherUser { owner },
            E::Refused { problem } => Self::Refused {
                problem: problem.into(),
            },
            E::FileUnreadable { reason } => Self::FileUnreadable { reason },
            E::FileDamaged => Self::FileDamaged,
            E::Unreachable { reason } => Self::Unreachable { reason },
            E::ForeignAnswer { status } => Self::ForeignAnswer { status },
            E::NoToken { reason } => Self::NoToken { reason },
            E::NoSuchConversation { id } => Self::NoSuchConversation { id },
            E::NoSuchMessage { key } => Self::NoSuchMessage { key },
            E::SignInUnderWay => Self::SignInUnderWay,
            E::NotAllowed { rule } => Self::NotAllowed { rule: rule.into() },
            E::MayBeSent { operation_key } => Self::MayBeSent { operation_key },
            E::NoSuchOperation { operation_key } => Self::NoSuchOperation { operation_key },
            E::WrongState {
                operation_key,
                state,
            } => Self::WrongState {
                operation_key,
                state: state.into(),
            },
            E::Unsupported { capability } => Self::Unsupported {
                capability: capability.into(),
            },
            E::Invalid { field, rule } => Self::Invalid {
                field: field.into(),
                rule: rule.into(),
            },
            E::OutboxFull { capacity } => Self::OutboxFull {
                capacity: capacity.into(),
            },
            E::UnsentOperations { count } => Self::UnsentOperations {
                count: count.into(),
            },
            E::Store { reason } => Self::Store { reason },
            E::Closed => Self::Closed,
        }
    }
}

/// Why a live query has nothing more to say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
#[uniffi::export(Display)]
pub enum WatchError {
    /// The client or the watcher is closed.
    #[error("closed")]
    Closed,
    /// The store could not be read this time. Asking again is possible; nothing was skipped.
    #[error("the store could not be read: {reason}")]
    Store {
        /// What SQLite said.
        reason: String,
    },
    /// The SDK made a mistake, which ended this call alone. What was stored is kept; please report it.
    #[error("a mistake inside the SDK: {reason}")]
    Bug {
        /// What is known of it.
        reason: String,
    },
}

impl From<fulmar::WatchError> for WatchError {
    fn from(error: fulmar::WatchError) -> Self {
        match error {
            fulmar::WatchError::Closed => Self::Closed,
            fulmar::WatchError::Store { reason } => Self::Store { reason },
        }
    }
}

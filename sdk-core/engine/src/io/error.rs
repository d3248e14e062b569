//! Why a command failed, as the app is told.

use fulmar_protocol::text::TextFault;
use fulmar_protocol::{AnswerError, Capability, ConversationId, OperationKey, Problem, UserId};

use super::input::RequestFailure;
use super::rule::{Field, FieldRule, Rule};

use crate::store::state::OperationState;

/// Why a command failed. Nothing was changed unless the variant says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
    /// Another sign-in is under way: wait for its answer.
    #[error("another sign-in is under way: wait for its answer")]
    SignInUnderWay,
    /// The store belongs to somebody else, with operations that are not sent.
    #[error("this store belongs to {owner}: use another path, or sign {owner} in and out")]
    OtherUser {
        /// Whose store it is.
        owner: UserId,
    },
    /// The server said no. For sign-in: wrong user or password.
    #[error("the server refused: {problem}")]
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
    /// [`Unreachable`](Self::Unreachable) can.
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
    /// The rules forbid it to this user (PROTOCOL.md §4.4). Nothing was changed.
    #[error("not allowed: {rule}")]
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
    #[error("operation {operation_key} is {state}: that cannot be done to it")]
    WrongState {
        /// The operation that is in another state.
        operation_key: OperationKey,
        /// The state it is in.
        state: OperationState,
    },
    /// The message was handed to the network, and no answer came: it may be at the server already, so it
    /// cannot be given up here. It stays until that is known. Discard it with the word that it is to be
    /// deleted for everyone if it was sent.
    #[error(
        "operation {operation_key} may have been sent already: it cannot be given up on this device alone"
    )]
    MayBeSent {
        /// The operation that may be at the server already.
        operation_key: OperationKey,
    },
    /// The server cannot do this (PROTOCOL.md §10.2), as it said when it was last connected. Nothing was stored or sent.
    /// Do without it, or ask for a server that can.
    #[error("this server cannot do that: it has no {capability}")]
    Unsupported {
        /// What it would have to be able to do.
        capability: Capability,
    },
    /// A value that the rules forbid (PROTOCOL.md §9). Nothing was changed.
    #[error("{field} {rule}")]
    Invalid {
        /// The value that is wrong.
        field: Field,
        /// What is wrong with it.
        rule: FieldRule,
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
        /// How many operations would be lost.
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

impl CommandError {
    /// Nothing can be asked of the server before there is a new access token.
    pub(crate) fn without_token() -> Self {
        Self::Unreachable {
            reason: "waiting for a new access token".to_owned(),
        }
    }

    /// A text breaks a rule of PROTOCOL.md §4.8.
    pub(crate) fn of_text(field: Field, fault: TextFault) -> Self {
        let rule = FieldRule::from(fault);
        Self::Invalid { field, rule }
    }
}

/// What a failed request means to the app that asked for it.
pub(crate) fn command_error(failure: RequestFailure) -> CommandError {
    match failure {
        RequestFailure::ErrorAnswer(AnswerError::Problem(problem)) => {
            CommandError::Refused { problem }
        }
        RequestFailure::ErrorAnswer(AnswerError::Foreign { status }) => {
            CommandError::ForeignAnswer { status }
        }
        RequestFailure::Unreachable(reason) => CommandError::Unreachable { reason },
    }
}

//! What the outbox holds.

use fulmar::{ConversationId, ConversationKey, OperationKey, Timestamp};

use crate::{ByteCount, Count, FailureReason};

/// An operation that the server has not confirmed, or has refused.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OutboxItem {
    /// The operation's key; of a message that is to be sent, also its list key.
    pub operation: OperationKey,
    /// The conversation that it belongs to.
    pub conversation: ConversationKey,
    /// The id of that conversation.
    pub conversation_id: ConversationId,
    /// What the operation does.
    pub action: Action,
    /// The message that it changes.
    pub message: Option<OperationKey>,
    /// How far it has come.
    pub state: OutboxState,
    /// How often it was handed to the network.
    pub tries: Count,
    /// When it was handed over, or retried by hand.
    pub created_at: Timestamp,
}

impl From<fulmar::OutboxItem> for OutboxItem {
    fn from(item: fulmar::OutboxItem) -> Self {
        let fulmar::OutboxItem {
            operation,
            conversation,
            conversation_id,
            action,
            message,
            state,
            tries,
            created_at,
        } = item;
        Self {
            operation,
            conversation,
            conversation_id,
            action: action.into(),
            message,
            state: state.into(),
            tries: tries.into(),
            created_at,
        }
    }
}

/// How an operation of the outbox stands.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum OutboxState {
    /// It goes out as soon as there is a connection and those before it have been answered.
    Waiting,
    /// The files of the message go up first. Giving it up gives them up.
    Uploading {
        /// How many bytes of them are at the server.
        sent: ByteCount,
        /// How many bytes they have.
        total: ByteCount,
    },
    /// It was handed to the network; no answer yet.
    Sending,
    /// The last try came to nothing, as far as anyone knows; it is tried again by itself.
    Resting {
        /// When; sooner if the connection comes back.
        retry_at: Timestamp,
    },
    /// It waits until the app says what becomes of an earlier one that failed.
    Held {
        /// The failed operation that it waits behind.
        behind: OperationKey,
    },
    /// It will not go out until the app retries it. What it would have changed is not shown, except
    /// for a message or a conversation.
    Failed {
        /// Why it failed, and with that what the app can do.
        reason: FailureReason,
    },
}

impl From<fulmar::OutboxState> for OutboxState {
    fn from(state: fulmar::OutboxState) -> Self {
        use fulmar::OutboxState as S;
        match state {
            S::Waiting => Self::Waiting,
            S::Uploading { sent, total } => Self::Uploading {
                sent: ByteCount(sent),
                total: ByteCount(total),
            },
            S::Sending => Self::Sending,
            S::Resting { retry_at } => Self::Resting { retry_at },
            S::Held { behind } => Self::Held { behind },
            S::Failed { reason } => Self::Failed {
                reason: reason.into(),
            },
        }
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        /// What an operation does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
        pub enum Action {
            $($(#[$doc])* $name,)*
        }

        impl From<fulmar::Action> for Action {
            fn from(action: fulmar::Action) -> Self {
                match action {
                    $(fulmar::Action::$name => Self::$name,)*
                }
            }
        }
    };
}

actions! {
    /// Sends a message.
    Send;
    /// Edits a message.
    Edit;
    /// Deletes a message for everyone.
    DeleteForEveryone;
    /// Deletes a message for this user.
    DeleteForMe;
    /// Pins a message for everyone, or unpins it.
    PinMessage;
    /// Reacts to a message.
    AddReaction;
    /// Takes a reaction back.
    RemoveReaction;
    /// Tells how far the user has read.
    MarkRead;
    /// Creates the conversation.
    CreateConversation;
    /// Changes what everyone sees of the conversation.
    UpdateConversation;
    /// Leaves the conversation.
    Leave;
    /// Adds people.
    AddParticipants;
    /// Removes somebody.
    RemoveParticipant;
    /// Gives somebody another role.
    SetRole;
    /// Changes what only this user sees of the conversation.
    UpdateSettings;
}

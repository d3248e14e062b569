//! What the outbox holds, as an app shows it: what, since when, how often it was tried, and what it
//! waits for.

use fulmar_protocol::{ConversationId, OperationKey, Timestamp};
use rusqlite::Connection;

use super::message_item::reason;
use crate::config::FailurePolicy;
use crate::store::read::outbox::{self as rows, OutboxRow};
use crate::store::state::{FailureReason, OperationState};
use crate::store::uploads::{self, Sum};
use crate::store::{ConversationKey, Reader, Result, StoreError};

/// An operation that the server has not confirmed, or has refused.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub tries: u32,
    /// When it was handed over, or retried by hand.
    pub created_at: Timestamp,
}

/// How an operation of the outbox stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboxState {
    /// It goes out as soon as there is a connection and those before it have been answered.
    Waiting,
    /// The files of the message go up first. Giving it up gives them up.
    Uploading {
        /// How many bytes of them are at the server.
        sent: u64,
        /// How many bytes they have.
        total: u64,
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

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $method:literal;)*) => {
        /// What an operation does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Action {
            $($(#[$doc])* $name,)*
        }

        impl Action {
            fn of(method: &str) -> Option<Self> {
                match method {
                    $($method => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

actions! {
    /// Sends a message.
    Send = "message.send";
    /// Edits a message.
    Edit = "message.edit";
    /// Deletes a message for everyone.
    DeleteForEveryone = "message.delete";
    /// Deletes a message for this user.
    DeleteForMe = "message.hide";
    /// Pins a message for everyone, or unpins it.
    PinMessage = "message.pin";
    /// Reacts to a message.
    AddReaction = "reaction.add";
    /// Takes a reaction back.
    RemoveReaction = "reaction.remove";
    /// Tells how far the user has read.
    MarkRead = "receipt.update";
    /// Creates the conversation.
    CreateConversation = "conversation.create";
    /// Changes what everyone sees of the conversation.
    UpdateConversation = "conversation.update";
    /// Leaves the conversation.
    Leave = "conversation.leave";
    /// Adds people.
    AddParticipants = "participant.add";
    /// Removes somebody.
    RemoveParticipant = "participant.remove";
    /// Gives somebody another role.
    SetRole = "participant.update";
    /// Changes what only this user sees of the conversation.
    UpdateSettings = "settings.update";
}

/// Reads what the outbox holds, in the order in which it was handed over. Never touches the network.
pub fn outbox(reader: &Reader, policy: FailurePolicy) -> Result<Vec<OutboxItem>> {
    let db = reader.connection();
    let rows = rows::all(db, policy == FailurePolicy::Hold)?;
    rows.into_iter().map(|row| shown(db, row)).collect()
}

fn shown(db: &Connection, row: OutboxRow) -> Result<OutboxItem> {
    let state = match row.state {
        OperationState::Failed => OutboxState::Failed {
            reason: reason(row.failure)?,
        },
        OperationState::InFlight => OutboxState::Sending,
        OperationState::Queued | OperationState::Unconfirmed | OperationState::Applied => {
            if let Some(behind) = row.behind {
                OutboxState::Held { behind }
            } else if row.method == "message.send"
                && let Some(Sum { sent, total }) = uploads::sum(db, row.operation)?
            {
                OutboxState::Uploading { sent, total }
            } else if let Some(retry_at) = row.retry_at {
                OutboxState::Resting { retry_at }
            } else {
                OutboxState::Waiting
            }
        }
    };
    let action = Action::of(&row.method)
        .ok_or_else(|| StoreError::damaged("operation", format!("method {}", row.method)))?;
    Ok(OutboxItem {
        operation: row.operation,
        conversation: row.conversation,
        conversation_id: row.conversation_id,
        action,
        message: row.message,
        state,
        tries: row.tries,
        created_at: row.created_at,
    })
}

#[cfg(test)]
mod tests {
    use super::Action;
    use fulmar_protocol::Method;

    #[test]
    fn every_method_has_a_name_for_the_screen() {
        for method in Method::NAMES {
            assert!(Action::of(method).is_some(), "{method}");
        }
    }
}

//! What the outbox holds, for whoever wants to see it: what, since when, how often it was tried, and
//! what it waits for.

use fulmar_protocol::{ConversationId, OperationKey, Timestamp};

use super::message_item::read_failure;
use crate::config::FailurePolicy;
use crate::store::state::FailureReason;
use crate::store::uploads::{self, Sum};
use crate::store::{ConversationKey, Reader, Result, StoreError};

/// An operation that the server has not confirmed, or has refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxItem {
    /// The operation's key; of a message that is to be sent, also its list key.
    pub operation: OperationKey,
    /// Where it belongs.
    pub conversation: ConversationKey,
    /// The id of that conversation.
    pub conversation_id: ConversationId,
    /// What it does.
    pub action: Action,
    /// The message that it changes.
    pub message: Option<OperationKey>,
    /// How it stands.
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
        /// Which one.
        behind: OperationKey,
    },
    /// It will not go out until the app retries it. What it would have changed is not shown, except
    /// for a message or a conversation.
    Failed {
        /// Why.
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
    let mut statement = reader.connection().prepare_cached(
        "SELECT o.operation_key, o.lane,
                coalesce(c.id, (SELECT local_id FROM conversation_alias
                                WHERE conversation = c.key ORDER BY local_id LIMIT 1), ''),
                o.method, o.message_key, o.state, o.failure, o.tries, o.created_at, c.retry_at,
                (SELECT f.operation_key FROM operation AS f
                 WHERE o.holds_lane AND f.lane = o.lane AND f.state = 'failed' AND f.holds_lane
                   AND f.ordinal < o.ordinal AND (?1 OR f.method = 'conversation.create')
                 ORDER BY f.ordinal LIMIT 1)
         FROM operation AS o JOIN conversation AS c ON c.key = o.lane
         WHERE o.state <> 'applied'
         ORDER BY o.ordinal",
    )?;
    let mut rows = statement.query([policy == FailurePolicy::Hold])?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        let method: String = row.get(3)?;
        let state: String = row.get(5)?;
        let retry_at: Option<i64> = row.get(9)?;
        let behind: Option<[u8; 16]> = row.get(10)?;
        let operation = OperationKey::from_bytes(row.get(0)?);
        let uploading = match method == "message.send" && state == "queued" {
            true => uploads::sum(reader.connection(), operation)?,
            false => None,
        };
        items.push(OutboxItem {
            operation,
            conversation: ConversationKey(row.get(1)?),
            conversation_id: ConversationId::new(row.get::<_, String>(2)?)
                .map_err(|error| StoreError::damaged("conversation", error))?,
            action: Action::of(&method)
                .ok_or_else(|| StoreError::damaged("operation", format!("method {method}")))?,
            message: row
                .get::<_, Option<[u8; 16]>>(4)?
                .map(OperationKey::from_bytes),
            state: match (state.as_str(), behind, retry_at) {
                ("failed", ..) => OutboxState::Failed {
                    reason: read_failure(row.get(6)?)?,
                },
                ("in_flight", ..) => OutboxState::Sending,
                (_, Some(behind), _) => OutboxState::Held {
                    behind: OperationKey::from_bytes(behind),
                },
                _ if let Some(Sum { sent, total }) = uploading => {
                    OutboxState::Uploading { sent, total }
                }
                (_, _, Some(retry_at)) => OutboxState::Resting {
                    retry_at: Timestamp(retry_at),
                },
                _ => OutboxState::Waiting,
            },
            tries: row.get(7)?,
            created_at: Timestamp(row.get(8)?),
        });
    }
    Ok(items)
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

//! Conversations: who takes part in which, what they may do there, and what each has set for themselves
//! (PROTOCOL.md §4.1, §4.3, §4.4, §5.5, §5.6, §5.10 to §5.12).
//!
//! It owns the tables `conversation` (but for its two counters) and `participant`. It writes no message
//! and no log: it reports what happened as [`ConversationNews`]. Whether somebody may do something in a
//! conversation is decided in [`access`](crate::access) and nowhere else.

mod create;
mod fit;
mod leave;
mod participants;
mod receipts;
mod settings;
mod update;

use fulmar_protocol::{
    Conversation, ConversationId, ConversationUpdated, Notice, OperationKey, Participant,
    ParticipantUpdated, Position, SettingsUpdated, UserId,
};

use crate::access::Membership;
use crate::actor::Actor;
use crate::defects::{Defect, active};
use crate::error::Result;
use crate::store::{conversations, participants as people, users};
use crate::tx::Tx;

/// The most people in a conversation (PROTOCOL.md §9).
const MOST_PARTICIPANTS: usize = 1_000;

/// The conversations.
pub(crate) struct Conversations;

/// What happened in a conversation, in the order in which it happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ConversationNews {
    Created(ConversationId),
    Updated(ConversationUpdated),
    Joined {
        conversation_id: ConversationId,
        added: Vec<Participant>,
    },
    Left {
        conversation_id: ConversationId,
        user_id: UserId,
    },
    RoleChanged(ParticipantUpdated),
    ReceiptMoved {
        conversation_id: ConversationId,
        user_id: UserId,
        delivered_to: Position,
        read_to: Position,
    },
    SettingsChanged {
        user_id: UserId,
        settings: SettingsUpdated,
    },
    /// The server says in the conversation what somebody did, as a message of theirs.
    Noticed {
        conversation_id: ConversationId,
        user_id: UserId,
        operation_key: OperationKey,
        notice: Notice,
        text: String,
    },
}

impl Conversations {
    /// A conversation as somebody sees it who takes part.
    pub(crate) fn view(
        &self,
        tx: &Tx<'_>,
        id: &ConversationId,
        user: &UserId,
    ) -> Result<Conversation> {
        Membership::check(tx, id, user)?;
        if active(Defect::ShowsConversations)
            && let Some(first) = people::ids(tx.db(), id)?.first()
        {
            return conversations::view(tx.db(), id, first);
        }
        conversations::view(tx.db(), id, user)
    }

    /// Every conversation of a user, the last active first, with no more messages than a client takes in one answer.
    pub(crate) fn list(&self, tx: &Tx<'_>, user: &UserId) -> Result<Vec<Conversation>> {
        let mut ids = conversations::ids_of(tx.db(), user)?;
        if active(Defect::OldestConversationFirst) {
            ids.reverse();
        }
        let views = ids
            .iter()
            .map(|id| conversations::view(tx.db(), id, user))
            .collect::<Result<Vec<_>>>()?;
        fit::messages(views)
    }
}

/// `text` follows the name of the one who did it.
fn noticed(
    tx: &Tx<'_>,
    actor: Actor<'_>,
    id: &ConversationId,
    notice: Notice,
    text: &str,
) -> Result<ConversationNews> {
    let name = users::name(tx.db(), actor.user)?;
    Ok(ConversationNews::Noticed {
        conversation_id: id.clone(),
        user_id: actor.user.clone(),
        operation_key: actor.key,
        notice,
        text: format!("{name} {text}"),
    })
}

#[cfg(test)]
mod tests;

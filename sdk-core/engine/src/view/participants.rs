//! Who is in a conversation.

use fulmar_protocol::{ConversationId, Participant, UserId};

use crate::operation::overlay;
use crate::store::{
    ConversationKey, Reader, Result, blocked, conversations, operations, participants,
};

/// The people of a conversation at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParticipantsSnapshot {
    /// The conversation's key, which tells watchers what to wait for; `None` when there is no such
    /// conversation here.
    pub conversation: Option<ConversationKey>,
    /// Everyone, by id; with those who are about to come, and without those who are about to go.
    pub participants: Vec<Participant>,
}

/// Reads who is in a conversation. Never touches the network.
pub fn participants(reader: &Reader, id: &ConversationId) -> Result<ParticipantsSnapshot> {
    let db = reader.connection();
    let transaction = db.unchecked_transaction()?;
    let Some(key) = conversations::find(&transaction, id)? else {
        return Ok(ParticipantsSnapshot {
            conversation: None,
            participants: Vec::new(),
        });
    };
    let mut people = participants::all(&transaction, key)?;
    let changes = operations::changes_of_lane(&transaction, key.lane())?;
    overlay::participants(&mut people, &changes);
    people.sort_by(|one, other| one.user_id.cmp(&other.user_id));
    Ok(ParticipantsSnapshot {
        conversation: Some(key),
        participants: people,
    })
}

/// The users that the user has blocked, by id, as far as this device knows. Never touches the network.
pub fn blocked_users(reader: &Reader) -> Result<Vec<UserId>> {
    blocked::all(reader.connection())
}

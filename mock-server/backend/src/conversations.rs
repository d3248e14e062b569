//! What can be read of conversations, by those who take part.

use fulmar_protocol::{
    Code, Conversation, ConversationId, Message, Position, Snapshot, SyncPage, UserId,
};

use crate::store::{conversations, log, messages};
use crate::{Result, Scope, Stop};

/// How many events one answer of `GET /v1/sync` holds (PROTOCOL.md §6.3).
pub(crate) const EVENTS_PER_PAGE: u32 = 500;

/// A page of history is before or after a position.
pub(crate) enum Side {
    Before(Position),
    After(Position),
}

impl Scope<'_> {
    /// Refuses whoever does not take part, in the same words as for what does not exist.
    pub(crate) fn must_take_part(&self, id: &ConversationId, user: &UserId) -> Result<()> {
        match conversations::takes_part(&self.db, id, user)? {
            true => Ok(()),
            false => Err(Stop::because(
                Code::ConversationNotFound,
                "There is no such conversation",
            )),
        }
    }

    pub(crate) fn conversation(&self, id: &ConversationId, user: &UserId) -> Result<Conversation> {
        self.must_take_part(id, user)?;
        conversations::view(&self.db, id, user)
    }

    pub(crate) fn conversations_of(&self, user: &UserId) -> Result<Vec<Conversation>> {
        conversations::ids_of(&self.db, user)?
            .iter()
            .map(|id| conversations::view(&self.db, id, user))
            .collect()
    }

    pub(crate) fn snapshot(&self, user: &UserId) -> Result<Snapshot> {
        let state = log::state(&self.db, user)?;
        Ok(Snapshot {
            log_id: state.log_id,
            seq: state.head,
            conversations: self.conversations_of(user)?,
        })
    }

    /// The events after `since`, or the word that the log does not reach back that far, or is
    /// another one.
    pub(crate) fn sync(
        &self,
        user: &UserId,
        since: fulmar_protocol::Seq,
        log_id: Option<&str>,
    ) -> Result<SyncPage> {
        let state = log::state(&self.db, user)?;
        if log_id != Some(state.log_id.as_str()) || since < state.cut_to || since > state.head {
            return Err(Stop::because(
                Code::SyncReset,
                "The log does not reach back that far: take a snapshot",
            ));
        }
        Ok(SyncPage {
            events: log::after(&self.db, user, since, EVENTS_PER_PAGE)?,
            log_id: state.log_id,
            head: state.head,
        })
    }

    pub(crate) fn page(
        &self,
        user: &UserId,
        id: &ConversationId,
        side: &Side,
        limit: u32,
    ) -> Result<Vec<Message>> {
        self.must_take_part(id, user)?;
        let limit = limit.clamp(1, self.config.limits.page_size);
        match side {
            Side::Before(position) => messages::before(&self.db, id, *position, limit),
            Side::After(position) => messages::after(&self.db, id, *position, limit),
        }
    }
}

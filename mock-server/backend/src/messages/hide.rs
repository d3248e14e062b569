//! `message.hide`: a message is deleted for one user (PROTOCOL.md §5.8).

use fulmar_protocol::MessageHide;

use super::{MessageNews, Messages, not_in_conversation};
use crate::access::Membership;
use crate::actor::Actor;
use crate::defects::{Defect, active};
use crate::error::Result;
use crate::store::messages::{self, write};
use crate::store::participants;
use crate::tx::Tx;

impl Messages {
    pub(crate) fn hide(
        &self,
        tx: &mut Tx<'_>,
        actor: Actor<'_>,
        member: &Membership,
        params: &MessageHide,
    ) -> Result<Option<MessageNews>> {
        let id = member.conversation_id();
        let message = self
            .find_in(tx, id, params.message_key, Defect::HidesElsewhere)?
            .ok_or_else(not_in_conversation)?;
        if active(Defect::HidesForAll) {
            return self.erase(tx, message, actor.user).map(Some);
        }
        let before = participants::unread(tx.db(), id, actor.user)?;
        if !write::hide(tx.db(), actor.user, &message.message_id)? {
            return Ok(None);
        }
        let now = participants::unread(tx.db(), id, actor.user)?;
        let message = self.store(tx, message)?;
        Ok(Some(MessageNews::Hidden {
            user_id: actor.user.clone(),
            message: Box::new(messages::as_hidden(*message)),
            unread: (now != before && !active(Defect::HidesWithoutCounts)).then_some(now),
        }))
    }
}

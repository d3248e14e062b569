//! `message.pin`: a message is pinned for everyone, or unpinned (PROTOCOL.md §4.9, §5.13).

use fulmar_protocol::{MessagePin, Notice, Pin};

use super::{MessageNews, Messages, forbidden};
use crate::access::Writer;
use crate::actor::Actor;
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::store::{messages, users};
use crate::tx::Tx;

impl Messages {
    /// The message, and the notice that tells of it.
    pub(crate) fn pin(
        &self,
        tx: &mut Tx<'_>,
        actor: Actor<'_>,
        writer: &Writer,
        params: &MessagePin,
    ) -> Result<Vec<MessageNews>> {
        let id = writer.membership().conversation_id();
        let mut message = self.undeleted(tx, id, params.message_key, Defect::PinsElsewhere)?;
        if message.content.notice.is_some() && !active(Defect::PinsNotices) {
            return Err(forbidden("What the server wrote cannot be pinned"));
        }
        let others = writer.may_pin_of_others(tx)? || active(Defect::MembersPinOthers);
        if message.sender_id != *actor.user && !others {
            return Err(forbidden(
                "Only its sender, moderators and admins pin it and unpin it",
            ));
        }
        let again = params.pinned && active(Defect::PinsAgain);
        let for_good = !params.pinned && active(Defect::PinsForGood);
        if message.pinned.is_some() == params.pinned && !again || for_good {
            return Ok(Vec::new());
        }
        if !params.pinned {
            message.pinned = None;
            return Ok(vec![self.store(tx, message).map(MessageNews::Changed)?]);
        }
        if messages::count_pinned(tx.db(), id)? >= Pin::MOST && !active(Defect::ManyPins) {
            return Err(Error::invalid("Too many messages are pinned here"));
        }
        message.pinned = Some(Pin {
            at: tx.now(),
            by: actor.user.clone(),
        });
        let pinned = self.store(tx, message).map(MessageNews::Changed)?;
        if active(Defect::PinsWithoutNotice) {
            return Ok(vec![pinned]);
        }
        let notice = Notice::MessagePinned {
            message_key: params.message_key,
        };
        let text = format!("{} pinned a message", users::name(tx.db(), actor.user)?);
        let told = self.post_notice(tx, actor, id, notice, text)?;
        Ok(vec![pinned, told])
    }
}

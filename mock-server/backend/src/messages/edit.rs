//! `message.edit` (PROTOCOL.md §5.7).

use fulmar_protocol::{MessageEdit, Role};

use super::{MessageNews, Messages, forbidden, not_in_conversation};
use crate::access::Writer;
use crate::actor::Actor;
use crate::defects::{Defect, active};
use crate::error::Result;
use crate::store::messages::write;
use crate::tx::Tx;

impl Messages {
    pub(crate) fn edit(
        &self,
        tx: &mut Tx<'_>,
        actor: Actor<'_>,
        writer: &Writer,
        params: &MessageEdit,
    ) -> Result<Option<MessageNews>> {
        let member = writer.membership();
        let id = member.conversation_id();
        let found = if active(Defect::EditsDeleted) {
            self.find_in(tx, id, params.message_key, Defect::EditsElsewhere)?
                .ok_or_else(not_in_conversation)?
        } else {
            self.undeleted(tx, id, params.message_key, Defect::EditsElsewhere)?
        };
        let mut message = found;
        let own = message.sender_id == *actor.user
            || active(Defect::EditsOfOthers)
            || active(Defect::ModeratorsEdit) && member.role() != Role::Member;
        let notice = message.content.notice.is_some() && !active(Defect::EditsNotices);
        let forwarded = message.content.forwarded_from.is_some() && !active(Defect::EditsForwards);
        if !own || notice || forwarded {
            return Err(forbidden("Only what one wrote oneself can be edited"));
        }
        if !active(Defect::EditsToNothing) {
            self.check_text(&params.text, &message.content.attachments)?;
        }
        let mut mentions = self.mentions(tx, member, params.mentions.clone())?;
        if active(Defect::EditsMentionAnybody) {
            mentions.clone_from(&params.mentions);
        }
        if active(Defect::EditsKeepMentions) {
            mentions.clone_from(&message.content.mentions);
        }
        let same = message.content.text == params.text && message.content.mentions == mentions;
        if same && !active(Defect::TellsSameText) {
            return Ok(None);
        }
        let since = message.edited_at.unwrap_or(message.sent_at);
        write::keep_version(tx.db(), &message.message_id, since, &message.content.text)?;
        message.content.text.clone_from(&params.text);
        message.content.mentions = mentions;
        if active(Defect::EditsDropFiles) {
            message.content.attachments.clear();
        }
        message.edited_at = Some(tx.now());
        self.store(tx, message).map(MessageNews::Changed).map(Some)
    }
}

//! `message.delete`: a message is deleted for everyone (PROTOCOL.md §5.8).

use fulmar_protocol::{Deletion, Message, MessageDelete, OperationKey, Role, UserId};

use super::{MessageNews, Messages, forbidden, not_in_conversation};
use crate::access::Membership;
use crate::actor::Actor;
use crate::defects::{Defect, active};
use crate::error::Result;
use crate::store::messages::{self, write};
use crate::tx::Tx;

impl Messages {
    pub(crate) fn delete(
        &self,
        tx: &mut Tx<'_>,
        actor: Actor<'_>,
        member: &Membership,
        params: &MessageDelete,
    ) -> Result<Option<MessageNews>> {
        let (id, key) = (member.conversation_id(), params.message_key);
        let Some(message) = self.find_in(tx, id, key, Defect::DeletesElsewhere)? else {
            return Err(not_in_conversation());
        };
        if message.deleted.is_some() {
            return Ok(None);
        }
        if message.content.notice.is_some() && !active(Defect::DeletesNotices) {
            return Err(forbidden("What the server wrote stays"));
        }
        let others = may_delete_of_others(member.role()) || active(Defect::DeletesOfOthers);
        if message.sender_id != *actor.user && !others {
            return Err(forbidden(
                "Only its sender, moderators and admins delete it",
            ));
        }
        self.erase(tx, message, actor.user).map(Some)
    }

    /// Deletes a message of a user whose account is deleted.
    pub(crate) fn delete_of_leaver(
        &self,
        tx: &mut Tx<'_>,
        user: &UserId,
        key: OperationKey,
    ) -> Result<Option<MessageNews>> {
        match messages::find(tx.db(), key)? {
            Some(message) => self.erase(tx, message, user).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn erase(
        &self,
        tx: &mut Tx<'_>,
        mut message: Message,
        by: &UserId,
    ) -> Result<MessageNews> {
        write::forget_content(tx.db(), &message.message_id)?;
        if !active(Defect::DeletedKeepsText) {
            let before = message.content;
            message.content = before.emptied();
            if active(Defect::DeletedKeepsPayload) {
                message.content.payload = before.payload;
                message.content.reply_to = before.reply_to;
            }
        }
        if !active(Defect::DeletedKeepsReactions) {
            message.reactions.clear();
        }
        message.edited_at = None;
        if !active(Defect::DeletedStaysPinned) {
            message.pinned = None;
        }
        message.deleted = Some(Deletion {
            at: tx.now(),
            by: by.clone(),
        });
        self.store(tx, message).map(MessageNews::Erased)
    }
}

fn may_delete_of_others(role: Role) -> bool {
    match role {
        Role::Moderator => !active(Defect::ModeratorsDeleteNothing),
        Role::Admin => true,
        Role::Member => false,
    }
}

//! `message.delete` (PROTOCOL.md §5.8): for everyone.

use fulmar_protocol::{Deletion, MessageDelete, Method, Role};

use super::{By, Checked, Fold, Operation, Shown, Situation};
use crate::io::{CommandError, Rule};
use crate::store::Result;

impl Operation for MessageDelete {
    fn check(&self, at: &Situation<'_>) -> Result<Checked> {
        let shown = match at.message(self.message_key)? {
            Ok(shown) => shown,
            Err(refused) => return Ok(refused),
        };
        if shown.hidden {
            let key = self.message_key;
            return Ok(Checked::Refused(CommandError::NoSuchMessage { key }));
        }
        // Twice deleted is deleted.
        if shown.deleted.is_some() {
            return Ok(Checked::Nothing);
        }
        let own = shown.sender == *at.owner;
        let may = shown.content.notice.is_none() && (own || at.role()? != Role::Member);
        Ok(Checked::allowed_if(may, Rule::NotDeletable))
    }

    /// What is deleted needs no edit, no pin and no reaction any more.
    fn fold(&self, earlier: &Method) -> Fold {
        match earlier {
            Method::MessageSend(_) => Fold::GivesUp,
            Method::MessageEdit(_)
            | Method::MessageDelete(_)
            | Method::MessagePin(_)
            | Method::ReactionAdd(_)
            | Method::ReactionRemove(_) => Fold::Replaces,
            Method::MessageHide(_)
            | Method::ReceiptUpdate(_)
            | Method::ConversationCreate(_)
            | Method::ConversationUpdate(_)
            | Method::ConversationLeave(_)
            | Method::ParticipantAdd(_)
            | Method::ParticipantRemove(_)
            | Method::ParticipantUpdate(_)
            | Method::SettingsUpdate(_) => Fold::Beside,
        }
    }

    fn overlay(&self, shown: &mut Shown<'_>, by: &By<'_>) {
        if let (Shown::Message(row), Some(user)) = (shown, by.user) {
            row.content = row.content.emptied();
            row.reactions.clear();
            row.edited_at = None;
            row.pinned = None;
            row.deleted.get_or_insert_with(|| Deletion {
                at: by.at,
                by: user.clone(),
            });
        }
    }
}

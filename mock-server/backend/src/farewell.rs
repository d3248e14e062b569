//! The end of an account (PROTOCOL.md §7.4).

use fulmar_protocol::{ConversationKind, DeleteAccount, Deletion, UserId};

use crate::accounts::Caller;
use crate::store::{conversations, files, messages, sessions, users};
use crate::tx::Actor;
use crate::{Result, Scope};

impl Scope<'_, '_> {
    /// What the user wrote is deleted for everyone, they leave every conversation, and nothing is left of
    /// them but that there was somebody.
    pub(crate) fn delete_account(
        &mut self,
        caller: &Caller,
        request: &DeleteAccount,
    ) -> Result<()> {
        let user = &caller.user_id;
        self.check_password(user, &request.password)?;
        for key in messages::reacted_to_by(self.tx.db(), user)? {
            if let Some(mut message) = messages::find(self.tx.db(), key)? {
                for reaction in &mut message.reactions {
                    reaction.user_ids.retain(|other| other != user);
                }
                message
                    .reactions
                    .retain(|reaction| !reaction.user_ids.is_empty());
                self.change(message)?;
            }
        }
        for key in messages::written_by(self.tx.db(), user)? {
            if let Some(mut message) = messages::find(self.tx.db(), key)? {
                messages::write::forget_content(self.tx.db(), &message.message_id)?;
                files::write::detach(self.tx.db(), &message.message_id)?;
                message.content = message.content.emptied();
                message.reactions.clear();
                message.edited_at = None;
                message.deleted = Some(Deletion {
                    at: self.tx.now(),
                    by: user.clone(),
                });
                self.change(message)?;
            }
        }
        for id in conversations::ids_of(self.tx.db(), user)? {
            let by = Actor {
                user,
                key: self.tx.new_operation_key(),
            };
            match conversations::kind(self.tx.db(), &id)? {
                // Who stays keeps it, to read.
                ConversationKind::Direct => self.take_out(&id, user)?,
                ConversationKind::Group | ConversationKind::Unknown => self.leave(by, &id)?,
            }
        }
        for session in sessions::of_user(self.tx.db(), user)? {
            self.end_session(&session)?;
        }
        self.forget_user(user)
    }

    fn forget_user(&mut self, user: &UserId) -> Result<()> {
        self.tx.pending.notify_events.remove(user);
        self.tx.pending.notify_introduced.remove(user);
        self.note(user, "account.deleted")?;
        files::write::delete_loose(self.tx.db(), user)?;
        users::write::delete(self.tx.db(), user)
    }
}

//! The end of an account (PROTOCOL.md §7.4).

use fulmar_protocol::{ConversationKind, DeleteAccount, Deletion, UserId};

use crate::accounts::Caller;
use crate::operations::By;
use crate::store::{conversations, files, messages, sessions, users};
use crate::{Result, Scope};

impl Scope<'_> {
    /// What the user wrote is deleted for everyone, they leave every conversation, and nothing is left of
    /// them but that there was somebody.
    pub(crate) fn delete_account(
        &mut self,
        caller: &Caller,
        request: &DeleteAccount,
    ) -> Result<()> {
        let user = &caller.user_id;
        self.check_password(user, &request.password)?;
        for key in messages::reacted_to_by(&self.db, user)? {
            if let Some(mut message) = messages::find(&self.db, key)? {
                for reaction in &mut message.reactions {
                    reaction.user_ids.retain(|other| other != user);
                }
                message
                    .reactions
                    .retain(|reaction| !reaction.user_ids.is_empty());
                self.change(message)?;
            }
        }
        for key in messages::written_by(&self.db, user)? {
            if let Some(mut message) = messages::find(&self.db, key)? {
                messages::forget_content(&self.db, &message.message_id)?;
                message.content = message.content.emptied();
                message.reactions.clear();
                message.edited_at = None;
                message.deleted = Some(Deletion {
                    at: self.now,
                    by: user.clone(),
                });
                self.change(message)?;
            }
        }
        for id in conversations::ids_of(&self.db, user)? {
            let by = By {
                user,
                key: self.new_operation_key(),
            };
            match conversations::kind(&self.db, &id)? {
                // Who stays keeps it, to read.
                ConversationKind::Direct => self.take_out(&id, user)?,
                ConversationKind::Group | ConversationKind::Unknown => self.leave(by, &id)?,
            }
        }
        for session in sessions::of_user(&self.db, user)? {
            self.end_session(&session)?;
        }
        self.forget_user(user)
    }

    fn forget_user(&mut self, user: &UserId) -> Result<()> {
        self.aftermath.told.remove(user);
        self.aftermath.met.remove(user);
        self.note(user, "account.deleted")?;
        files::delete_loose(&self.db, user)?;
        users::delete(&self.db, user)
    }
}

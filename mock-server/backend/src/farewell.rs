//! The end of an account (PROTOCOL.md §7.4).

use fulmar_protocol::{ConversationKind, DeleteAccount, Deletion};

use crate::actor::{Actor, Caller};
use crate::store::{conversations, messages};
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
        self.rooms
            .accounts
            .check_password(self.tx, user, &request.password)?;
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
                self.rooms.files.detach(self.tx, &message.message_id)?;
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
        let news = self.rooms.accounts.end_sessions_of(self.tx, user)?;
        self.rooms.pass_on(self.tx, news)?;
        let news = self.rooms.accounts.delete(self.tx, user)?;
        self.rooms.pass_on(self.tx, news)
    }
}

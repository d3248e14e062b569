//! People: who takes part, as what, how far they have read, what they are called, who is blocked.

use fulmar_protocol::{
    Participant, ParticipantRemoved, ParticipantUpdated, ParticipantsAdded, Position,
    ReceiptUpdated, Unread, UserId, UserUpdated,
};

use super::{Applying, Understood};
use crate::store::{Result, blocked, conversations, participants, reading};
use crate::sync::SyncNews;

impl Applying<'_, '_> {
    pub(super) fn participants_added(&mut self, added: &ParticipantsAdded) -> Result<Understood> {
        let applied = self.in_conversation(&added.conversation_id, |db, key| {
            let head = reading::head(db, key)?;
            added.participants.iter().try_for_each(|participant| {
                participants::insert(db, key, &within(participant, head))
            })
        })?;
        // Those who can be read are here; the others wait with the event.
        let unreadable = added.participants.set_aside().first();
        Ok(applied.and(unreadable.map_or(Ok(()), |person| Err(person.reason.clone()))))
    }

    pub(super) fn participant_removed(
        &mut self,
        removed: &ParticipantRemoved,
    ) -> Result<Understood> {
        self.in_conversation(&removed.conversation_id, |db, key| {
            participants::remove(db, key, &removed.user_id)
        })
    }

    pub(super) fn participant_updated(
        &mut self,
        updated: &ParticipantUpdated,
    ) -> Result<Understood> {
        self.in_conversation(&updated.conversation_id, |db, key| {
            participants::set_role(db, key, &updated.user_id, updated.role)
        })
    }

    /// Nobody has received or read what is not there.
    pub(super) fn receipt_updated(&mut self, receipt: &ReceiptUpdated) -> Result<Understood> {
        let own = self.own == Some(&receipt.user_id);
        let key = conversations::find(&self.tx.db, &receipt.conversation_id)?;
        // A push counted more than this did.
        let is_older = match key {
            Some(key) => reading::is_behind_push(&self.tx.db, key)?,
            None => false,
        };
        self.in_conversation(&receipt.conversation_id, |db, key| {
            let head = reading::head(db, key)?;
            let (delivered, read) = (receipt.delivered_to.min(head), receipt.read_to.min(head));
            participants::advance_receipt(db, key, &receipt.user_id, delivered, read)?;
            if own {
                // Not more is unread than there are messages.
                let told = receipt.unread.filter(|_| !is_older);
                let unread = told.map(|unread| Unread {
                    unread_count: unread.unread_count.min(head.0),
                    unread_mentions: unread.unread_mentions.min(head.0),
                });
                reading::advance_own_read(db, key, read, unread)?;
            }
            Ok(())
        })
    }

    pub(super) fn user_updated(&mut self, user: &UserUpdated) -> Result<Understood> {
        for key in participants::set_profile(&self.tx.db, user)? {
            self.tx.touch(key);
        }
        Ok(Ok(()))
    }

    /// Takes the server's list of the users that the user has blocked.
    pub(in crate::sync) fn blocks(&mut self, users: &[UserId]) -> Result<()> {
        for key in blocked::set(&self.tx.db, users)? {
            self.tx.touch(key);
        }
        self.news.push(SyncNews::BlocksTold);
        Ok(())
    }
}

/// Somebody whose pointers are not beyond the last message.
pub(super) fn within(participant: &Participant, head: Position) -> Participant {
    Participant {
        delivered_to: participant.delivered_to.min(head),
        read_to: participant.read_to.min(head),
        ..participant.clone()
    }
}

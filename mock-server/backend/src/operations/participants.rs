//! Who takes part, and what they may do (PROTOCOL.md §5.11).

use fulmar_protocol::{
    ConversationId, ConversationKind, ConversationRemoved, EventData, Notice, Participant,
    ParticipantAdd, ParticipantRemove, ParticipantRemoved, ParticipantUpdate, ParticipantUpdated,
    ParticipantsAdded, Role, UserId,
};

use super::conversation::{MOST_PARTICIPANTS, forbidden};
use crate::actor::Actor;
use crate::store::{conversations, participants, users};
use crate::{Error, Result, Scope};

impl Scope<'_, '_> {
    pub(super) fn participant_add(&mut self, by: Actor<'_>, params: &ParticipantAdd) -> Result<()> {
        let id = &params.conversation_id;
        self.must_be_admin_of_group(id, by.user)?;
        let there = participants::ids(self.tx.db(), id)?;
        let mut added: Vec<UserId> = Vec::new();
        for user in &params.user_ids {
            if users::find(self.tx.db(), user)?.is_none() {
                return Err(Error::no_such_user());
            }
            if !there.contains(user) {
                self.must_be_reachable(by.user, user)?;
            }
            if !there.contains(user) && !added.contains(user) {
                added.push(user.clone());
            }
        }
        if there.len() + added.len() > MOST_PARTICIPANTS {
            return Err(Error::invalid("Too many participants"));
        }
        if added.is_empty() {
            return Ok(());
        }
        for user in &added {
            participants::write::add(self.tx.db(), id, user)?;
        }
        let participants: Vec<Participant> = participants::all(self.tx.db(), id)?
            .into_iter()
            .filter(|participant| added.contains(&participant.user_id))
            .collect();
        self.tell_participants(id, |scope, viewer| match added.contains(viewer) {
            true => {
                conversations::view(scope.tx.db(), id, viewer).map(EventData::ConversationCreated)
            }
            false => Ok(EventData::ParticipantsAdded(ParticipantsAdded {
                conversation_id: id.clone(),
                participants: participants.clone(),
            })),
        })?;
        self.tx.pending.notify_introduced.extend(there);
        self.tx
            .pending
            .notify_introduced
            .extend(added.iter().cloned());
        let names: Vec<&str> = participants
            .iter()
            .map(|participant| participant.name.as_str())
            .collect();
        let text = format!(
            "{} added {}",
            users::name(self.tx.db(), by.user)?,
            names.join(", ")
        );
        let notice = Notice::ParticipantsAdded { user_ids: added };
        self.write_notice(by, id, notice, text)
    }

    pub(super) fn participant_remove(
        &mut self,
        by: Actor<'_>,
        params: &ParticipantRemove,
    ) -> Result<()> {
        let id = &params.conversation_id;
        if params.user_id == *by.user {
            return self.leave(by, id);
        }
        self.must_be_admin_of_group(id, by.user)?;
        if !participants::takes_part(self.tx.db(), id, &params.user_id)? {
            return Err(Error::no_such_user());
        }
        self.take_out(id, &params.user_id)?;
        let text = format!(
            "{} removed {}",
            users::name(self.tx.db(), by.user)?,
            users::name(self.tx.db(), &params.user_id)?
        );
        let notice = Notice::ParticipantRemoved {
            user_id: params.user_id.clone(),
        };
        self.write_notice(by, id, notice, text)
    }

    pub(crate) fn leave(&mut self, by: Actor<'_>, id: &ConversationId) -> Result<()> {
        self.must_be_group(id, by.user)?;
        self.take_out(id, by.user)?;
        let left = participants::all(self.tx.db(), id)?;
        if left.is_empty() {
            return conversations::write::deactivate(self.tx.db(), id);
        }
        // A group keeps an admin: the moderator, or else the member, who is longest in it.
        if !left.iter().any(|there| there.role == Role::Admin) {
            let heir = left
                .iter()
                .find(|there| there.role == Role::Moderator)
                .or(left.first());
            if let Some(heir) = heir {
                self.set_role(id, &heir.user_id, Role::Admin)?;
            }
        }
        let text = format!("{} left", users::name(self.tx.db(), by.user)?);
        self.write_notice(by, id, Notice::ParticipantLeft, text)
    }

    pub(super) fn participant_update(
        &mut self,
        by: Actor<'_>,
        params: &ParticipantUpdate,
    ) -> Result<()> {
        let id = &params.conversation_id;
        self.must_be_admin_of_group(id, by.user)?;
        let there = participants::all(self.tx.db(), id)?;
        let Some(now) = there
            .iter()
            .find(|participant| participant.user_id == params.user_id)
        else {
            return Err(Error::no_such_user());
        };
        if now.role == params.role {
            return Ok(());
        }
        let admins = there.iter().filter(|there| there.role == Role::Admin);
        if now.role == Role::Admin && admins.count() == 1 {
            return Err(Error::invalid("A group keeps an admin"));
        }
        self.set_role(id, &params.user_id, params.role)
    }

    fn set_role(&mut self, id: &ConversationId, user: &UserId, role: Role) -> Result<()> {
        participants::write::set_role(self.tx.db(), id, user, role)?;
        let updated = ParticipantUpdated {
            conversation_id: id.clone(),
            user_id: user.clone(),
            role,
        };
        self.tell_participants(id, |_, _| {
            Ok(EventData::ParticipantUpdated(updated.clone()))
        })
    }

    pub(crate) fn take_out(&mut self, id: &ConversationId, user: &UserId) -> Result<()> {
        participants::write::remove(self.tx.db(), id, user)?;
        let removed = ConversationRemoved {
            conversation_id: id.clone(),
        };
        self.tell(user, &EventData::ConversationRemoved(removed))?;
        self.tell_participants(id, |_, _| {
            Ok(EventData::ParticipantRemoved(ParticipantRemoved {
                conversation_id: id.clone(),
                user_id: user.clone(),
            }))
        })
    }

    fn must_be_group(&self, id: &ConversationId, user: &UserId) -> Result<()> {
        self.must_take_part(id, user)?;
        match conversations::kind(self.tx.db(), id)? {
            ConversationKind::Direct => Err(forbidden()),
            ConversationKind::Group | ConversationKind::Unknown => Ok(()),
        }
    }

    fn must_be_admin_of_group(&self, id: &ConversationId, user: &UserId) -> Result<()> {
        self.must_be_group(id, user)?;
        match self.role(id, user)? {
            Role::Admin => Ok(()),
            Role::Moderator | Role::Member => Err(forbidden()),
        }
    }
}

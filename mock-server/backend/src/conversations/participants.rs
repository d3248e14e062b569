//! `participant.add`, `participant.remove` and `participant.update` (PROTOCOL.md §5.11).

use fulmar_protocol::{
    ConversationId, Notice, Participant, ParticipantAdd, ParticipantRemove, ParticipantUpdate,
    ParticipantUpdated, Role, UserId,
};

use super::{ConversationNews, Conversations, MOST_PARTICIPANTS, noticed};
use crate::access::{check_manager, check_reachable};
use crate::actor::Actor;
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::store::participants::{self, write};
use crate::store::users;
use crate::tx::Tx;

impl Conversations {
    pub(crate) fn add_participants(
        &self,
        tx: &mut Tx<'_>,
        actor: Actor<'_>,
        params: &ParticipantAdd,
    ) -> Result<Vec<ConversationNews>> {
        let id = &params.conversation_id;
        check_manager(tx, id, actor.user)?;
        let there = participants::ids(tx.db(), id)?;
        let mut added: Vec<UserId> = Vec::new();
        for user in &params.user_ids {
            if users::find(tx.db(), user)?.is_none() {
                return Err(Error::no_such_user());
            }
            if there.contains(user) {
                continue;
            }
            check_reachable(tx, actor.user, user)?;
            if !added.contains(user) {
                if active(Defect::AppliesHalf) {
                    write::add(tx.db(), id, user)?;
                }
                added.push(user.clone());
            }
        }
        if there.len() + added.len() > MOST_PARTICIPANTS {
            return Err(Error::invalid("Too many participants"));
        }
        if added.is_empty() && !active(Defect::JoinsTwice) {
            return Ok(Vec::new());
        }
        for user in &added {
            write::add(tx.db(), id, user)?;
        }
        let participants: Vec<Participant> = participants::all(tx.db(), id)?
            .into_iter()
            .filter(|participant| added.contains(&participant.user_id))
            .collect();
        let names: Vec<&str> = participants
            .iter()
            .map(|participant| participant.name.as_str())
            .collect();
        let text = format!("added {}", names.join(", "));
        let notice = Notice::ParticipantsAdded { user_ids: added };
        Ok(vec![
            ConversationNews::Joined {
                conversation_id: id.clone(),
                added: participants,
            },
            noticed(tx, actor, id, notice, &text)?,
        ])
    }

    pub(crate) fn remove_participant(
        &self,
        tx: &mut Tx<'_>,
        actor: Actor<'_>,
        params: &ParticipantRemove,
    ) -> Result<Vec<ConversationNews>> {
        let id = &params.conversation_id;
        if params.user_id == *actor.user {
            return self.leave(tx, actor, id);
        }
        check_manager(tx, id, actor.user)?;
        if participants::role(tx.db(), id, &params.user_id)?.is_none() {
            return Err(Error::no_such_user());
        }
        let left = self.take_out(tx, id, &params.user_id)?;
        let text = format!("removed {}", users::name(tx.db(), &params.user_id)?);
        let notice = Notice::ParticipantRemoved {
            user_id: params.user_id.clone(),
        };
        Ok(vec![left, noticed(tx, actor, id, notice, &text)?])
    }

    pub(crate) fn update_participant(
        &self,
        tx: &mut Tx<'_>,
        actor: Actor<'_>,
        params: &ParticipantUpdate,
    ) -> Result<Option<ConversationNews>> {
        let id = &params.conversation_id;
        check_manager(tx, id, actor.user)?;
        let there = participants::all(tx.db(), id)?;
        let Some(before) = there
            .iter()
            .find(|participant| participant.user_id == params.user_id)
        else {
            return Err(Error::no_such_user());
        };
        if before.role == params.role {
            return Ok(None);
        }
        let admins = there.iter().filter(|there| there.role == Role::Admin);
        let last = before.role == Role::Admin && admins.count() == 1;
        if last && !active(Defect::NoAdminLeft) {
            return Err(Error::invalid("A group keeps an admin"));
        }
        self.set_role(tx, id, &params.user_id, params.role)
            .map(Some)
    }

    pub(super) fn set_role(
        &self,
        tx: &mut Tx<'_>,
        id: &ConversationId,
        user: &UserId,
        role: Role,
    ) -> Result<ConversationNews> {
        write::set_role(tx.db(), id, user, role)?;
        Ok(ConversationNews::RoleChanged(ParticipantUpdated {
            conversation_id: id.clone(),
            user_id: user.clone(),
            role,
        }))
    }
}

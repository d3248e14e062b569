//! `conversation.leave`: somebody takes part no longer (PROTOCOL.md §5.11).

use fulmar_protocol::{ConversationId, ConversationKind, Notice, Participant, Role, UserId};

use super::{ConversationNews, Conversations, noticed};
use crate::access::check_leaver;
use crate::actor::Actor;
use crate::defects::{Defect, active};
use crate::error::Result;
use crate::store::conversations::{self, write::deactivate};
use crate::store::participants::{self, write};
use crate::tx::Tx;

impl Conversations {
    pub(crate) fn leave(
        &self,
        tx: &mut Tx<'_>,
        actor: Actor<'_>,
        id: &ConversationId,
    ) -> Result<Vec<ConversationNews>> {
        check_leaver(tx, id, actor.user)?;
        let mut news = vec![self.take_out(tx, id, actor.user)?];
        let left = participants::all(tx.db(), id)?;
        if left.is_empty() {
            deactivate(tx.db(), id)?;
            return Ok(news);
        }
        if let Some(next_admin) = next_admin(&left)
            && !active(Defect::NoNextAdmin)
        {
            news.push(self.set_role(tx, id, next_admin, Role::Admin)?);
        }
        news.push(noticed(tx, actor, id, Notice::ParticipantLeft, "left")?);
        Ok(news)
    }

    /// Somebody leaves because their account is deleted. The other one of a direct conversation keeps it,
    /// to read.
    pub(crate) fn leave_for_good(
        &self,
        tx: &mut Tx<'_>,
        actor: Actor<'_>,
        id: &ConversationId,
    ) -> Result<Vec<ConversationNews>> {
        match conversations::kind(tx.db(), id)? {
            ConversationKind::Direct => Ok(vec![self.take_out(tx, id, actor.user)?]),
            ConversationKind::Group | ConversationKind::Unknown => self.leave(tx, actor, id),
        }
    }

    pub(super) fn take_out(
        &self,
        tx: &mut Tx<'_>,
        id: &ConversationId,
        user: &UserId,
    ) -> Result<ConversationNews> {
        if !active(Defect::ReadsAfterLeaving) {
            write::remove(tx.db(), id, user)?;
        }
        Ok(ConversationNews::Left {
            conversation_id: id.clone(),
            user_id: user.clone(),
        })
    }
}

/// A group keeps an admin: where none is left, the moderator, or else the member, who is longest in it.
fn next_admin(left: &[Participant]) -> Option<&UserId> {
    let first = |role: Role| left.iter().find(|there| there.role == role);
    if first(Role::Admin).is_some() {
        return None;
    }
    let next_admin = if active(Defect::FirstAdmin) {
        left.first()
    } else {
        first(Role::Moderator).or(left.first())
    };
    next_admin.map(|next_admin| &next_admin.user_id)
}

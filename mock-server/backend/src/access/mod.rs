//! What a user may do in a conversation (PROTOCOL.md §4.4), and the proofs of it.
//!
//! Only this module makes a [`Membership`] or a [`Writer`], and the rooms take them as arguments: so the
//! check cannot be forgotten. It reads rows and writes none. Who may do what is decided in
//! `permissions.rs` and nowhere else.

mod permissions;

use fulmar_protocol::{Code, ConversationId, ConversationKind, Role, UserId};

pub(crate) use permissions::Change;
use permissions::{Counterpart, may_leave, may_manage, may_pin_of_others, may_update, may_write};

use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::store::{blocks, conversations, participants, users};
use crate::tx::Tx;

/// Somebody takes part in a conversation.
#[derive(Debug, Clone)]
pub(crate) struct Membership {
    conversation_id: ConversationId,
    user_id: UserId,
    role: Role,
}

/// Somebody may write in a conversation.
#[derive(Debug, Clone)]
pub(crate) struct Writer(Membership);

impl Membership {
    /// Refuses users who do not take part, in the same words as for what does not exist.
    pub(crate) fn check(tx: &Tx<'_>, id: &ConversationId, user: &UserId) -> Result<Self> {
        Self::check_unless(tx, id, user, Defect::ShowsConversations)
    }

    /// The same; with this defect anybody takes part.
    pub(crate) fn check_unless(
        tx: &Tx<'_>,
        id: &ConversationId,
        user: &UserId,
        defect: Defect,
    ) -> Result<Self> {
        match participants::role(tx.db(), id, user)? {
            None if active(defect) => Ok(Self {
                conversation_id: id.clone(),
                user_id: user.clone(),
                role: Role::Member,
            }),
            Some(role) => Ok(Self {
                conversation_id: id.clone(),
                user_id: user.clone(),
                role,
            }),
            None => Err(Error::refused(
                Code::ConversationNotFound,
                "There is no such conversation",
            )),
        }
    }

    pub(crate) fn conversation_id(&self) -> &ConversationId {
        &self.conversation_id
    }

    pub(crate) fn user_id(&self) -> &UserId {
        &self.user_id
    }

    pub(crate) fn role(&self) -> Role {
        self.role
    }
}

impl Writer {
    pub(crate) fn check(tx: &Tx<'_>, id: &ConversationId, user: &UserId) -> Result<Self> {
        Self::unblocked(tx, Membership::check(tx, id, user)?, Defect::BlockedWrite)
    }

    /// The same of somebody who takes part; with the first defect that is enough, with the second they may have blocked
    /// each other.
    pub(crate) fn of_unless(
        tx: &Tx<'_>,
        member: Membership,
        [taking_part, blocked]: [Defect; 2],
    ) -> Result<Self> {
        if active(taking_part) {
            Ok(Self(member))
        } else {
            Self::unblocked(tx, member, blocked)
        }
    }

    fn unblocked(tx: &Tx<'_>, member: Membership, blocked: Defect) -> Result<Self> {
        let (id, user) = (&member.conversation_id, &member.user_id);
        let counterpart = match conversations::kind(tx.db(), id)? {
            ConversationKind::Direct => counterpart(tx, id, user, blocked)?,
            ConversationKind::Group | ConversationKind::Unknown
                if active(Defect::BlocksInGroups) =>
            {
                in_group(tx, id, user)?
            }
            ConversationKind::Group | ConversationKind::Unknown => Counterpart::None,
        };
        let writing = conversations::profile(tx.db(), id)?.writing;
        let moderates = member.role == Role::Moderator && active(Defect::ModeratorsWrite);
        allow(may_write(member.role, writing, counterpart) || moderates)?;
        Ok(Self(member))
    }

    pub(crate) fn membership(&self) -> &Membership {
        &self.0
    }

    /// Whether they may also pin and unpin what others wrote.
    pub(crate) fn may_pin_of_others(&self, tx: &Tx<'_>) -> Result<bool> {
        let Membership {
            conversation_id,
            role,
            ..
        } = &self.0;
        let kind = conversations::kind(tx.db(), conversation_id)?;
        Ok(may_pin_of_others(kind, *role))
    }
}

/// Refuses users who may not change this of a conversation.
pub(crate) fn check_change(tx: &Tx<'_>, member: &Membership, change: Change) -> Result<()> {
    let kind = conversations::kind(tx.db(), &member.conversation_id)?;
    let moderates = member.role == Role::Moderator;
    let retitles = change.title_or_picture && !change.writing && !change.context;
    allow(
        may_update(kind, member.role, change)
            || active(Defect::MembersRetitle) && retitles
            || active(Defect::ModeratorsOpen) && moderates,
    )
}

/// Refuses users who may not add or remove others here.
pub(crate) fn check_manager(tx: &Tx<'_>, id: &ConversationId, user: &UserId) -> Result<()> {
    let member = Membership::check(tx, id, user)?;
    let kind = conversations::kind(tx.db(), id)?;
    allow(
        may_manage(kind, member.role)
            || active(Defect::MembersManage) && member.role == Role::Member
            || active(Defect::ModeratorsManage) && member.role == Role::Moderator,
    )
}

pub(crate) fn check_leaver(tx: &Tx<'_>, id: &ConversationId, user: &UserId) -> Result<()> {
    Membership::check(tx, id, user)?;
    let kind = conversations::kind(tx.db(), id)?;
    allow(may_leave(kind) || active(Defect::LeavesDirect))
}

/// Refuses to bring two users together when one has blocked the other; with the same problem as for
/// a user who does not exist.
pub(crate) fn check_reachable(tx: &Tx<'_>, user: &UserId, other: &UserId) -> Result<()> {
    let blocked = blocks::between(tx.db(), user, other)? && !active(Defect::BlockedReach);
    if users::find(tx.db(), other)?.is_none() || blocked {
        Err(Error::no_such_user())
    } else {
        Ok(())
    }
}

/// With a defect, blocks count in groups as well.
fn in_group(tx: &Tx<'_>, id: &ConversationId, user: &UserId) -> Result<Counterpart> {
    for other in participants::ids(tx.db(), id)? {
        if blocks::between(tx.db(), user, &other)? {
            return Ok(Counterpart::Blocked);
        }
    }
    Ok(Counterpart::None)
}

fn counterpart(
    tx: &Tx<'_>,
    id: &ConversationId,
    user: &UserId,
    blocked: Defect,
) -> Result<Counterpart> {
    let people = participants::ids(tx.db(), id)?;
    let Some(other) = people.iter().find(|other| *other != user) else {
        return Ok(if active(Defect::WritesToDeleted) {
            Counterpart::There
        } else {
            Counterpart::Gone
        });
    };
    if blocks::between(tx.db(), user, other)? && !active(blocked) {
        Ok(Counterpart::Blocked)
    } else {
        Ok(Counterpart::There)
    }
}

fn allow(allowed: bool) -> Result<()> {
    if allowed {
        Ok(())
    } else {
        Err(Error::refused(
            Code::ConversationForbidden,
            "This user may not do this in this conversation",
        ))
    }
}

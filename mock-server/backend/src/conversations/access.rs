//! Proofs that somebody takes part in a conversation, or may write there. Only this room makes them, and
//! other rooms ask for them: so the check cannot be forgotten.

use fulmar_protocol::{Code, ConversationId, ConversationKind, Role, UserId};

use super::Conversations;
use super::permissions::{Counterpart, may_leave, may_manage, may_write};
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
    pub(crate) fn membership(&self) -> &Membership {
        &self.0
    }
}

impl Conversations {
    /// Refuses users who do not take part, in the same words as for what does not exist.
    pub(crate) fn check_member(
        &self,
        tx: &Tx<'_>,
        id: &ConversationId,
        user: &UserId,
    ) -> Result<Membership> {
        match participants::role(tx.db(), id, user)? {
            Some(role) => Ok(Membership {
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

    pub(crate) fn check_writer(
        &self,
        tx: &Tx<'_>,
        id: &ConversationId,
        user: &UserId,
    ) -> Result<Writer> {
        let member = self.check_member(tx, id, user)?;
        let counterpart = match conversations::kind(tx.db(), id)? {
            ConversationKind::Direct => counterpart(tx, id, user)?,
            ConversationKind::Group | ConversationKind::Unknown => Counterpart::None,
        };
        let writing = conversations::profile(tx.db(), id)?.writing;
        if may_write(member.role, writing, counterpart) {
            Ok(Writer(member))
        } else {
            Err(forbidden())
        }
    }

    /// Refuses users who may not add or remove others here.
    pub(super) fn check_manager(
        &self,
        tx: &Tx<'_>,
        id: &ConversationId,
        user: &UserId,
    ) -> Result<()> {
        let member = self.check_member(tx, id, user)?;
        allow(may_manage(conversations::kind(tx.db(), id)?, member.role))
    }

    pub(super) fn check_leaver(
        &self,
        tx: &Tx<'_>,
        id: &ConversationId,
        user: &UserId,
    ) -> Result<()> {
        self.check_member(tx, id, user)?;
        allow(may_leave(conversations::kind(tx.db(), id)?))
    }
}

fn counterpart(tx: &Tx<'_>, id: &ConversationId, user: &UserId) -> Result<Counterpart> {
    let people = participants::ids(tx.db(), id)?;
    let Some(other) = people.iter().find(|other| *other != user) else {
        return Ok(Counterpart::Gone);
    };
    if blocks::between(tx.db(), user, other)? {
        Ok(Counterpart::Blocked)
    } else {
        Ok(Counterpart::There)
    }
}

/// Refuses to bring people together of whom one has blocked the other; in the same words as for
/// somebody who does not exist.
pub(super) fn check_reachable(tx: &Tx<'_>, user: &UserId, other: &UserId) -> Result<()> {
    if users::find(tx.db(), other)?.is_none() || blocks::between(tx.db(), user, other)? {
        Err(Error::no_such_user())
    } else {
        Ok(())
    }
}

pub(super) fn allow(allowed: bool) -> Result<()> {
    if allowed { Ok(()) } else { Err(forbidden()) }
}

fn forbidden() -> Error {
    Error::refused(
        Code::ConversationForbidden,
        "This user may not do this in this conversation",
    )
}

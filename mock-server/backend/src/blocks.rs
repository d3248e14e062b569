//! People who want nothing to do with each other (PROTOCOL.md §7.4).

use fulmar_protocol::{BlockList, Code, EventData, UserId};

use crate::store::{blocks, users};
use crate::{Error, Result, Scope};

/// The most people that somebody blocks (PROTOCOL.md §9).
const MOST_BLOCKED: usize = 1_000;

impl Scope<'_, '_> {
    pub(crate) fn blocked_by(&self, user: &UserId) -> Result<BlockList> {
        Ok(BlockList {
            user_ids: blocks::of(self.tx.db(), user)?,
        })
    }

    pub(crate) fn block(&mut self, user: &UserId, other: &UserId) -> Result<BlockList> {
        if users::find(self.tx.db(), other)?.is_none() {
            return Err(Error::no_such_user());
        }
        let before = blocks::of(self.tx.db(), user)?;
        if user == other || (before.len() >= MOST_BLOCKED && !before.contains(other)) {
            return Err(Error::refused(
                Code::ParamsInvalid,
                "Nobody blocks themselves, or more people than there is room for",
            ));
        }
        if blocks::write::add(self.tx.db(), user, other)? {
            self.tx
                .pending
                .notify_separated
                .insert((user.clone(), other.clone()));
            self.note(user, "user.blocked")?;
            self.tell_blocks(user)?;
        }
        self.blocked_by(user)
    }

    pub(crate) fn unblock(&mut self, user: &UserId, other: &UserId) -> Result<BlockList> {
        if blocks::write::remove(self.tx.db(), user, other)? {
            self.note(user, "user.unblocked")?;
            self.tx
                .pending
                .notify_introduced
                .extend([user.clone(), other.clone()]);
            self.tell_blocks(user)?;
        }
        self.blocked_by(user)
    }

    fn tell_blocks(&mut self, user: &UserId) -> Result<()> {
        let list = self.blocked_by(user)?;
        self.tell(user, &EventData::BlocksUpdated(list))
    }

    /// Refuses to bring people together of whom one has blocked the other; in the same words as for
    /// somebody who does not exist.
    pub(crate) fn must_be_reachable(&self, user: &UserId, other: &UserId) -> Result<()> {
        match users::find(self.tx.db(), other)?.is_none()
            || blocks::between(self.tx.db(), user, other)?
        {
            true => Err(Error::no_such_user()),
            false => Ok(()),
        }
    }
}

//! Users who want nothing to do with each other (PROTOCOL.md §7.4).

use fulmar_protocol::{BlockList, UserId};

use super::{AccountNews, Accounts, WithNews};
use crate::error::{Error, Result};
use crate::store::blocks::{self, write};
use crate::tx::Tx;

/// The most users that somebody blocks (PROTOCOL.md §9).
const MOST_BLOCKED: usize = 1_000;

impl Accounts {
    pub(crate) fn blocked_by(&self, tx: &Tx<'_>, user: &UserId) -> Result<BlockList> {
        Ok(BlockList {
            user_ids: blocks::of(tx.db(), user)?,
        })
    }

    pub(crate) fn block(
        &self,
        tx: &mut Tx<'_>,
        user: &UserId,
        other: &UserId,
    ) -> Result<WithNews<BlockList>> {
        self.check_known(tx, other)?;
        let before = blocks::of(tx.db(), user)?;
        if user == other || (before.len() >= MOST_BLOCKED && !before.contains(other)) {
            return Err(Error::invalid(
                "Nobody blocks themselves, or more people than there is room for",
            ));
        }
        let news = if write::add(tx.db(), user, other)? {
            vec![AccountNews::Blocked {
                user_id: user.clone(),
                blocked: other.clone(),
            }]
        } else {
            Vec::new()
        };
        Ok((self.blocked_by(tx, user)?, news))
    }

    pub(crate) fn unblock(
        &self,
        tx: &mut Tx<'_>,
        user: &UserId,
        other: &UserId,
    ) -> Result<WithNews<BlockList>> {
        let news = if write::remove(tx.db(), user, other)? {
            vec![AccountNews::Unblocked {
                user_id: user.clone(),
                unblocked: other.clone(),
            }]
        } else {
            Vec::new()
        };
        Ok((self.blocked_by(tx, user)?, news))
    }
}

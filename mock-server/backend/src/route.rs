//! The only place where one room's news becomes another's call.
//!
//! News are passed on in the order in which they come, and what follows from one comes after those that
//! wait already. For each piece the order is: files, logs, audit, and last what waits for the commit.

use std::collections::VecDeque;

use fulmar_protocol::EventData;

use crate::accounts::AccountNews;
use crate::error::Result;
use crate::rooms::Rooms;
use crate::store::participants;
use crate::tx::Tx;

/// What a room reports.
pub(crate) enum News {
    Account(AccountNews),
}

impl From<AccountNews> for News {
    fn from(news: AccountNews) -> Self {
        Self::Account(news)
    }
}

impl Rooms {
    pub(crate) fn pass_on(
        &self,
        tx: &mut Tx<'_>,
        news: impl IntoIterator<Item = impl Into<News>>,
    ) -> Result<()> {
        let mut queue: VecDeque<News> = news.into_iter().map(Into::into).collect();
        while let Some(news) = queue.pop_front() {
            match news {
                News::Account(news) => self.account(tx, news)?,
            }
        }
        Ok(())
    }

    fn account(&self, tx: &mut Tx<'_>, news: AccountNews) -> Result<()> {
        match news {
            AccountNews::Registered(user) => self.audit.record(tx, &user, "account.registered")?,
            AccountNews::SessionStarted(user) => self.audit.record(tx, &user, "session.started")?,
            AccountNews::SessionEnded {
                user_id,
                session_id,
            } => {
                self.audit.record(tx, &user_id, "session.ended")?;
                tx.pending.ended_sessions.push(session_id);
            }
            AccountNews::Blocked { user_id, blocked } => {
                let list = self.accounts.blocked_by(tx, &user_id)?;
                self.log
                    .append(tx, [&user_id], &EventData::BlocksUpdated(list))?;
                self.audit.record(tx, &user_id, "user.blocked")?;
                tx.pending.notify_separated.insert((user_id, blocked));
            }
            AccountNews::Unblocked { user_id, unblocked } => {
                let list = self.accounts.blocked_by(tx, &user_id)?;
                self.log
                    .append(tx, [&user_id], &EventData::BlocksUpdated(list))?;
                self.audit.record(tx, &user_id, "user.unblocked")?;
                tx.pending.notify_introduced.extend([user_id, unblocked]);
            }
            AccountNews::ProfileChanged(updated) => {
                let mut people = participants::circle(tx.db(), &updated.user_id, u32::MAX)?;
                people.push(updated.user_id.clone());
                self.log
                    .append(tx, &people, &EventData::UserUpdated(updated))?;
            }
            AccountNews::PresenceSettingChanged(user) => {
                tx.pending.notify_presence.insert(user);
            }
            AccountNews::Deleted(user) => {
                self.files.delete_unattached(tx, &user)?;
                self.audit.record(tx, &user, "account.deleted")?;
                tx.pending.forget(&user);
            }
        }
        Ok(())
    }
}

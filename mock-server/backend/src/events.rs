//! Writing events into the logs of those whom they concern.

use fulmar_protocol::{ConversationId, EventData, UserId};

use crate::store::{log, participants};
use crate::{Backend, Result, Scope};

impl Scope<'_> {
    /// Appends to the log of every participant what `data` says to each.
    pub(crate) fn tell_participants(
        &mut self,
        conversation: &ConversationId,
        mut data: impl FnMut(&Self, &UserId) -> Result<EventData>,
    ) -> Result<()> {
        for user in participants::ids(&self.db, conversation)? {
            let data = data(self, &user)?;
            self.tell(&user, &data)?;
        }
        Ok(())
    }

    /// Appends to the log of one user.
    pub(crate) fn tell(&mut self, user: &UserId, data: &EventData) -> Result<()> {
        log::append(&self.db, user, self.now, data, self.config.log_capacity)?;
        self.aftermath.told.insert(user.clone());
        Ok(())
    }
}

impl Backend {
    /// Forgets the events of a user's log so far, as a server does that keeps only a while: devices
    /// that have not seen them get a reset.
    pub fn cut_log(&mut self, user_id: &UserId, now: fulmar_protocol::Timestamp) {
        let (cut, _) = self.scoped(now, |scope| log::cut(&scope.db, user_id));
        if let Err(stop) = cut {
            // Already reported by the conversion; there is no client to tell.
            let _ = stop.into_problem();
        }
    }
}

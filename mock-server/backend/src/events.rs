//! Writing events into the logs of those whom they concern.

use fulmar_protocol::{ConversationId, EventData, UserId};

use crate::store::participants;
use crate::{Result, Scope};

impl Scope<'_, '_> {
    /// Appends to the log of every participant what `data` says to each.
    pub(crate) fn tell_participants(
        &mut self,
        conversation: &ConversationId,
        mut data: impl FnMut(&Self, &UserId) -> Result<EventData>,
    ) -> Result<()> {
        for user in participants::ids(self.tx.db(), conversation)? {
            let data = data(self, &user)?;
            self.tell(&user, &data)?;
        }
        Ok(())
    }

    /// Appends to the log of one user.
    pub(crate) fn tell(&mut self, user: &UserId, data: &EventData) -> Result<()> {
        self.rooms.log.append(self.tx, [user], data)
    }
}

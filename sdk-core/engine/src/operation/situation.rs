//! What an operation can ask of the place where it is to be done. Everything is answered as the screen shows
//! it: with what the outbox is about to change.

use std::collections::BTreeSet;

use fulmar_protocol::{ConversationKind, Method, OperationKey, Role, Writing};

use super::{Checked, Situation, overlay};
use crate::io::{CommandError, Rule};
use crate::store::messages::{self, MessageRow};
use crate::store::{Result, blocked, conversations, operations, participants as people};

impl Situation<'_> {
    pub(super) fn is_group(&self) -> Result<bool> {
        Ok(conversations::kind(self.db, self.conversation)? == ConversationKind::Group)
    }

    /// In a direct conversation both are members, whatever a server says (PROTOCOL.md §4.4).
    pub(super) fn role(&self) -> Result<Role> {
        if !self.is_group()? {
            return Ok(Role::Member);
        }
        Ok(people::role(self.db, self.conversation, self.owner)?.unwrap_or_default())
    }

    /// How many messages are pinned here, with what the outbox is about to pin and unpin.
    pub(super) fn pinned_count(&self) -> Result<usize> {
        let changes = operations::changes_of_lane(self.db, self.conversation.lane())?;
        let mut pinned: BTreeSet<OperationKey> = messages::pinned(self.db, self.conversation)?
            .into_iter()
            .map(|row| row.key)
            .collect();
        for change in changes {
            if let Method::MessagePin(pin) = &change.method {
                if pin.pinned {
                    pinned.insert(pin.message_key);
                } else {
                    pinned.remove(&pin.message_key);
                }
            }
        }
        Ok(pinned.len())
    }

    /// A message of this conversation as the screen shows it; or why nothing can be done to it.
    pub(super) fn message(
        &self,
        key: OperationKey,
    ) -> Result<std::result::Result<MessageRow, Checked>> {
        let missing = || Err(Checked::Refused(CommandError::NoSuchMessage { key }));
        let Some(row) = messages::find(self.db, key)? else {
            return Ok(missing());
        };
        if row.conversation != self.conversation {
            return Ok(missing());
        }
        Ok(Ok(self.shown(row)?))
    }

    /// The same for what needs a message that is neither hidden nor deleted.
    pub(super) fn live_message(
        &self,
        key: OperationKey,
    ) -> Result<std::result::Result<MessageRow, Checked>> {
        Ok(self.message(key)?.and_then(|row| {
            if row.hidden || row.deleted.is_some() {
                Err(Checked::Refused(CommandError::NoSuchMessage { key }))
            } else {
                Ok(row)
            }
        }))
    }

    /// A message with what the outbox is about to change of it.
    pub(crate) fn shown(&self, mut row: MessageRow) -> Result<MessageRow> {
        let changes = operations::changes_of_lane(self.db, row.conversation.lane())?;
        overlay::message(&mut row, Some(self.owner), &changes);
        Ok(row)
    }

    /// Whether the user may write, edit and react here (PROTOCOL.md §4.4).
    pub(crate) fn may_write(&self) -> Result<Checked> {
        if blocked::in_direct(self.db, self.conversation, self.owner)? {
            return Ok(Checked::not_allowed(Rule::BlockedByUser));
        }
        if !self.is_group()? && !people::has_others(self.db, self.conversation, self.owner)? {
            return Ok(Checked::not_allowed(Rule::OtherPersonGone));
        }
        let mut profile = conversations::server_profile(self.db, self.conversation)?;
        let changes = operations::changes_of_lane(self.db, self.conversation.lane())?;
        overlay::profile(&mut profile, &changes);
        let open = profile.writing != Writing::Admins || self.role()? == Role::Admin;
        Ok(Checked::allowed_if(open, Rule::AdminsOnly))
    }
}

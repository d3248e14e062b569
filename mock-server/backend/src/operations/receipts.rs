//! How far somebody has come, and what they have set for themselves (PROTOCOL.md §5.5, §5.12).

use fulmar_protocol::{
    ConversationId, EventData, Position, ReceiptUpdate, ReceiptUpdated, Settings, SettingsUpdate,
    SettingsUpdated,
};

use crate::actor::Actor;
use crate::store::{counters, participants};
use crate::{Result, Scope};

impl Scope<'_, '_> {
    pub(super) fn receipt_update(&mut self, by: Actor<'_>, params: &ReceiptUpdate) -> Result<()> {
        let id = &params.conversation_id;
        self.must_take_part(id, by.user)?;
        if params.read_to.is_some() {
            self.change_settings(by, id, |settings| settings.marked_unread = false)?;
        }
        let last = counters::last_position(self.tx.db(), id)?;
        let clamp = |pointer: Option<Position>| pointer.unwrap_or_default().min(last);
        let participants::write::Advanced {
            delivered_to,
            read_to,
            moved,
        } = participants::write::advance_receipt(
            self.tx.db(),
            id,
            by.user,
            clamp(params.delivered_to),
            clamp(params.read_to),
        )?;
        if !moved {
            return Ok(());
        }
        let unread = participants::unread(self.tx.db(), id, by.user)?;
        self.tell_participants(id, |_, to| {
            Ok(EventData::ReceiptUpdated(ReceiptUpdated {
                conversation_id: id.clone(),
                user_id: by.user.clone(),
                delivered_to,
                read_to,
                unread: (to == by.user).then_some(unread),
            }))
        })
    }

    pub(super) fn settings_update(&mut self, by: Actor<'_>, params: &SettingsUpdate) -> Result<()> {
        let id = &params.conversation_id;
        self.must_take_part(id, by.user)?;
        let now = self.tx.now();
        let last = counters::last_position(self.tx.db(), id)?;
        self.change_settings(by, id, |settings| {
            if let Some(until) = params.muted_until {
                settings.muted_until = (until > now).then_some(until);
            }
            let hidden_to = params.hidden_to.map(|to| to.min(last));
            settings.hidden_to = hidden_to.or(settings.hidden_to);
            let set = |to: &mut bool, wanted: Option<bool>| *to = wanted.unwrap_or(*to);
            set(&mut settings.pinned, params.pinned);
            set(&mut settings.archived, params.archived);
            set(&mut settings.marked_unread, params.marked_unread);
        })
    }

    fn change_settings(
        &mut self,
        by: Actor<'_>,
        id: &ConversationId,
        change: impl FnOnce(&mut Settings),
    ) -> Result<()> {
        let before = participants::settings(self.tx.db(), id, by.user)?;
        let mut settings = before;
        change(&mut settings);
        if settings == before {
            return Ok(());
        }
        participants::write::set_settings(self.tx.db(), id, by.user, &settings)?;
        let updated = SettingsUpdated {
            conversation_id: id.clone(),
            settings,
        };
        self.tell(by.user, &EventData::SettingsUpdated(updated))
    }
}

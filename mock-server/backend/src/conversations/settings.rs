//! `settings.update`: what somebody has set for themselves (PROTOCOL.md §5.12).

use fulmar_protocol::{Settings, SettingsUpdate, SettingsUpdated};

use super::{ConversationNews, Conversations};
use crate::access::Membership;
use crate::actor::Actor;
use crate::defects::{Defect, active};
use crate::error::Result;
use crate::store::counters;
use crate::store::participants::{self, write};
use crate::tx::Tx;

impl Conversations {
    pub(crate) fn update_settings(
        &self,
        tx: &mut Tx<'_>,
        actor: Actor<'_>,
        params: &SettingsUpdate,
    ) -> Result<Option<ConversationNews>> {
        let member = Membership::check(tx, &params.conversation_id, actor.user)?;
        let now = tx.now();
        let last = counters::last_position(tx.db(), member.conversation_id())?;
        self.change_settings(tx, &member, |settings| {
            if active(Defect::SettingsForget) {
                *settings = Settings::default();
            }
            if let Some(until) = params.muted_until {
                settings.muted_until =
                    (until > now || active(Defect::SilentForEver)).then_some(until);
            }
            let hidden_to = params.hidden_to.map(|to| {
                if active(Defect::HidesTheFuture) {
                    to
                } else {
                    to.min(last)
                }
            });
            settings.hidden_to = hidden_to.or(settings.hidden_to);
            let set = |to: &mut bool, wanted: Option<bool>| *to = wanted.unwrap_or(*to);
            set(&mut settings.pinned, params.pinned);
            set(&mut settings.archived, params.archived);
            set(&mut settings.marked_unread, params.marked_unread);
        })
    }

    pub(super) fn change_settings(
        &self,
        tx: &mut Tx<'_>,
        member: &Membership,
        change: impl FnOnce(&mut Settings),
    ) -> Result<Option<ConversationNews>> {
        let (id, user) = (member.conversation_id(), member.user_id());
        let before = participants::settings(tx.db(), id, user)?;
        let mut settings = before;
        change(&mut settings);
        if settings == before {
            return Ok(None);
        }
        write::set_settings(tx.db(), id, user, &settings)?;
        Ok(Some(ConversationNews::SettingsChanged {
            user_id: user.clone(),
            settings: SettingsUpdated {
                conversation_id: id.clone(),
                settings,
            },
        }))
    }
}

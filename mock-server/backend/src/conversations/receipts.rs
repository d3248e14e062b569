//! `receipt.update`: how far somebody has got and read messages (PROTOCOL.md §5.5).

use fulmar_protocol::{Position, ReceiptUpdate};

use super::{ConversationNews, Conversations};
use crate::access::{Membership, Writer};
use crate::actor::Actor;
use crate::defects::{Defect, active};
use crate::error::Result;
use crate::store::counters;
use crate::store::participants::write;
use crate::tx::Tx;

impl Conversations {
    pub(crate) fn update_receipt(
        &self,
        tx: &mut Tx<'_>,
        actor: Actor<'_>,
        params: &ReceiptUpdate,
    ) -> Result<Vec<ConversationNews>> {
        let member = Membership::check(tx, &params.conversation_id, actor.user)?;
        let id = member.conversation_id();
        if active(Defect::BlocksReceipts) {
            Writer::check(tx, id, actor.user)?;
        }
        let mut news = Vec::new();
        if params.read_to.is_some() && !active(Defect::StaysMarked) {
            news.extend(self.change_settings(tx, &member, |settings| {
                settings.marked_unread = false;
            })?);
        }
        let last = counters::last_position(tx.db(), id)?;
        let clamp = |pointer: Option<Position>| {
            let most = if active(Defect::BeyondTheLast) {
                Position(u64::MAX >> 1)
            } else {
                last
            };
            pointer.unwrap_or_default().min(most)
        };
        let (delivered_to, read_to) = (clamp(params.delivered_to), clamp(params.read_to));
        let advanced = write::advance_receipt(tx.db(), id, actor.user, delivered_to, read_to)?;
        if advanced.moved {
            news.push(ConversationNews::ReceiptMoved {
                conversation_id: id.clone(),
                user_id: actor.user.clone(),
                delivered_to: advanced.delivered_to,
                read_to: advanced.read_to,
            });
        }
        Ok(news)
    }
}

//! Reading: one pointer per conversation, which only grows (PROTOCOL.md §5.5).

use fulmar_protocol::{ConversationId, Method, OperationKey, Position, ReceiptUpdate};

use super::Answered;
use crate::effect::Reply;
use crate::pending;
use crate::store::{Result, conversations, operations, reading};
use crate::turn::Turn;

impl Turn<'_> {
    /// A newer pointer folds into one that has not left.
    pub(crate) fn mark_read(
        &mut self,
        operation_key: OperationKey,
        conversation: &ConversationId,
        up_to: Position,
    ) -> Result<Answered> {
        if let Err(error) = self.owner() {
            return Ok(Err(error));
        }
        let lane = match self.lane(conversation)? {
            Ok(lane) => lane,
            Err(error) => return Ok(Err(error)),
        };
        let read_to = reading::own_read_to(&self.db, lane)?;
        // Nobody has read what is not there.
        let up_to = up_to.min(reading::head(&self.db, lane)?).max(read_to);
        let mut settings = conversations::server_settings(&self.db, lane)?;
        let changes = operations::changes_of_lane(&self.db, lane)?;
        pending::of_settings(&mut settings, &changes);
        if up_to == read_to && !settings.marked_unread {
            return Ok(Ok(Reply::Done));
        }
        let method = Method::ReceiptUpdate(ReceiptUpdate {
            conversation_id: conversation.clone(),
            delivered_to: None,
            read_to: Some(up_to),
        });
        // Reading ends a mark as unread, and the other way round: they keep their order.
        let newest = operations::newest(&self.db, lane, &["receipt.update", "settings.update"])?;
        match newest.filter(|row| row.is_foldable() && row.method.name() == method.name()) {
            Some(row) => operations::set_params(&self.db, row.operation_key, &method)?,
            None => {
                if let Err(full) = self.room_in_outbox()? {
                    return Ok(Err(full));
                }
                operations::enqueue(&self.db, operation_key, lane, &method, self.now.wall)?;
            }
        }
        reading::set_local_read(&self.db, lane, up_to)?;
        self.touch(lane);
        Ok(Ok(Reply::Done))
    }
}

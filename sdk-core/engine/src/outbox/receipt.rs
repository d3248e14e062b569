//! Reading: one pointer per conversation, which only grows (PROTOCOL.md §5.5).

use fulmar_protocol::{ConversationId, Method, OperationKey, Position, ReceiptUpdate};

use super::{Acting, Outbox, lane};
use crate::io::{CommandResult, Reply};
use crate::operation::overlay;
use crate::store::{LaneId, Result, conversations, operations, reading};
use crate::tx::Tx;

impl Outbox {
    /// Marks everything up to a position as read. A newer pointer folds into one that has not left.
    pub(crate) fn mark_read(
        &mut self,
        tx: &mut Tx<'_>,
        operation_key: OperationKey,
        conversation: &ConversationId,
        up_to: Position,
        acting: Acting<'_>,
    ) -> Result<CommandResult> {
        let lane = match lane(tx, conversation)? {
            Ok(lane) => lane,
            Err(error) => return Ok(Err(error)),
        };
        let read_to = reading::own_read_to(&tx.db, lane.conversation())?;
        // Nobody has read what is not there.
        let up_to = up_to
            .min(reading::head(&tx.db, lane.conversation())?)
            .max(read_to);
        let mut settings = conversations::server_settings(&tx.db, lane.conversation())?;
        let changes = operations::changes_of_lane(&tx.db, lane)?;
        overlay::settings(&mut settings, &changes);
        if up_to == read_to && !settings.marked_unread {
            return Ok(Ok(Reply::Done));
        }
        let method = Method::ReceiptUpdate(ReceiptUpdate {
            conversation_id: conversation.clone(),
            delivered_to: None,
            read_to: Some(up_to),
        });
        let reply = self.enqueue_or_fold(tx, operation_key, lane, &method, acting)?;
        if reply.is_ok() {
            reading::set_local_read(&tx.db, lane.conversation(), up_to)?;
            tx.touch(lane.conversation());
        }
        Ok(reply)
    }
    /// What was read here counts as long as the server still has to be told, or the log to tell. Then it is as the
    /// server says: it takes no pointer beyond the newest message that it has, and a restored one may have fewer.
    pub(super) fn read_as_told(tx: &mut Tx<'_>, lane: LaneId) -> Result<()> {
        if reading::is_ahead(&tx.db, lane.conversation())? && !operations::any_read(&tx.db, lane)? {
            reading::set_local_read(&tx.db, lane.conversation(), Position::ZERO)?;
            tx.touch(lane.conversation());
        }
        Ok(())
    }
}

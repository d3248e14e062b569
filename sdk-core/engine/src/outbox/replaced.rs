//! The log is another one: an earlier state took the place of the server's, and positions are given out anew
//! (PROTOCOL.md §6.4).
//!
//! It must not take anything out of the outbox.

use fulmar_protocol::{Method, Position};

use super::Outbox;
use crate::store::state::OperationState;
use crate::store::{Result, operations, reading};
use crate::tx::Tx;

impl Outbox {
    /// What was read counts as far as the server still has to be told of it, and as there are messages: the next one
    /// may have a position that was read before.
    pub(crate) fn log_replaced(tx: &mut Tx<'_>) -> Result<()> {
        for (conversation, head) in reading::read_here(&tx.db)? {
            let mut read = Position::ZERO;
            for row in operations::reads_of_lane(&tx.db, conversation.lane())? {
                let Method::ReceiptUpdate(mut update) = row.method else {
                    continue;
                };
                let Some(to) = update.read_to else { continue };
                read = read.max(to.min(head));
                if row.state == OperationState::Queued && to > head {
                    update.read_to = Some(head);
                    let method = Method::ReceiptUpdate(update);
                    operations::set_params(&tx.db, row.operation_key, &method)?;
                }
            }
            reading::set_local_read(&tx.db, conversation, read)?;
            tx.touch(conversation);
        }
        Ok(())
    }
}

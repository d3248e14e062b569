//! What the app says about an operation that failed: try it again, or give it up.

use fulmar_protocol::{Method, OperationKey, Position};

use super::Answered;
use crate::command_error::CommandError;
use crate::effect::Reply;
use crate::outbox::transition::{Happening, Next};
use crate::store::operations::OperationRow;
use crate::store::{ConversationKey, Result, conversations, messages, operations, reading};
use crate::turn::Turn;

impl Turn<'_> {
    pub(crate) fn retry(&mut self, operation_key: OperationKey) -> Result<Answered> {
        let row = match self.find_operation(operation_key, Happening::Retried)? {
            Ok(row) => row,
            Err(error) => return Ok(Err(error)),
        };
        operations::renew(&self.db, operation_key, self.now.wall)?;
        self.transition(&row, Happening::Retried, None)?;
        Ok(Ok(Reply::Done))
    }

    /// Gives up a message, or a conversation that was never created, with all that waits in it.
    pub(crate) fn discard(&mut self, operation_key: OperationKey) -> Result<Answered> {
        let row = match self.find_operation(operation_key, Happening::Discarded)? {
            Ok(row) => row,
            Err(error) => return Ok(Err(error)),
        };
        self.transition(&row, Happening::Discarded, None)?;
        match row.method {
            Method::MessageSend(_) => self.drop_unsent(operation_key)?,
            Method::ReceiptUpdate(_) => {
                reading::set_local_read(&self.db, row.lane, Position::ZERO)?;
            }
            Method::ConversationCreate(_) => self.discard_draft(row.lane)?,
            // What it would have changed is only shown while it is there.
            _ => {}
        }
        Ok(Ok(Reply::Done))
    }

    /// Drops a message that is not at the server, with what was to be done to it.
    pub(super) fn drop_unsent(&mut self, message: OperationKey) -> Result<()> {
        for row in operations::about_message(&self.db, message)? {
            operations::delete(&self.db, row.operation_key)?;
        }
        messages::delete_unsent(&self.db, message)
    }

    fn discard_draft(&mut self, lane: ConversationKey) -> Result<()> {
        // Nothing of this lane can be in flight: its conversation does not exist.
        for key in operations::keys_of_lane(&self.db, lane)? {
            operations::delete(&self.db, key)?;
        }
        conversations::remove_draft(&self.db, lane)?;
        self.vanish(lane);
        Ok(())
    }

    fn find_operation(
        &mut self,
        operation_key: OperationKey,
        happening: Happening,
    ) -> Result<std::result::Result<OperationRow, CommandError>> {
        let Some(row) = operations::find(&self.db, operation_key)? else {
            return Ok(Err(CommandError::NoSuchOperation { operation_key }));
        };
        if row.state.after(happening) == Next::Illegal {
            return Ok(Err(CommandError::WrongState {
                operation_key,
                state: row.state,
            }));
        }
        Ok(Ok(row))
    }
}

//! What the app says about an operation that has no outcome: try it again, or give it up.

use fulmar_protocol::{Capability, Content, MessageDelete, Method, OperationKey};

use super::change::never_applied;
use super::transition::{Next, OperationEvent, after};
use super::{Acting, Outbox, OutboxNews, wrong_state};
use crate::defects::{self, Defect};
use crate::io::{CommandError, CommandResult, Reply};
use crate::operation::message_send_content;
use crate::store::operations::OperationRow;
use crate::store::state::{FailureReason, OperationState};
use crate::store::{Result, conversations, messages, operations, uploads};
use crate::tx::Tx;

impl Outbox {
    /// Tries a failed operation again.
    pub(crate) fn retry(
        &mut self,
        tx: &mut Tx<'_>,
        operation_key: OperationKey,
    ) -> Result<CommandResult> {
        let Some(row) = operations::find(&tx.db, operation_key)? else {
            return Ok(Err(CommandError::NoSuchOperation { operation_key }));
        };
        let event = match operations::failure(&tx.db, operation_key)? {
            Some(FailureReason::OutcomeUnknown) => OperationEvent::RetriedInDoubt,
            Some(FailureReason::RootGivenUp) => return Ok(Err(wrong_state(&row))),
            Some(FailureReason::Refused { .. } | FailureReason::FileLost) | None => {
                OperationEvent::Retried
            }
        };
        if after(row.state, event) == Next::Illegal {
            return Ok(Err(wrong_state(&row)));
        }
        let time = self.server.time(tx.now.mono);
        operations::renew(&tx.db, operation_key, tx.now.wall, time)?;
        self.transition(tx, &row, event, None)?;
        Ok(Ok(Reply::Done))
    }

    /// Gives up a message, or a conversation that was never created, with all that waits in it. What may be
    /// at the server cannot be given up here alone: with `delete_key` it is deleted for everyone, once it is
    /// known to be there.
    pub(crate) fn discard(
        &mut self,
        tx: &mut Tx<'_>,
        operation_key: OperationKey,
        delete_key: Option<OperationKey>,
        acting: Acting<'_>,
    ) -> Result<CommandResult> {
        let Some(row) = operations::find(&tx.db, operation_key)? else {
            return Ok(Err(CommandError::NoSuchOperation { operation_key }));
        };
        match row.state {
            OperationState::Queued | OperationState::Failed => {}
            OperationState::InFlight | OperationState::Unconfirmed
                if defects::active(Defect::DiscardForgets) =>
            {
                operations::delete(&tx.db, operation_key)?;
                messages::delete_unsent(&tx.db, operation_key)?;
                return Ok(Ok(Reply::Done));
            }
            OperationState::InFlight | OperationState::Unconfirmed => {
                return self.discard_in_doubt(tx, &row, delete_key, acting);
            }
            OperationState::Applied => return Ok(Err(wrong_state(&row))),
        }
        if let Method::MessageSend(_) = row.method {
            if !never_applied(tx, &row)? {
                return self.give_up_outdated(tx, &row, delete_key, acting);
            }
            self.give_up_message(tx, &row)?;
        } else if let Method::ConversationCreate(_) = row.method {
            self.give_up_conversation(tx, &row)?;
        } else {
            self.transition(tx, &row, OperationEvent::Discarded, None)?;
            // What it would have changed is only shown while it is there.
        }
        Ok(Ok(Reply::Done))
    }

    /// It may be at the server. A message can be deleted behind itself; anything else has to wait.
    fn discard_in_doubt(
        &mut self,
        tx: &mut Tx<'_>,
        row: &OperationRow,
        delete_key: Option<OperationKey>,
        acting: Acting<'_>,
    ) -> Result<CommandResult> {
        let operation_key = row.operation_key;
        let (Some(delete), Some(delete_key)) = (deletion_of(row), delete_key) else {
            return Ok(Err(CommandError::MayBeSent { operation_key }));
        };
        if let Some(capability) = self.cannot(&delete) {
            return Ok(Err(CommandError::Unsupported { capability }));
        }
        self.change(tx, delete_key, delete, acting)
    }

    /// What the server would have to be able to do for an operation, and cannot.
    fn cannot(&self, method: &Method) -> Option<Capability> {
        method.capability().filter(|needed| self.lacks(*needed))
    }

    /// Gives up a message that may be at the server and is too old to be tried again. With `delete_key` it is
    /// deleted there by an operation of its own: where it never was, that comes to the same. What others may
    /// see of it goes on: replies in its thread are the server's to judge.
    fn give_up_outdated(
        &mut self,
        tx: &mut Tx<'_>,
        row: &OperationRow,
        delete_key: Option<OperationKey>,
        acting: Acting<'_>,
    ) -> Result<CommandResult> {
        let message = row.operation_key;
        if let (Some(delete), Some(delete_key)) = (deletion_of(row), delete_key) {
            if let Some(capability) = self.cannot(&delete) {
                return Ok(Err(CommandError::Unsupported { capability }));
            }
            let queued = self.enqueue_or_fold(tx, delete_key, row.lane, &delete, acting)?;
            if queued.is_err() {
                return Ok(queued);
            }
        }
        self.transition(tx, row, OperationEvent::Discarded, None)?;
        for change in operations::about_message(&tx.db, message)? {
            let Method::MessageDelete(_) = change.method else {
                operations::delete(&tx.db, change.operation_key)?;
                continue;
            };
        }
        messages::delete_unsent(&tx.db, message)?;
        Ok(Ok(Reply::Done))
    }

    /// Gives up a message that is certainly not at the server, and decides about all that hangs on it: what
    /// was to be done to it goes with it, replies in its thread fail, replies that quote it lose the quote.
    pub(super) fn give_up_message(&mut self, tx: &mut Tx<'_>, row: &OperationRow) -> Result<()> {
        let message = row.operation_key;
        self.transition(tx, row, OperationEvent::Discarded, None)?;
        for change in operations::about_message(&tx.db, message)? {
            operations::delete(&tx.db, change.operation_key)?;
        }
        messages::delete_unsent(&tx.db, message)?;
        for reply in operations::replies(&tx.db, row.lane, message)? {
            let Method::MessageSend(mut send) = reply.method.clone() else {
                continue;
            };
            let waits = after(reply.state, OperationEvent::RootGivenUp) != Next::Illegal;
            if send.thread_root == Some(message) && waits {
                let reason = FailureReason::RootGivenUp;
                self.transition(tx, &reply, OperationEvent::RootGivenUp, Some(&reason))?;
                // It holds nobody up: it can never be sent, and the others can.
                operations::release_lane(&tx.db, reply.operation_key)?;
            }
            if send.reply_to == Some(message) && never_applied(tx, &reply)? {
                send.reply_to = None;
                self.rewrite(tx, &reply, Method::MessageSend(send))?;
            }
        }
        Ok(())
    }

    /// Gives up a conversation that the server does not know, with all that waits in it.
    fn give_up_conversation(&mut self, tx: &mut Tx<'_>, row: &OperationRow) -> Result<()> {
        let conversation = row.lane.conversation();
        if conversations::server_id(&tx.db, conversation)?.is_some() {
            // The other person has begun it meanwhile: what waits in it has a place to go.
            return self.transition(tx, row, OperationEvent::Discarded, None);
        }
        // Nothing of this lane can be in flight: its conversation does not exist.
        for key in operations::keys_of_lane(&tx.db, row.lane)? {
            let files = uploads::of_message(&tx.db, key)?;
            self.news.push(OutboxNews::Abandoned(files));
            operations::delete(&tx.db, key)?;
        }
        conversations::remove_local(&tx.db, conversation)?;
        tx.vanish(conversation);
        Ok(())
    }

    /// A message that has not left the device says something else: it was never said otherwise.
    pub(super) fn rewrite(
        &mut self,
        tx: &mut Tx<'_>,
        row: &OperationRow,
        method: Method,
    ) -> Result<()> {
        if let Method::MessageSend(message) = &method {
            let shown = messages::find(&tx.db, row.operation_key)?;
            let content = Content {
                forwarded_from: shown.and_then(|shown| shown.content.forwarded_from),
                ..message_send_content(message)
            };
            messages::set_unsent_content(&tx.db, row.operation_key, &content)?;
        }
        operations::set_params(&tx.db, row.operation_key, &method)?;
        tx.touch(row.lane.conversation());
        Ok(())
    }
}

/// What deletes a message for everyone.
fn deletion_of(row: &OperationRow) -> Option<Method> {
    let Method::MessageSend(message) = &row.method else {
        return None;
    };
    Some(Method::MessageDelete(MessageDelete {
        conversation_id: message.conversation_id.clone(),
        message_key: row.operation_key,
    }))
}

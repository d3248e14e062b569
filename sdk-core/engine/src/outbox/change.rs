//! Changes: everything that the user does but writing, reading and creating a conversation.
//!
//! A change is checked against what is known here, folds into what has not left the device, or waits in its
//! lane. What each method checks and how it folds is in `operation`.

use fulmar_protocol::{Method, OperationKey};

use super::transition::OperationEvent;
use super::{Acting, Outbox, lane, wrong_state};
use crate::io::{CommandError, CommandResult, Reply, Rule};
use crate::operation::{self, Checked, Fold};
use crate::store::operations::{NewOperation, OperationRow};
use crate::store::state::{FailureReason, OperationState};
use crate::store::{LaneId, Result, operations, reading};
use crate::tx::Tx;

/// Whether a change needs an operation of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Folded {
    /// It is part of an earlier one now.
    Done,
    /// It goes behind the others.
    Waits,
    /// It takes the place of an earlier one, and needs no other.
    Replaces,
}

impl Outbox {
    /// Changes something, by any method but those with a command of their own.
    pub(crate) fn change(
        &mut self,
        tx: &mut Tx<'_>,
        operation_key: OperationKey,
        mut method: Method,
        acting: Acting<'_>,
    ) -> Result<CommandResult> {
        if let Method::MessageSend(_) = method {
            let rule = Rule::NotAChange;
            return Ok(Err(CommandError::NotAllowed { rule }));
        }
        if let Some(row) = operations::find(&tx.db, operation_key)? {
            let repeated = row.method.name() == method.name();
            return Ok(if repeated {
                Ok(Reply::Done)
            } else {
                Err(wrong_state(&row))
            });
        }
        operation::normalize(&mut method);
        let Some(conversation) = method.conversation_id_mut().cloned() else {
            let rule = Rule::NotAChange;
            return Ok(Err(CommandError::NotAllowed { rule }));
        };
        let lane = match lane(tx, &conversation)? {
            Ok(lane) => lane,
            Err(error) => return Ok(Err(error)),
        };
        let place = self.place(tx, lane.conversation(), acting);
        match operation::of(&method).check(&place)? {
            Checked::Go => {}
            Checked::Nothing => return Ok(Ok(Reply::Done)),
            Checked::Refused(error) => return Ok(Err(error)),
        }
        if let Method::SettingsUpdate(update) = &mut method {
            // What comes after what is here now brings it back.
            let head = reading::head(&tx.db, lane.conversation())?;
            update.hidden_to = update.hidden_to.map(|to| to.min(head));
        }
        self.enqueue_or_fold(tx, operation_key, lane, &method, acting)
    }

    /// Folds an operation into an earlier one, or puts it behind the others if there is room.
    pub(super) fn enqueue_or_fold(
        &mut self,
        tx: &mut Tx<'_>,
        operation_key: OperationKey,
        lane: LaneId,
        method: &Method,
        acting: Acting<'_>,
    ) -> Result<CommandResult> {
        tx.touch(lane.conversation());
        let folded = self.fold(tx, lane, method)?;
        if folded == Folded::Done {
            return Ok(Ok(Reply::Done));
        }
        if let Some(row) = operations::find(&tx.db, operation_key)? {
            return Ok(Err(wrong_state(&row)));
        }
        if folded == Folded::Waits
            && let Err(full) = self.room(tx, acting.config)?
        {
            return Ok(Err(full));
        }
        operations::enqueue(
            &tx.db,
            &NewOperation {
                operation_key,
                lane,
                method,
                holds_lane: operation::of(method).holds_lane(),
                now: tx.now.wall,
            },
        )?;
        Ok(Ok(Reply::Done))
    }

    /// Puts a change into something that has not left the device, where that comes to the same.
    fn fold(&mut self, tx: &mut Tx<'_>, lane: LaneId, method: &Method) -> Result<Folded> {
        let Some(message) = method.message_key() else {
            return self.fold_into_newest(tx, lane, method);
        };
        if let Some(send) = never_sent(tx, message)? {
            match operation::of(method).fold(&send.method) {
                Fold::Into(folded) => {
                    self.rewrite(tx, &send, *folded)?;
                    return Ok(Folded::Done);
                }
                Fold::GivesUp => {
                    self.give_up_message(tx, &send)?;
                    return Ok(Folded::Done);
                }
                Fold::Beside | Fold::Cancels | Fold::Replaces => {}
            }
        }
        self.fold_into_changes(tx, message, method)
    }

    /// The newest of those with which it keeps its order.
    fn fold_into_newest(
        &mut self,
        tx: &mut Tx<'_>,
        lane: LaneId,
        method: &Method,
    ) -> Result<Folded> {
        let kinds = operation::of(method).folds_with();
        if kinds.is_empty() {
            return Ok(Folded::Waits);
        }
        let newest = operations::newest(&tx.db, lane, kinds)?;
        match newest.filter(OperationRow::is_foldable) {
            Some(row) => self.fold_into(tx, &row, method),
            None => Ok(Folded::Waits),
        }
    }

    /// The newest that is about the same message and with which it comes to something.
    fn fold_into_changes(
        &mut self,
        tx: &mut Tx<'_>,
        message: OperationKey,
        method: &Method,
    ) -> Result<Folded> {
        let waiting = operations::about_message(&tx.db, message)?;
        let mut folded = Folded::Waits;
        for row in waiting.iter().rev() {
            if !row.is_foldable() {
                continue;
            }
            match self.fold_into(tx, row, method)? {
                Folded::Done => return Ok(Folded::Done),
                Folded::Replaces => folded = Folded::Replaces,
                Folded::Waits => {}
            }
        }
        Ok(folded)
    }

    fn fold_into(
        &mut self,
        tx: &mut Tx<'_>,
        row: &OperationRow,
        method: &Method,
    ) -> Result<Folded> {
        match operation::of(method).fold(&row.method) {
            Fold::Beside | Fold::GivesUp => Ok(Folded::Waits),
            Fold::Into(folded) => {
                operations::set_params(&tx.db, row.operation_key, &folded)?;
                Ok(Folded::Done)
            }
            Fold::Cancels => {
                self.transition(tx, row, OperationEvent::Discarded, None)?;
                Ok(Folded::Done)
            }
            Fold::Replaces => {
                self.transition(tx, row, OperationEvent::Discarded, None)?;
                Ok(Folded::Replaces)
            }
        }
    }
}

/// The operation that sends a message, if the server certainly does not have that.
fn never_sent(tx: &Tx<'_>, message: OperationKey) -> Result<Option<OperationRow>> {
    let Some(row) = operations::find(&tx.db, message)? else {
        return Ok(None);
    };
    Ok(never_applied(tx, &row)?.then_some(row))
}

/// Whether the server certainly does not have it.
pub(super) fn never_applied(tx: &Tx<'_>, row: &OperationRow) -> Result<bool> {
    Ok(match row.state {
        OperationState::Queued => true,
        OperationState::Failed => match operations::failure(&tx.db, row.operation_key)? {
            Some(
                FailureReason::Refused { .. }
                | FailureReason::RootGivenUp
                | FailureReason::FileLost,
            ) => true,
            Some(FailureReason::OutcomeUnknown) | None => false,
        },
        OperationState::InFlight | OperationState::Unconfirmed | OperationState::Applied => false,
    })
}

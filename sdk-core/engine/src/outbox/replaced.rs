//! The log is another one: an earlier state took the place of the server's, and positions are given out anew
//! (PROTOCOL.md §6.4).
//!
//! It must not take anything out of the outbox.

use std::collections::BTreeMap;

use fulmar_protocol::{Method, OperationsAnswer, OutcomeStatus, Position};

use super::flights::Flight;
use super::submit::not_applied;
use super::transition::OperationEvent;
use super::{Acting, Outbox, OutboxNews};
use crate::defects::{self, Defect};
use crate::store::state::OperationState;
use crate::store::{Result, log, operations, reading};
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

    /// Nothing of it is taken (PROTOCOL.md §6.4, [M20]): a snapshot of the log that is there may not have come to it, or
    /// the log that it is of is lost. Under their keys the operations go out again, and the log that is followed then
    /// has them or gets them.
    pub(super) fn answered_by_another_log(
        &mut self,
        tx: &mut Tx<'_>,
        flight: &Flight,
        answer: OperationsAnswer,
        acting: Acting<'_>,
    ) -> Result<()> {
        tracing::info!(followed = ?log::position(&tx.db)?.0, log = ?answer.log_id, "an answer of another log");
        self.news.push(OutboxNews::AnotherLog);
        self.deliveries
            .lost(tx, &mut self.timers, &flight.deliveries);
        let all = answer.outcomes.into_iter();
        let said: BTreeMap<_, _> = all.map(|one| (one.operation_key, one.status)).collect();
        for (key, _) in &flight.operations {
            let Some(row) = operations::find(&tx.db, *key)? else {
                continue;
            };
            if row.state != OperationState::InFlight {
                continue;
            }
            let event = match said.get(key) {
                Some(OutcomeStatus::Failed { .. } | OutcomeStatus::Skipped) => not_applied(&row),
                Some(OutcomeStatus::Applied { .. }) | None => OperationEvent::Unanswered,
            };
            self.try_later(tx, &row, event, None, acting)?;
        }
        Ok(())
    }
}

/// A server that names no log is taken to mean the one that is followed.
pub(super) fn is_of_another_log(tx: &Tx<'_>, answer: &OperationsAnswer) -> Result<bool> {
    if defects::active(Defect::BetweenLogs) {
        return Ok(false);
    }
    let (followed, _) = log::position(&tx.db)?;
    Ok(answer.log_id.is_some() && answer.log_id != followed)
}

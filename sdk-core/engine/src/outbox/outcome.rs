//! Outcomes: what the server says became of an operation (PROTOCOL.md §5.3).

use std::collections::{BTreeMap, BTreeSet};

use fulmar_protocol::{
    Code, Conversation, FailureClass, Message, Method, OperationKey, OperationsAnswer, Outcome,
    OutcomeStatus, Problem, Seq, SubmitId,
};

use super::replaced::is_of_another_log;
use super::step::was_deleted_meanwhile;
use super::submit::not_applied;
use super::transition::OperationEvent;
use super::{Acting, Outbox, OutboxNews, REFUSED_KEPT};
use crate::defects::{self, Defect};
use crate::operation;
use crate::outbox::flights::Route;
use crate::store::operations::OperationRow;
use crate::store::state::{FailureReason, OperationState};
use crate::store::{LaneId, Result, conversations, log, messages, operations};
use crate::timer::Timer;
use crate::tx::Tx;

/// How often the files of a message go up again in one process because the server has lost them.
const UPLOADED_AGAIN: u32 = 3;
/// How far an outcome may be ahead of what was followed of the log.
const FARTHEST: u64 = 1_000_000;

impl Outbox {
    pub(crate) fn outcomes_arrived(
        &mut self,
        tx: &mut Tx<'_>,
        submit: SubmitId,
        answer: OperationsAnswer,
        acting: Acting<'_>,
    ) -> Result<()> {
        self.timers.clear(Timer::OutcomeMissing(submit));
        // An outcome that nobody waits for: the submit was taken back meanwhile, and is tried again.
        let Some(flight) = self.flights.end(submit) else {
            return Ok(());
        };
        self.late = 0;
        if is_of_another_log(tx, &answer)? {
            return self.answered_by_another_log(tx, &flight, answer, acting);
        }
        let outcomes = answer.outcomes;
        self.one_by_one = false;
        let (told, timers) = (&flight.deliveries, &mut self.timers);
        if self
            .deliveries
            .answered(tx, timers, told, &outcomes, acting.config)
        {
            self.news.push(OutboxNews::Progress);
        }
        let failed = lanes_of_failed(&flight.operations, &outcomes);
        let mut by_key: BTreeMap<_, _> = outcomes
            .into_iter()
            .map(|outcome| (outcome.operation_key, outcome.status))
            .collect();
        for (key, _) in flight.operations {
            // Gone already: its event came first.
            let Some(row) = operations::find(&tx.db, key)? else {
                continue;
            };
            if row.state != OperationState::InFlight {
                continue;
            }
            let Some(status) = by_key.remove(&key) else {
                self.try_later(tx, &row, OperationEvent::Unanswered, None, acting)?;
                continue;
            };
            match status {
                OutcomeStatus::Applied {
                    message,
                    conversation,
                    seq,
                    ..
                } => self.applied(
                    tx,
                    &row,
                    (message, conversation),
                    plausible(tx, seq)?,
                    acting,
                )?,
                OutcomeStatus::Failed { problem } => {
                    self.failed(tx, &row, problem, flight.route, acting)?;
                }
                OutcomeStatus::Skipped if defects::active(Defect::SkippedIsDone) => {
                    messages::delete_unsent(&tx.db, key)?;
                    self.transition(tx, &row, OperationEvent::Confirmed, None)?;
                }
                OutcomeStatus::Skipped => {
                    self.skipped(tx, &row, failed.contains(&row.lane), acting)?;
                }
            }
        }
        Ok(())
    }

    /// The server has done it, and says what came of it.
    fn applied(
        &mut self,
        tx: &mut Tx<'_>,
        row: &OperationRow,
        (message, conversation): (Option<Box<Message>>, Option<Box<Conversation>>),
        seq: Seq,
        acting: Acting<'_>,
    ) -> Result<()> {
        let unreadable = OperationEvent::Unanswered;
        if let Method::MessageSend(_) = row.method {
            match message {
                Some(message) if is_outcome_of(tx, row, &message)? => {
                    self.message_applied(tx, row, message)
                }
                // Without its position it has no place; the event or another try will tell.
                Some(_) | None => self.try_later(tx, row, unreadable, None, acting),
            }
        } else if let Method::ConversationCreate(_) = row.method {
            let Some(conversation) = conversation else {
                return self.try_later(tx, row, unreadable, None, acting);
            };
            self.transition(tx, row, OperationEvent::Confirmed, None)?;
            self.news.push(OutboxNews::Progress);
            self.news
                .push(OutboxNews::Created(row.lane, conversation, seq));
            Ok(())
        } else {
            self.news.push(OutboxNews::Progress);
            self.acknowledged(tx, row, seq)
        }
    }

    /// It keeps its place behind the one that failed before it in its lane. Where none did, there was no reason
    /// to skip it.
    fn skipped(
        &mut self,
        tx: &mut Tx<'_>,
        row: &OperationRow,
        has_reason: bool,
        acting: Acting<'_>,
    ) -> Result<()> {
        let event = not_applied(row);
        if has_reason {
            self.not_done(tx, row, event)
        } else {
            self.try_later(tx, row, event, None, acting)
        }
    }

    fn failed(
        &mut self,
        tx: &mut Tx<'_>,
        row: &OperationRow,
        problem: Problem,
        route: Route,
        acting: Acting<'_>,
    ) -> Result<()> {
        match problem.code.class() {
            FailureClass::Permanent
                if problem.code == Code::FileNotFound && self.may_upload_again(row) =>
            {
                self.news.push(OutboxNews::FilesMissing(row.operation_key));
                let asked = problem.retry_after_ms;
                // It has looked at it, so no earlier try was applied.
                self.try_later(tx, row, OperationEvent::NotApplied, asked, acting)
            }
            FailureClass::Permanent => {
                self.news.push(OutboxNews::Progress);
                self.refused(tx, row, problem)
            }
            FailureClass::Authentication => {
                if route == Route::Socket {
                    self.news.push(OutboxNews::SocketTokenRejected);
                }
                // The socket stays open, and takes the next token when it is here.
                self.try_later(tx, row, not_applied(row), None, acting)
            }
            FailureClass::Transient => {
                let asked = problem.retry_after_ms;
                self.try_later(tx, row, not_applied(row), asked, acting)
            }
        }
    }

    /// Other reasons to try a message again do not count, however many there were.
    fn may_upload_again(&mut self, row: &OperationRow) -> bool {
        let times = self.files_lost.entry(row.operation_key).or_default();
        *times += 1;
        *times <= UPLOADED_AGAIN
    }

    /// The server has done it. What it changed is in the log up to `seq`; until that is here, the screen shows
    /// it from the outbox.
    fn acknowledged(&mut self, tx: &mut Tx<'_>, row: &OperationRow, seq: Seq) -> Result<()> {
        self.transition(tx, row, OperationEvent::Acknowledged, None)?;
        operations::set_applied_seq(&tx.db, row.operation_key, seq)?;
        self.told_up_to(tx, log::position(&tx.db)?.1)
    }

    fn message_applied(
        &mut self,
        tx: &mut Tx<'_>,
        row: &OperationRow,
        message: Box<Message>,
    ) -> Result<()> {
        self.news.push(OutboxNews::Progress);
        if defects::active(Defect::ForgetAtOutcome) {
            messages::delete_unsent(&tx.db, row.operation_key)?;
        } else {
            self.news.push(OutboxNews::Applied(row.lane, message));
        }
        self.transition(tx, row, OperationEvent::Confirmed, None)
    }

    /// Refused for good. A message or a conversation stays, as failed. Of anything else the effect is gone
    /// from the screen, and the operation stays to be looked at.
    pub(super) fn refused(
        &mut self,
        tx: &mut Tx<'_>,
        row: &OperationRow,
        problem: Problem,
    ) -> Result<()> {
        tracing::warn!(
            operation = %row.operation_key,
            method = row.method.name(),
            code = %problem.code,
            "the server refused an operation"
        );
        if defects::active(Defect::RefusedIsGone) {
            messages::delete_unsent(&tx.db, row.operation_key)?;
            return self.transition(tx, row, OperationEvent::Confirmed, None);
        }
        if let Method::ReceiptUpdate(_) = row.method {
            // Nobody asked for it by hand, so nobody wants to see it failed.
            operations::delete(&tx.db, row.operation_key)?;
            Self::read_as_told(tx, row.lane)?;
            tx.touch(row.lane.conversation());
            return Ok(());
        }
        let holds = operation::of(&row.method).holds_lane();
        if !holds && conversations::is_gone(&tx.db, row.lane.conversation())? {
            operations::delete(&tx.db, row.operation_key)?;
            tx.touch(row.lane.conversation());
            return Ok(());
        }
        if let (Method::MessageDelete(delete), Code::MessageNotFound) = (&row.method, &problem.code)
            && messages::find(&tx.db, delete.message_key)?.is_none()
        {
            // It is neither here nor there, which is what was wanted.
            return self.transition(tx, row, OperationEvent::Confirmed, None);
        }
        let reason = FailureReason::Refused { problem };
        self.transition(tx, row, OperationEvent::Refused, Some(&reason))?;
        if was_deleted_meanwhile(tx, row.operation_key)? {
            // Nobody would see it fail, and nobody wants it any more.
            if let Some(failed) = operations::find(&tx.db, row.operation_key)? {
                self.give_up_message(tx, &failed)?;
            }
            return Ok(());
        }
        operations::trim_refused(&tx.db, REFUSED_KEPT)
    }

    /// It waits in its place, and its lane with it.
    pub(super) fn try_later(
        &mut self,
        tx: &mut Tx<'_>,
        row: &OperationRow,
        event: OperationEvent,
        asked_ms: Option<u64>,
        acting: Acting<'_>,
    ) -> Result<()> {
        self.not_done(tx, row, event)?;
        self.rest_lane(tx, row.lane, row.tries, asked_ms, acting.config)
    }
}

/// The lanes in which something failed.
fn lanes_of_failed(
    operations: &[(OperationKey, LaneId)],
    outcomes: &[Outcome],
) -> BTreeSet<LaneId> {
    let failed: BTreeSet<OperationKey> = outcomes
        .iter()
        .filter(|outcome| match outcome.status {
            OutcomeStatus::Failed { .. } => true,
            OutcomeStatus::Applied { .. } | OutcomeStatus::Skipped => false,
        })
        .map(|outcome| outcome.operation_key)
        .collect();
    let of_failed = operations.iter().filter(|(key, _)| failed.contains(key));
    of_failed.map(|(_, lane)| *lane).collect()
}

/// Whether a message can be what became of an operation.
fn is_outcome_of(tx: &Tx<'_>, row: &OperationRow, message: &Message) -> Result<bool> {
    let place = conversations::find(&tx.db, &message.conversation_id)?;
    Ok(message.operation_key == row.operation_key
        && place == Some(row.lane.conversation())
        && messages::is_plausible(&tx.db, row.lane.conversation(), message)?)
}

/// The log never comes to a number that lies so far beyond what was followed of it: it says nothing then.
fn plausible(tx: &Tx<'_>, seq: Seq) -> Result<Seq> {
    let (_, cursor) = log::position(&tx.db)?;
    let farthest = cursor.0.saturating_add(FARTHEST);
    Ok(if seq.0 <= farthest { seq } else { Seq::ZERO })
}

//! Outcomes: what the server says became of an operation (PROTOCOL.md §5.3).

use std::collections::BTreeMap;

use fulmar_protocol::{
    Code, Conversation, FailureClass, Message, Method, OperationKey, Outcome, OutcomeStatus,
    Position, Problem, Seq, SubmitId,
};

use crate::brain::Route;
use crate::deadline::Why;
use crate::outbox::REFUSED_KEPT;
use crate::outbox::failure::FailureReason;
use crate::outbox::transition::{Happening, State};
use crate::store::operations::OperationRow;
use crate::store::{LaneId, Result, conversations, messages, operations, reading};
use crate::turn::Turn;

/// How often the files of a message go up again because the server has lost them.
const UPLOADED_AGAIN: u32 = 3;

impl Turn<'_> {
    pub(crate) fn outcomes_arrived(
        &mut self,
        submit: SubmitId,
        outcomes: Vec<Outcome>,
    ) -> Result<()> {
        self.brain.deadlines.clear(Why::OutcomeMissing(submit));
        // An outcome that nobody waits for: the submit was returned meanwhile, and is tried again.
        let Some(flight) = self.brain.submits.remove(&submit) else {
            return Ok(());
        };
        self.brain.one_by_one = false;
        self.deliveries_answered(&flight.deliveries);
        let mut by_key: BTreeMap<_, _> = outcomes
            .into_iter()
            .map(|outcome| (outcome.operation_key, outcome.status))
            .collect();
        for (key, _) in flight.operations {
            // Gone already: its event came first.
            let Some(row) = operations::find(&self.db, key)? else {
                continue;
            };
            if row.state != State::InFlight {
                continue;
            }
            match by_key.remove(&key) {
                Some(status) => self.outcome(&row, status, flight.route)?,
                None => self.returned(&row, None)?,
            }
        }
        Ok(())
    }

    fn outcome(&mut self, row: &OperationRow, status: OutcomeStatus, route: Route) -> Result<()> {
        match (status, &row.method) {
            (OutcomeStatus::Applied { message, .. }, Method::MessageSend(_)) => match message {
                Some(message) if message.operation_key == row.operation_key => {
                    self.message_applied(row, &message)
                }
                // Without its position it has no place; the event or another try will tell.
                _ => self.returned(row, None),
            },
            (
                OutcomeStatus::Applied {
                    conversation, seq, ..
                },
                Method::ConversationCreate(_),
            ) => match conversation {
                Some(conversation) => self.conversation_applied(row, &conversation, seq),
                None => self.returned(row, None),
            },
            (OutcomeStatus::Applied { seq, .. }, _) => self.acknowledged(row, seq),
            (OutcomeStatus::Failed { problem }, _) => match problem.code.class() {
                FailureClass::Permanent
                    if problem.code == Code::FileNotFound && row.tries <= UPLOADED_AGAIN =>
                {
                    self.upload_again(row.operation_key)?;
                    self.returned(row, problem.retry_after_ms)
                }
                FailureClass::Permanent => self.refused(row, problem),
                FailureClass::Authentication => {
                    self.submit_token_rejected(route);
                    self.transition(row, Happening::Returned, None)
                }
                FailureClass::Transient => self.returned(row, problem.retry_after_ms),
            },
            // An earlier operation of its lane failed; it keeps its place behind that one.
            (OutcomeStatus::Skipped, _) => self.transition(row, Happening::Returned, None),
        }
    }

    /// The server has done it. What it changed is in the log up to `seq`; until that is here, the
    /// screen shows it from the outbox.
    fn acknowledged(&mut self, row: &OperationRow, seq: Seq) -> Result<()> {
        if seq <= self.brain.account.cursor {
            return self.transition(row, Happening::Confirmed, None);
        }
        self.transition(row, Happening::Acknowledged, None)?;
        operations::set_applied_seq(&self.db, row.operation_key, seq)
    }

    fn message_applied(&mut self, row: &OperationRow, message: &Message) -> Result<()> {
        if crate::defects::active(crate::defects::Defect::ForgetAtOutcome) {
            messages::delete_unsent(&self.db, row.operation_key)?;
            return self.transition(row, Happening::Confirmed, None);
        }
        let own = self.brain.account.user_id.clone();
        messages::upsert_confirmed(&self.db, row.lane, message, own.as_ref())?;
        self.transition(row, Happening::Confirmed, None)
    }

    /// The conversation exists. Its content comes by event; here it only gets its name, or turns out
    /// to be one that is here already.
    fn conversation_applied(
        &mut self,
        row: &OperationRow,
        view: &Conversation,
        seq: Seq,
    ) -> Result<()> {
        self.transition(row, Happening::Confirmed, None)?;
        match conversations::find(&self.db, &view.conversation_id)? {
            Some(real) if real != row.lane => {
                conversations::merge(&self.db, row.lane, real)?;
                self.vanish(row.lane);
                self.touch(real);
            }
            Some(_) => {}
            None => {
                conversations::set_server_id(&self.db, row.lane, &view.conversation_id, seq)?;
            }
        }
        Ok(())
    }

    /// Refused for good. A message or a conversation stays, as failed. Of anything else the effect is
    /// gone from the screen, and the operation stays to be looked at.
    pub(crate) fn refused(&mut self, row: &OperationRow, problem: Problem) -> Result<()> {
        tracing::warn!(
            operation = %row.operation_key,
            method = row.method.name(),
            code = %problem.code,
            "the server refused an operation"
        );
        if let Method::ReceiptUpdate(_) = row.method {
            // Nobody asked for it by hand, so nobody wants to see it failed.
            reading::set_local_read(&self.db, row.lane, Position::ZERO)?;
            operations::delete(&self.db, row.operation_key)?;
            self.touch(row.lane);
            return Ok(());
        }
        let holds = matches!(
            row.method,
            Method::MessageSend(_) | Method::ConversationCreate(_)
        );
        if !holds && conversations::is_gone(&self.db, row.lane)? {
            operations::delete(&self.db, row.operation_key)?;
            self.touch(row.lane);
            return Ok(());
        }
        let reason = FailureReason::Refused { problem };
        self.transition(row, Happening::Refused, Some(&reason))?;
        if self.was_deleted_meanwhile(row.operation_key)? {
            // Nobody would see it fail, and nobody wants it any more.
            if let Some(failed) = operations::find(&self.db, row.operation_key)? {
                self.transition(&failed, Happening::Discarded, None)?;
                self.drop_unsent(row.operation_key)?;
            }
            return Ok(());
        }
        operations::trim_refused(&self.db, REFUSED_KEPT)
    }

    /// Whether the user has deleted a message that was on its way.
    fn was_deleted_meanwhile(&self, message: OperationKey) -> Result<bool> {
        let waiting = operations::about_message(&self.db, message)?;
        Ok(waiting.iter().any(|row| {
            matches!(
                row.method,
                Method::MessageDelete(_) | Method::MessageHide(_)
            )
        }))
    }

    fn returned(&mut self, row: &OperationRow, asked_ms: Option<u64>) -> Result<()> {
        self.transition(row, Happening::Returned, None)?;
        let lane: LaneId = row.lane;
        self.rest_lane(lane, row.tries, asked_ms);
        Ok(())
    }
}

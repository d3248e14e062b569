//! Submits that were refused as a whole: who is to blame, and who waits (PROTOCOL.md §8.1).

use fulmar_protocol::{Code, FailureClass, OperationKey, Problem, SubmitId};

use super::flights::Route;
use super::transition::OperationEvent;
use super::{Outbox, OutboxNews};
use crate::config::Config;
use crate::operation;
use crate::store::operations::OperationRow;
use crate::store::state::FailureReason;
use crate::store::{LaneId, Result, operations, server};
use crate::timer::Timer;
use crate::tx::Tx;

impl Outbox {
    /// A whole submit was not served. `None`: it was lost, or something answered that is not the protocol.
    pub(crate) fn submit_refused(
        &mut self,
        tx: &mut Tx<'_>,
        submit: SubmitId,
        problem: Option<&Problem>,
        config: &Config,
    ) -> Result<()> {
        let class = problem.map_or(FailureClass::Transient, |problem| problem.code.class());
        let Some(flight) = self.flights.get(submit) else {
            return Ok(());
        };
        let operations = flight.operations.clone();
        if let Some(problem) = problem
            && problem.code == Code::SubmitOvertaken
        {
            if let Some(taken) = problem.order {
                server::goes_on_behind(&tx.db, taken)?;
            }
            // It came twice, and what the first copy did was not answered; or the store is older than the submits.
            return self.take_back_to_rest(tx, submit, &operations, None, config);
        }
        match class {
            FailureClass::Permanent => {
                if let Some(problem) = problem
                    && self.blame(tx, submit, problem)?
                {
                    return Ok(());
                }
                self.one_by_one = true;
                self.take_back(tx, submit, problem)?;
            }
            FailureClass::Authentication if flight.route != Route::Socket => {
                // Nothing goes over HTTP until there is another token.
                self.take_back(tx, submit, problem)?;
            }
            FailureClass::Authentication => {
                self.news.push(OutboxNews::SocketTokenRejected);
                self.take_back_to_rest(tx, submit, &operations, problem, config)?;
            }
            FailureClass::Transient => {
                self.take_back_to_rest(tx, submit, &operations, problem, config)?;
            }
        }
        Ok(())
    }

    /// The same for one that would come to the same at once: its lanes wait.
    fn take_back_to_rest(
        &mut self,
        tx: &mut Tx<'_>,
        submit: SubmitId,
        operations: &[(OperationKey, LaneId)],
        problem: Option<&Problem>,
        config: &Config,
    ) -> Result<()> {
        let asked = problem.and_then(|problem| problem.retry_after_ms);
        let tries = tries_of(tx, operations)?;
        self.take_back(tx, submit, problem)?;
        for (_, lane) in operations {
            self.rest_lane(tx, *lane, tries, asked, config)?;
        }
        if operations.is_empty() {
            self.deliveries.rest(tx, &mut self.timers, asked, config);
        }
        Ok(())
    }

    /// A permanent problem says nothing about which operation is to blame, unless there was only one
    /// (PROTOCOL.md §8.1). Returns whether nothing more is to be done about the refusal.
    fn blame(&mut self, tx: &mut Tx<'_>, submit: SubmitId, problem: &Problem) -> Result<bool> {
        let Some(flight) = self.flights.get(submit) else {
            return Ok(true);
        };
        match (flight.operations.as_slice(), flight.deliveries.as_slice()) {
            ([(key, _)], []) => {
                let key = *key;
                self.timers.clear(Timer::OutcomeMissing(submit));
                self.flights.end(submit);
                if let Some(row) = operations::find(&tx.db, key)? {
                    self.refused_unseen(tx, &row, problem)?;
                }
            }
            ([], [_]) => {
                // The log does not tell of it, and nobody asked for it: it is not told again.
                self.timers.clear(Timer::OutcomeMissing(submit));
                self.flights.end(submit);
            }
            (_, _) => return Ok(false),
        }
        // The culprit is found: the others go together again.
        self.one_by_one = false;
        self.news.push(OutboxNews::Progress);
        Ok(true)
    }

    /// The submit of this one operation was refused as a whole, so it was not looked at. An earlier submit that went
    /// without an answer may have applied it (PROTOCOL.md §3.7): then nobody can say what became of it.
    fn refused_unseen(
        &mut self,
        tx: &mut Tx<'_>,
        row: &OperationRow,
        problem: &Problem,
    ) -> Result<()> {
        let certain = row.unanswered == 0 || operation::of(&row.method).is_repeatable();
        if certain {
            return self.refused(tx, row, problem.clone());
        }
        let reason = FailureReason::OutcomeUnknown;
        self.transition(tx, row, OperationEvent::Refused, Some(&reason))
    }
}

fn tries_of(tx: &Tx<'_>, keys: &[(OperationKey, LaneId)]) -> Result<u32> {
    let mut tries = 1;
    for (key, _) in keys {
        if let Some(row) = operations::find(&tx.db, *key)? {
            tries = tries.max(row.tries);
        }
    }
    Ok(tries)
}

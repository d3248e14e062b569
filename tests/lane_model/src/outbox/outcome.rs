//! What an outcome makes of the rows. Never says that a message is not at the server while an earlier submit of it
//! may have been applied.

use super::Outbox;
use super::row::State;
use crate::message::{Number, Numbers, Operation, Operations};
use crate::mistake::Mistake;
use crate::server::{Failure, Results};

impl Outbox {
    /// The outcome of the submit that is under way. Returns the messages that were applied. What was confirmed
    /// meanwhile has no row any more.
    pub(crate) fn outcome(
        &mut self,
        operations: Operations,
        results: Results,
        mistake: Option<Mistake>,
    ) -> Numbers {
        self.is_under_way = false;
        let mut applied = Numbers::default();
        for operation in operations.iter() {
            let failure = results
                .failed
                .and_then(|(failed, how)| (failed == operation).then_some(how));
            let is_applied = results.applied.contains(operation);
            match operation {
                Operation::Send(number) => {
                    let is_in_flight = self
                        .row(number)
                        .is_some_and(|row| row.state == State::InFlight);
                    if is_in_flight && is_applied {
                        self.confirmed(number);
                        applied.insert(number);
                    } else if is_in_flight {
                        self.not_applied(number, failure, mistake);
                    }
                }
                // What is not there needs no deletion.
                Operation::Delete(number) if is_applied || failure == Some(Failure::Refused) => {
                    self.deleted(number);
                }
                Operation::Delete(_) => {}
            }
        }
        applied
    }

    /// Refused, or not done this time (`Deferred`, or skipped). An earlier submit that had no outcome may still
    /// have done it, but not when the server has looked and refused it.
    fn not_applied(&mut self, number: Number, failure: Option<Failure>, mistake: Option<Mistake>) {
        let is_deleted = self.deletions.contains(number);
        let Some(row) = self.row_mut(number) else {
            return;
        };
        let forgets = mistake == Some(Mistake::ATransientRefusalEndsTheDoubt);
        let may_be_there = match failure {
            Some(Failure::Refused) => false,
            Some(Failure::RefusedUnseen) => {
                row.is_unanswered && mistake != Some(Mistake::AWholeRefusalEndsTheDoubt)
            }
            Some(Failure::Deferred) | None => row.is_unanswered && !forgets,
        };
        row.set(match failure {
            Some(Failure::RefusedUnseen) if may_be_there => State::OutcomeUnknown,
            Some(Failure::Refused | Failure::RefusedUnseen) => State::Refused,
            Some(Failure::Deferred) | None if may_be_there => State::Unconfirmed,
            Some(Failure::Deferred) | None => State::Queued,
        });
        row.is_unanswered = may_be_there;
        if is_deleted && !may_be_there {
            self.give_up(number);
        }
    }
}

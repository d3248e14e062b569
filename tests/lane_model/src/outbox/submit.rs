//! What goes out with a submit. Never takes a message that stands behind one that holds the lane.

use super::Outbox;
use super::row::State;
use crate::message::{Operation, Operations, numbers};
use crate::mistake::Mistake;

impl Outbox {
    /// Takes what may go out, in order, and marks it in flight. What is in doubt and older than the retention stops
    /// instead, and its lane with it. `None`: nothing changes.
    pub(crate) fn submit(&mut self, mistake: Option<Mistake>) -> Option<Operations> {
        if self.is_under_way && mistake != Some(Mistake::TwoSubmitsAreUnderWay) {
            return None;
        }
        let mut taken = Operations::default();
        let mut has_stopped = false;
        let overtakes = mistake == Some(Mistake::ALaterMessageOvertakes) && self.has_queued();
        for number in numbers() {
            let Some(row) = self.row_mut(number) else {
                continue;
            };
            match row.state {
                State::Queued => taken.insert(Operation::Send(number)),
                State::Unconfirmed if overtakes => {}
                State::Unconfirmed if row.is_outdated => {
                    row.set(State::OutcomeUnknown);
                    row.is_outdated = false;
                    has_stopped = true;
                    break;
                }
                State::Unconfirmed => {
                    taken.insert(Operation::Send(number));
                    if row.is_fresh {
                        taken.set_fresh(number);
                    }
                }
                State::InFlight => {}
                State::Refused | State::OutcomeUnknown => {
                    if mistake != Some(Mistake::ARefusedMessageHoldsNobody) {
                        break;
                    }
                }
            }
        }
        for number in self.deletions.iter() {
            match self.row(number).map(|row| row.state) {
                Some(State::Refused | State::OutcomeUnknown) => {}
                Some(State::Queued | State::InFlight | State::Unconfirmed) | None => {
                    taken.insert(Operation::Delete(number));
                }
            }
        }
        self.depart(taken, mistake);
        (has_stopped || !taken.is_empty()).then_some(taken)
    }

    fn has_queued(&self) -> bool {
        let rows = self.rows.iter().flatten();
        rows.into_iter().any(|row| row.state == State::Queued)
    }

    fn depart(&mut self, taken: Operations, mistake: Option<Mistake>) {
        if taken.is_empty() {
            return;
        }
        self.is_under_way = true;
        for number in taken.sends().iter() {
            if mistake == Some(Mistake::AMessageIsDroppedWhenSent) {
                self.delete_row(number);
            } else if let Some(row) = self.row_mut(number) {
                row.set(State::InFlight);
            }
        }
    }
}

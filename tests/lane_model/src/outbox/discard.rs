//! What the app says about a message that is not known to be at the server: try it again, or discard it. Never
//! tells the app that a message is gone that may be at the server.

use super::Outbox;
use super::row::State;
use crate::message::Number;
use crate::mistake::Mistake;

/// What the app does with a message that it discards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Discarded {
    /// It is in no store any more.
    Gone,
    /// It may be at the server: a `message.delete` goes behind it.
    DeletedBehind,
}

impl Outbox {
    /// The app tries a failed message again, under the same key. Returns whether it can.
    pub(crate) fn retry(&mut self, number: Number) -> bool {
        let Some(row) = self.row_mut(number) else {
            return false;
        };
        match row.state {
            State::Refused => row.set(State::Queued),
            State::OutcomeUnknown => row.set(State::Unconfirmed),
            State::Queued | State::InFlight | State::Unconfirmed => return false,
        }
        true
    }

    /// The app discards a message. Returns whether it can.
    pub(crate) fn discard(
        &mut self,
        number: Number,
        how: Discarded,
        mistake: Option<Mistake>,
    ) -> bool {
        let Some(state) = self.row(number).map(|row| row.state) else {
            return false;
        };
        match (state, how) {
            (State::Queued | State::Refused, Discarded::Gone) => self.give_up(number),
            (State::InFlight | State::Unconfirmed, Discarded::Gone) => {
                if mistake != Some(Mistake::ADiscardForgetsAtOnce) {
                    return false;
                }
                self.give_up(number);
            }
            (State::InFlight | State::Unconfirmed, Discarded::DeletedBehind) => {
                if self.deletions.contains(number) {
                    return false;
                }
                self.deletions.insert(number);
            }
            (State::OutcomeUnknown, Discarded::Gone | Discarded::DeletedBehind) => {
                self.delete_row(number);
                self.told.given_up.insert(number);
                if how == Discarded::DeletedBehind {
                    self.deletions.insert(number);
                }
            }
            (State::Queued | State::Refused, Discarded::DeletedBehind) => return false,
        }
        true
    }
}

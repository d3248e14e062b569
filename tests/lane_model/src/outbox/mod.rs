//! The outbox of a device: one lane, its rows, and what the app was told of them. Rows are in the durable store;
//! only whether a submit is under way is in memory. Never gives up a message by itself, but one that the user has
//! deleted meanwhile and that is certainly not at the server.

mod discard;
mod outcome;
mod row;
mod submit;

pub(crate) use discard::Discarded;
use row::{Row, State};

use crate::message::{MOST_MESSAGES, Number, Numbers, numbers};
use crate::mistake::Mistake;

/// What the app was told of its messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Told {
    /// How many are durable.
    durable: Number,
    /// Discarded: they are not at the server, and never will be.
    gone: Numbers,
    /// Discarded although nobody can say whether they are at the server.
    given_up: Numbers,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Outbox {
    rows: [Option<Row>; MOST_MESSAGES],
    /// The messages behind which a `message.delete` waits or is under way.
    deletions: Numbers,
    told: Told,
    /// Whether an outcome is waited for. In memory.
    is_under_way: bool,
}

impl Outbox {
    fn row(&self, number: Number) -> Option<&Row> {
        self.rows.get(usize::from(number)).and_then(Option::as_ref)
    }

    fn row_mut(&mut self, number: Number) -> Option<&mut Row> {
        self.rows
            .get_mut(usize::from(number))
            .and_then(Option::as_mut)
    }

    fn delete_row(&mut self, number: Number) {
        if let Some(row) = self.rows.get_mut(usize::from(number)) {
            *row = None;
        }
    }

    /// How many messages the app was told to be durable.
    pub(crate) fn durable(&self) -> Number {
        self.told.durable
    }

    pub(crate) fn is_under_way(&self) -> bool {
        self.is_under_way
    }

    pub(crate) fn has(&self, number: Number) -> bool {
        self.row(number).is_some()
    }

    /// What the screen shows of the lane: not what the user has deleted.
    pub(crate) fn shown(&self) -> impl Iterator<Item = Number> {
        numbers().filter(|number| self.has(*number) && !self.deletions.contains(*number))
    }

    pub(crate) fn is_gone(&self, number: Number) -> bool {
        self.told.gone.contains(number)
    }

    pub(crate) fn is_given_up(&self, number: Number) -> bool {
        self.told.given_up.contains(number)
    }

    pub(crate) fn is_outcome_unknown(&self, number: Number) -> bool {
        self.row(number)
            .is_some_and(|row| row.state == State::OutcomeUnknown)
    }

    /// Whether nothing waits and nothing is under way.
    pub(crate) fn is_drained(&self) -> bool {
        !self.is_under_way && self.deletions.is_empty() && self.rows.iter().all(Option::is_none)
    }

    /// The app hands over its next message; it is in the store before the app is told.
    pub(crate) fn hand_over(&mut self) {
        let next = self.told.durable;
        if let Some(row) = self.rows.get_mut(usize::from(next)) {
            *row = Some(Row::queued());
            self.told.durable += 1;
        }
    }

    /// The server has this message, by outcome, event or snapshot: its row is needed no more.
    pub(crate) fn confirmed(&mut self, number: Number) {
        self.delete_row(number);
    }

    /// The log says that a message is deleted.
    pub(crate) fn deleted(&mut self, number: Number) {
        self.deletions.remove(number);
    }

    /// It is certainly not at the server.
    fn give_up(&mut self, number: Number) {
        self.delete_row(number);
        self.deletions.remove(number);
        self.told.gone.insert(number);
    }

    /// The connection is lost: what was under way has no outcome.
    pub(crate) fn broken(&mut self, mistake: Option<Mistake>) {
        self.is_under_way = false;
        for row in self.rows.iter_mut().flatten() {
            if row.state == State::InFlight {
                row.unanswered(mistake);
            }
        }
    }

    /// The process begins again from its store.
    pub(crate) fn restarted(&mut self, mistake: Option<Mistake>) {
        if mistake == Some(Mistake::ARestartForgetsWhatWasInFlight) {
            for row in self.rows.iter_mut().flatten() {
                if row.state == State::InFlight {
                    row.set(State::Queued);
                }
            }
        }
        self.broken(mistake);
    }

    /// The retention of keys is over.
    pub(crate) fn retention_over(&mut self) {
        for row in self.rows.iter_mut().flatten() {
            row.is_outdated = row.state == State::Unconfirmed;
        }
    }

    /// A snapshot replaces what the server said, and keeps what is unsent.
    pub(crate) fn snapshot(&mut self, mistake: Option<Mistake>) {
        if mistake == Some(Mistake::ASnapshotForgetsWhatIsUnsent) {
            self.rows = Default::default();
        }
    }
}

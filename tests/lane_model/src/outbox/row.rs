//! One row of an outbox. Knows nothing of its lane.

use crate::mistake::Mistake;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum State {
    Queued,
    InFlight,
    /// A submit had no outcome: it may have been applied.
    Unconfirmed,
    /// Refused for good: it holds the lane until the app tries it again or discards it.
    Refused,
    /// It may have been applied, and is not tried again by itself: it is older than the retention of keys
    /// (PROTOCOL.md §5.1, M13), or was refused without being looked at. It holds the lane.
    OutcomeUnknown,
}

/// What the store has of a message that is not known to be at the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Row {
    pub(super) state: State,
    /// An earlier submit had no outcome.
    pub(super) is_unanswered: bool,
    /// Its last try is older than the retention of keys.
    pub(super) is_outdated: bool,
    /// It goes out under a second key. Never, but by mistake.
    pub(super) is_fresh: bool,
}

impl Row {
    /// A message that the app has just handed over.
    pub(super) fn queued() -> Self {
        Self {
            state: State::Queued,
            is_unanswered: false,
            is_outdated: false,
            is_fresh: false,
        }
    }

    pub(super) fn set(&mut self, state: State) {
        self.state = state;
    }

    /// The submit that it went with gets no outcome.
    pub(super) fn unanswered(&mut self, mistake: Option<Mistake>) {
        self.state = State::Unconfirmed;
        self.is_unanswered = true;
        if mistake == Some(Mistake::EachTryHasAFreshKey) {
            self.is_fresh = true;
        }
    }
}

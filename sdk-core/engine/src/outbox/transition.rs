//! The one table of what an operation can be and become. Nothing else changes a state.

use std::fmt;

/// Where an operation of the outbox stands. An applied operation has no row any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OperationState {
    /// Waits for its turn.
    Queued,
    /// Was handed to the network; nobody knows whether it arrived.
    InFlight,
    /// The server has done it; the log has not told of it yet, so the screen still shows it from
    /// here.
    Applied,
    /// Was refused for good, or is too old to be tried without the app's word.
    Failed,
}

/// What can happen to an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happening {
    /// It goes out with a submit.
    Submitted,
    /// The server has it, and so has this store: by outcome or by event.
    Confirmed,
    /// The server has done it; its events are still to come.
    Acknowledged,
    /// The server refused it, or a file of it, with a permanent code.
    Refused,
    /// The submit was lost, timed out, or came back with something transient.
    Returned,
    /// It is older than the server's memory of keys.
    Outdated,
    /// The app wants it tried again.
    Retried,
    /// The app gives it up.
    Discarded,
}

/// What becomes of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// It has this state.
    Is(State),
    /// It is gone.
    Gone,
    /// That cannot happen in this state; the row stays as it is.
    Illegal,
}

/// Its name inside the outbox.
pub(crate) use OperationState as State;

impl OperationState {
    pub(crate) fn after(self, happening: Happening) -> Next {
        use Happening::{
            Acknowledged, Confirmed, Discarded, Outdated, Refused, Retried, Returned, Submitted,
        };
        use State::{Applied, Failed, InFlight, Queued};
        match (self, happening) {
            // A confirmation is the truth, whatever was believed before.
            (_, Confirmed) => Next::Gone,
            (Queued, Submitted) => Next::Is(InFlight),
            // Refused before it went out: a file that goes with it was.
            (Queued, Outdated | Refused) => Next::Is(Failed),
            (InFlight, Acknowledged) => Next::Is(Applied),
            (InFlight, Refused) => Next::Is(Failed),
            (InFlight, Returned) => Next::Is(Queued),
            (Failed, Retried) => Next::Is(Queued),
            // What is in flight may be applied at this moment: it cannot be taken back.
            (Queued | Failed, Discarded) => Next::Gone,
            (Queued, Acknowledged | Returned | Retried)
            | (InFlight, Submitted | Outdated | Retried | Discarded)
            | (Applied, _)
            | (Failed, Submitted | Acknowledged | Refused | Returned | Outdated) => Next::Illegal,
        }
    }

    /// As the store writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InFlight => "in_flight",
            Self::Applied => "applied",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Queued, Self::InFlight, Self::Applied, Self::Failed]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

impl fmt::Display for OperationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Queued => "queued",
            Self::InFlight => "in flight",
            Self::Applied => "applied",
            Self::Failed => "failed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Happening::{
        Acknowledged, Confirmed, Discarded, Outdated, Refused, Retried, Returned, Submitted,
    };
    use super::Next::{Gone, Illegal, Is};
    use super::State::{Applied, Failed, InFlight, Queued};

    #[test]
    fn every_state_and_happening() {
        let happenings = [
            Submitted,
            Confirmed,
            Acknowledged,
            Refused,
            Returned,
            Outdated,
            Retried,
            Discarded,
        ];
        #[rustfmt::skip]
        let table = [
            //         Submitted     Confirmed Acknowledged Refused     Returned    Outdated    Retried     Discarded
            (Queued,   [Is(InFlight), Gone,    Illegal,     Is(Failed),   Illegal,    Is(Failed), Illegal,    Gone]),
            (InFlight, [Illegal,      Gone,    Is(Applied), Is(Failed), Is(Queued), Illegal,    Illegal,    Illegal]),
            (Applied,  [Illegal,      Gone,    Illegal,     Illegal,    Illegal,    Illegal,    Illegal,    Illegal]),
            (Failed,   [Illegal,      Gone,    Illegal,     Illegal,    Illegal,    Illegal,    Is(Queued), Gone]),
        ];
        for (state, row) in table {
            for (happening, next) in happenings.into_iter().zip(row) {
                assert_eq!(state.after(happening), next, "{state:?} + {happening:?}");
            }
            assert_eq!(super::State::from_name(state.name()), Some(state));
        }
    }
}

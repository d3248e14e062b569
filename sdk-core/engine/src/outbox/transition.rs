//! The one table of what an operation can be and become. Nothing else changes a state.

use crate::store::state::OperationState as State;

/// What can happen to an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OperationEvent {
    /// It goes out with a submit.
    Submitted,
    /// The server has it, and so has this store: by outcome or by event.
    Confirmed,
    /// The server has done it; its events are still to come.
    Acknowledged,
    /// The server refused it, or a file of it, with a permanent code.
    Refused,
    /// The submit has no answer, or one that says nothing of it: it may have been applied.
    Unanswered,
    /// The server said that it did not do it this time, and no earlier submit of it went without an answer.
    NotApplied,
    /// It may have been applied, and is older than the server's memory of keys.
    Outdated,
    /// The message in whose thread it was to be is certainly not at the server, and was given up.
    RootGivenUp,
    /// The app wants it tried again; it has certainly not been applied.
    Retried,
    /// The app wants it tried again, although it may have been applied.
    RetriedInDoubt,
    /// The app gives it up.
    Discarded,
}

/// What becomes of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// It has this state.
    To(State),
    /// The row is deleted.
    Deleted,
    /// That cannot happen in this state; the row stays as it is.
    Illegal,
}

/// One step of the table.
pub(crate) fn after(state: State, event: OperationEvent) -> Next {
    use Next::{Deleted, Illegal, To};
    use OperationEvent::{
        Acknowledged, Confirmed, Discarded, NotApplied, Outdated, Refused, Retried, RetriedInDoubt,
        RootGivenUp, Submitted, Unanswered,
    };
    use State::{Applied, Failed, InFlight, Queued, Unconfirmed};
    match (state, event) {
        // A confirmation is the truth, whatever was believed before.
        (_, Confirmed) => Deleted,
        (Queued | Unconfirmed, Submitted) => To(InFlight),
        // Refused before it went out: a file that goes with it was.
        (Queued, Refused) => To(Failed),
        (Unconfirmed, Outdated) => To(Failed),
        // Without its root it cannot have been applied, whatever was believed before.
        (Queued | Unconfirmed | Failed, RootGivenUp) => To(Failed),
        (InFlight, Acknowledged) => To(Applied),
        (InFlight, Refused) => To(Failed),
        (InFlight, Unanswered) => To(Unconfirmed),
        (InFlight, NotApplied) => To(Queued),
        (Failed, Retried) => To(Queued),
        (Failed, RetriedInDoubt) => To(Unconfirmed),
        // What may be applied cannot be taken back.
        (Queued | Failed, Discarded) => Deleted,
        (Queued, Acknowledged | Unanswered | NotApplied | Outdated | Retried | RetriedInDoubt)
        | (InFlight, Submitted | Outdated | RootGivenUp | Retried | RetriedInDoubt | Discarded)
        | (
            Unconfirmed,
            Acknowledged | Refused | Unanswered | NotApplied | Retried | RetriedInDoubt | Discarded,
        )
        | (
            Applied,
            Submitted | Acknowledged | Refused | Unanswered | NotApplied | Outdated | RootGivenUp
            | Retried | RetriedInDoubt | Discarded,
        )
        | (Failed, Submitted | Acknowledged | Refused | Unanswered | NotApplied | Outdated) => {
            Illegal
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Next::{Deleted as Gone, Illegal as No, To};
    use super::OperationEvent::{
        Acknowledged, Confirmed, Discarded, NotApplied, Outdated, Refused, Retried, RetriedInDoubt,
        RootGivenUp, Submitted, Unanswered,
    };
    use super::State::{Applied, Failed, InFlight, Queued, Unconfirmed};
    use super::{OperationEvent, State, after};
    use crate::testing::every;

    #[test]
    fn every_state_and_event() {
        let events = every!(OperationEvent {
            Submitted => [Submitted],
            Confirmed => [Confirmed],
            Acknowledged => [Acknowledged],
            Refused => [Refused],
            Unanswered => [Unanswered],
            NotApplied => [NotApplied],
            Outdated => [Outdated],
            Retried => [Retried],
            RetriedInDoubt => [RetriedInDoubt],
            Discarded => [Discarded],
            RootGivenUp => [RootGivenUp],
        });
        let (fly, doubt, fail) = (To(InFlight), To(Unconfirmed), To(Failed));
        #[rustfmt::skip]
        let table = [
            //            Submitted Confirmed Acknowl.     Refused Unansw. NotApplied  Outdated Retried     InDoubt Discarded RootGiven
            (Queued,      [fly,     Gone,     No,          fail,   No,     No,         No,      No,         No,     Gone,     fail]),
            (InFlight,    [No,      Gone,     To(Applied), fail,   doubt,  To(Queued), No,      No,         No,     No,       No]),
            (Unconfirmed, [fly,     Gone,     No,          No,     No,     No,         fail,    No,         No,     No,       fail]),
            (Applied,     [No,      Gone,     No,          No,     No,     No,         No,      No,         No,     No,       No]),
            (Failed,      [No,      Gone,     No,          No,     No,     No,         No,      To(Queued), doubt,  Gone,     fail]),
        ];
        assert_eq!(table.map(|(state, _)| state), State::all());
        for (state, row) in table {
            assert_eq!(row.len(), events.len());
            for (event, next) in events.into_iter().zip(row) {
                assert_eq!(after(state, event), next, "{state:?} + {event:?}");
            }
        }
    }
}

//! Every state of a follower and everything that can happen in it: what is left, what others are told, and
//! that it ends well.

use fulmar_protocol::{Answer, Seq};

use super::states::{Input, State, answer, bring, inputs, said, states};
use super::{Follower, honest, log_id};
use crate::io::RequestId;
use crate::sync::Fetch;
use crate::testing::answers::{every_answer, every_failure};
use crate::testing::server::unreachable;

/// What inputs have in common.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// The socket says how its log goes on.
    Socket,
    /// What it says of the log that is followed here.
    Live,
    Hint,
    Reconcile,
    Page,
    Snapshot,
    Failure,
}

fn kind(input: Input) -> Kind {
    match input {
        Input::Connected
        | Input::ConnectedToAnotherLog
        | Input::Reset
        | Input::ResetToAnotherLog => Kind::Socket,
        Input::OldEvents
        | Input::NextEvents
        | Input::EventsBehindAHole
        | Input::HeadBehind
        | Input::HeadAhead => Kind::Live,
        Input::SocketLost | Input::MayBeMissing | Input::RetryNow => Kind::Hint,
        Input::Reconcile | Input::ReconcileLater | Input::ReconcileWithoutToken => Kind::Reconcile,
        Input::Page | Input::PageOfAnotherLog | Input::EmptyPage | Input::PageWithAHole => {
            Kind::Page
        }
        Input::Snapshot | Input::OldSnapshot | Input::SnapshotOfAnotherLog => Kind::Snapshot,
        Input::ResetAnswer
        | Input::Refused
        | Input::TokenRefused
        | Input::Unreachable
        | Input::OtherAnswer => Kind::Failure,
    }
}

/// The table: the state as `Follower::state` tells it, or a dot where it stays; behind it what is told.
fn after(state: State, input: Input) -> &'static str {
    match state {
        State::New | State::FetchingTheFirst => without_a_log(state, input),
        State::Current | State::WithoutSocket | State::OtherSocket => current(state, input),
        State::Behind | State::Resting => behind(state, input),
        State::FetchingEvents => fetching_events(input),
        State::Replaced | State::ReplacedResting => replaced(state, input),
        State::FetchingSnapshot => fetching_a_snapshot(input),
        State::FetchingInVain => fetching_in_vain(input),
    }
}
fn without_a_log(state: State, input: Input) -> &'static str {
    use Input::{
        Connected, ConnectedToAnotherLog, MayBeMissing, OldSnapshot, Snapshot,
        SnapshotOfAnotherLog, TokenRefused,
    };
    match (state, input, kind(input)) {
        (State::FetchingTheFirst, Connected | ConnectedToAnotherLog, _) => ". +deliveries",
        (State::FetchingTheFirst, Snapshot, _) => "a6 +progress +deliveries",
        (State::FetchingTheFirst, OldSnapshot, _) => "a2 +progress +deliveries",
        (State::FetchingTheFirst, SnapshotOfAnotherLog, _) => "b2 +progress +deliveries",
        (State::FetchingTheFirst, TokenRefused, _) => "0 -all",
        (State::FetchingTheFirst, _, Kind::Page | Kind::Snapshot | Kind::Failure) => "0 -all waits",
        (State::FetchingTheFirst, _, _) => ".",
        (_, Connected | ConnectedToAnotherLog, _) => "0 -all +deliveries",
        (_, _, Kind::Socket) => "0 -all",
        (_, MayBeMissing, _) => "0 -events",
        (_, _, Kind::Live | Kind::Hint | Kind::Reconcile) => ".",
        (_, _, Kind::Page | Kind::Snapshot | Kind::Failure) => ".",
    }
}

/// Nothing is asked: what comes back is nobody's.
fn current(state: State, input: Input) -> &'static str {
    use Input::{
        Connected, ConnectedToAnotherLog, EventsBehindAHole, HeadAhead, MayBeMissing, NextEvents,
    };
    match (state, input, kind(input)) {
        // The server sends what was missed by itself.
        (_, Connected, _) => "a3 -? +deliveries",
        (_, ConnectedToAnotherLog, _) => "a3 -all +deliveries",
        (_, _, Kind::Socket) => "a3 -all",
        (_, MayBeMissing, _) => "a3 -events",
        (State::Current, NextEvents, _) => "a5 +progress",
        (State::Current, EventsBehindAHole | HeadAhead, _) => "a3 -events",
        // Without a socket of this log, or with nothing new.
        (_, _, Kind::Live | Kind::Hint | Kind::Reconcile) => ".",
        (_, _, Kind::Page | Kind::Snapshot | Kind::Failure) => ".",
    }
}

fn behind(state: State, input: Input) -> &'static str {
    use Input::{Connected, ConnectedToAnotherLog, Reconcile, ReconcileLater, RetryNow};
    match (state, input, kind(input)) {
        (_, Connected, _) => ". +deliveries",
        (State::Resting, ConnectedToAnotherLog, _) => "a3 -all waits +deliveries",
        (_, ConnectedToAnotherLog, _) => "a3 -all +deliveries",
        (State::Resting, _, Kind::Socket) => "a3 -all waits",
        (_, _, Kind::Socket) => "a3 -all",
        (State::Resting, RetryNow, _) => "a3 -events",
        (State::Resting, _, Kind::Reconcile) => ".",
        (_, Reconcile, _) => "a3 -events ?page",
        (_, ReconcileLater, _) => "a3 -events waits",
        (_, _, Kind::Live | Kind::Hint | Kind::Reconcile) => ".",
        (_, _, Kind::Page | Kind::Snapshot | Kind::Failure) => ".",
    }
}

fn fetching_events(input: Input) -> &'static str {
    use Input::{
        Connected, ConnectedToAnotherLog, EmptyPage, Page, PageOfAnotherLog, PageWithAHole,
        ResetAnswer, TokenRefused,
    };
    match (input, kind(input)) {
        (Connected, _) => ". +deliveries",
        (ConnectedToAnotherLog, _) => "a3 -all ?page +deliveries",
        (_, Kind::Socket) => "a3 -all ?page",
        (Page, _) => "a6 +progress",
        (PageWithAHole, _) => "a4 -events waits +progress",
        (EmptyPage, _) => "a3",
        // A snapshot is another question, and is asked at once.
        (PageOfAnotherLog | ResetAnswer, _) => "a3 -all",
        (TokenRefused, _) => "a3 -events",
        (_, Kind::Page | Kind::Snapshot | Kind::Failure) => "a3 -events waits",
        (_, Kind::Live | Kind::Hint | Kind::Reconcile) => ".",
    }
}

fn replaced(state: State, input: Input) -> &'static str {
    use Input::{Connected, ConnectedToAnotherLog, Reconcile, ReconcileLater, RetryNow};
    match (state, input, kind(input)) {
        (_, Connected | ConnectedToAnotherLog, _) => ". +deliveries",
        (State::ReplacedResting, RetryNow, _) => "a3 -all",
        (State::ReplacedResting, _, Kind::Reconcile) => ".",
        (_, Reconcile, _) => "a3 -all ?snapshot",
        (_, ReconcileLater, _) => "a3 -all waits",
        (_, _, Kind::Socket | Kind::Live | Kind::Hint | Kind::Reconcile) => ".",
        (_, _, Kind::Page | Kind::Snapshot | Kind::Failure) => ".",
    }
}

fn fetching_a_snapshot(input: Input) -> &'static str {
    use Input::{
        Connected, ConnectedToAnotherLog, OldSnapshot, Snapshot, SnapshotOfAnotherLog, TokenRefused,
    };
    match (input, kind(input)) {
        (Connected | ConnectedToAnotherLog, _) => ". +deliveries",
        (Snapshot, _) => "a6 +progress +deliveries",
        // From a replica that is behind: the socket has said that there is more.
        (OldSnapshot, _) => "a2 -events waits +deliveries",
        // The socket follows a log that is not this one any more.
        (SnapshotOfAnotherLog, _) => "b2 waits +pages +otherLog +deliveries",
        (TokenRefused, _) => "a3 -all",
        (_, Kind::Page | Kind::Snapshot | Kind::Failure) => "a3 -all waits",
        (_, Kind::Socket | Kind::Live | Kind::Hint | Kind::Reconcile) => ".",
    }
}

/// What the page says is too late to count: the snapshot is asked for next.
fn fetching_in_vain(input: Input) -> &'static str {
    use Input::{Connected, ConnectedToAnotherLog, ResetAnswer, TokenRefused};
    match (input, kind(input)) {
        (Connected | ConnectedToAnotherLog, _) => ". +deliveries",
        (ResetAnswer | TokenRefused, _) | (_, Kind::Page) => "a3 -all",
        (_, Kind::Snapshot | Kind::Failure) => "a3 -all waits",
        (_, Kind::Socket | Kind::Live | Kind::Hint | Kind::Reconcile) => ".",
    }
}

#[test]
fn every_state_and_every_input() {
    let mut device = Follower::at(3);
    for state in states() {
        for input in inputs() {
            let case = format!("{state:?} + {input:?}");
            bring(&mut device, state);
            let (before, request) = (device.state(), device.under_way());
            let news = device.happens(input);
            let left = device.state();
            let shown = if left == before { "." } else { &left };
            assert_eq!(
                format!("{shown}{}", said(&news)),
                after(state, input),
                "{case}"
            );
            assert_eq!(device.stored(), {
                let (log, cursor) = device.sync.position();
                (log, cursor.0)
            });
            if let Some(again) = answer(input) {
                // An answer comes once.
                let again = device.answer(request, again);
                assert_eq!((device.state(), again.result), (left, Vec::new()), "{case}");
            }
        }
    }
}

/// What nobody asked for, in every state.
#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let mut device = Follower::at(3);
    for state in states() {
        for answer in inputs().into_iter().filter_map(answer) {
            bring(&mut device, state);
            let before = device.state();
            let step = device.answer(RequestId(900_000), answer);
            assert_eq!(
                (device.state(), step.result),
                (before, Vec::new()),
                "{state:?}"
            );
        }
    }
}

/// Signed out, or another process: nothing that was asked before is waited for.
#[test]
fn what_comes_back_after_the_end_is_nobodys() {
    let mut device = Follower::at(3);
    for state in states() {
        for answer in inputs().into_iter().filter_map(answer) {
            bring(&mut device, state);
            let request = device.under_way();
            device.restart();
            let before = device.state();
            let step = device.answer(request, answer);
            assert_eq!(
                (device.state(), step.result),
                (before, Vec::new()),
                "{state:?}"
            );
        }
    }
}

/// A page and a snapshot take one kind of answer each; after every other one something is still missing.
#[test]
fn every_kind_of_answer_and_of_failure() {
    let mut device = Follower::at(3);
    for state in states() {
        let failures = every_failure().map(Err);
        for result in every_answer().map(Ok).into_iter().chain(failures) {
            bring(&mut device, state);
            let asked = device.sync.fetching.map(|(_, fetch)| fetch);
            let takes = match asked {
                Some(Fetch::Events) => matches!(result, Ok(Answer::Sync(_))),
                Some(Fetch::Snapshot) => matches!(result, Ok(Answer::Snapshot(_))),
                None => false,
            };
            let case = format!("{state:?} + {result:?}");
            let (position, current) = (device.sync.position(), device.sync.is_current());
            let step = device.answer(device.under_way(), result);
            assert!(device.sync.fetching.is_none(), "{case}");
            if !takes {
                assert_eq!(step.result, [], "{case}");
                assert_eq!(device.sync.position(), position, "{case}");
                assert_eq!(device.sync.is_current(), current, "{case}");
            }
        }
    }
}

/// Whatever happens in whatever state, with an honest server the device is current in the end, after few
/// requests, and the store says the same as the machine.
#[test]
fn every_state_and_every_input_end_with_everything_here() {
    let mut device = Follower::at(3);
    for state in states() {
        for input in inputs() {
            bring(&mut device, state);
            device.happens(input);
            assert_ends_well(&mut device, &format!("{state:?}: {input:?}"));
        }
    }
}

/// The same for two in a row, while events are fetched.
#[test]
fn every_two_inputs_end_with_everything_here() {
    let mut device = Follower::at(3);
    for first in inputs() {
        for second in inputs() {
            bring(&mut device, State::FetchingEvents);
            device.happens(first);
            device.reconcile();
            device.happens(second);
            assert_ends_well(&mut device, &format!("{first:?}, {second:?}"));
        }
    }
}

/// What is still under way is lost, and the server says over a new socket how far its log goes.
fn assert_ends_well(device: &mut Follower, case: &str) {
    device.answer(device.under_way(), Err(unreachable()));
    device.sync.socket_lost();
    device.sync.connected(log_id("a"), Seq(6));
    device.sync.head_seen(Seq(6));
    let asked = device.fetch_all(|call| honest("a", 6, call));
    assert!(asked <= 3, "{case}: asked {asked} times");
    assert!(device.sync.is_current(), "{case}");
    assert_eq!(device.stored(), (Some(log_id("a")), 6), "{case}");
    assert_eq!(device.head(), 6, "{case}");
}

//! Every state of a download and everything that can happen in it: what is left, and what others are told.

use super::states::{Input, State, back, bring, inputs, said, states};
use super::*;

/// What inputs have in common.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Asker,
    Hint,
    Reconcile,
    /// Something comes back.
    Back,
}

fn kind(input: Input) -> Kind {
    match input {
        Input::Want | Input::WantEmpty | Input::Cancel | Input::CancelOfAnother | Input::Stop => {
            Kind::Asker
        }
        Input::RetryNow => Kind::Hint,
        Input::Reconcile | Input::ReconcileLater | Input::ReconcileWithoutToken => Kind::Reconcile,
        Input::Part
        | Input::NothingNew
        | Input::All
        | Input::MoreThanAll
        | Input::Refused
        | Input::TokenRefused
        | Input::ServerError
        | Input::Foreign
        | Input::Unreachable
        | Input::FileLost
        | Input::Damaged
        | Input::Disk => Kind::Back,
    }
}

/// The table: the state as `Quay::state` tells it, or a dot where it stays; behind it what is told.
fn after(state: State, input: Input) -> &'static str {
    match state {
        State::Unwanted | State::Wanted | State::Resting => idle(state, input),
        State::Fetching | State::FetchingMore | State::FetchingAgain => fetching(state, input),
    }
}

/// Nothing is under way: what comes back is nobody's.
fn idle(state: State, input: Input) -> &'static str {
    use Input::{Cancel, Reconcile, ReconcileLater, RetryNow, Stop, Want, WantEmpty};
    match (state, input, kind(input)) {
        // There is nothing to fetch of an empty file.
        (_, WantEmpty, _) => ". =done",
        (State::Unwanted, Want, _) => "1:0 waiting",
        (State::Unwanted, _, _) => ".",
        (State::Wanted, Want, _) => "2:0",
        (_, Want, _) => "2:0 waits",
        (_, Cancel, _) => "unwanted ended",
        (_, Stop, _) => "unwanted ended =signedOut",
        (State::Wanted, Reconcile, _) => "1:0 part",
        (State::Wanted, ReconcileLater, _) => "1:0 waits",
        (State::Resting, RetryNow, _) => "1:0",
        (_, _, Kind::Asker | Kind::Hint | Kind::Reconcile | Kind::Back) => ".",
    }
}

fn fetching(state: State, input: Input) -> &'static str {
    use Input::{
        All, Cancel, Damaged, Disk, FileLost, MoreThanAll, Part, Refused, Stop, TokenRefused, Want,
        WantEmpty,
    };
    match (state, input, kind(input)) {
        (_, WantEmpty, _) => ". =done",
        // What is shown stays: a second asker does not stop what comes.
        (State::FetchingMore, Want, _) => "2:5000 part",
        (State::FetchingAgain, Want, _) => "2:0 damaged part",
        (_, Want, _) => "2:0 part",
        (_, Cancel, _) => "unwanted off ended",
        (_, Stop, _) => "unwanted off ended =signedOut",
        (_, All | MoreThanAll, _) => "unwanted +progress ended =done",
        (State::FetchingAgain, Part, _) => "1:6000 damaged +progress receiving",
        (_, Part, _) => "1:6000 +progress receiving",
        // Once it may have been the network.
        (State::FetchingAgain, Damaged, _) => "unwanted ended =damaged",
        (_, Damaged, _) => "1:0 damaged waiting",
        (_, Refused, _) => "unwanted ended =refused",
        (_, Disk, _) => "unwanted ended =store",
        (State::FetchingMore, TokenRefused, _) => "1:5000 waiting",
        (State::FetchingAgain, TokenRefused, _) => "1:0 damaged waiting",
        (_, TokenRefused, _) => "1:0 waiting",
        (State::FetchingMore, FileLost, _) => "1:0 waits waiting",
        (State::FetchingMore, _, Kind::Back) => "1:5000 waits waiting",
        (State::FetchingAgain, _, Kind::Back) => "1:0 damaged waits waiting",
        (_, _, Kind::Back) => "1:0 waits waiting",
        (_, _, Kind::Asker | Kind::Hint | Kind::Reconcile) => ".",
    }
}

#[test]
fn every_state_and_every_input() {
    let mut quay = Quay::new();
    for state in states() {
        for input in inputs() {
            let case = format!("{state:?} + {input:?}");
            bring(&mut quay, state);
            let (before, request) = (quay.state(), quay.under_way());
            let step = quay.happens(input);
            let left = quay.state();
            let shown = if left == before { "." } else { &left };
            assert_eq!(
                format!("{shown}{}", said(&step)),
                after(state, input),
                "{case}"
            );
            if quay.under_way() == request {
                continue;
            }
            for again in inputs().into_iter().filter_map(back) {
                // What was answered or called off is answered once.
                let step = quay.answer(request, again);
                assert_eq!(
                    (quay.state(), said(&step)),
                    (left.clone(), String::new()),
                    "{case}"
                );
            }
        }
    }
}

/// Signed out: who waits is told so once, and what comes back is nobody's.
#[test]
fn what_comes_back_after_the_end_is_nobodys() {
    let mut quay = Quay::new();
    for state in states() {
        for late in inputs().into_iter().filter_map(back) {
            bring(&mut quay, state);
            let request = quay.under_way();
            quay.happens(Input::Stop);
            let step = quay.answer(request, late);
            assert_eq!(
                (quay.state(), said(&step)),
                ("unwanted".to_owned(), String::new())
            );
            // Who wants it afterwards is not told by what is late, either.
            quay.happens(Input::Want);
            let step = quay.answer(request, Ok(SIZE));
            assert_eq!(
                (quay.state(), said(&step)),
                ("1:0".to_owned(), String::new()),
                "{state:?}"
            );
        }
    }
}

//! Every state of an upload and everything that can happen in it: what is left, and what others are told.

use super::states::{Input, State, back, bring, inputs, said, states};
use super::*;
use crate::testing::answers::{every_answer, every_failure};
use crate::transfer::uploads::Ask;

/// What inputs have in common.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Reconcile,
    Hint,
    BeginAnew,
    GiveUp,
    /// Something comes back.
    Back,
}

fn kind(input: Input) -> Kind {
    match input {
        Input::Reconcile | Input::ReconcileLater | Input::ReconcileWithoutToken => Kind::Reconcile,
        Input::RetryNow => Kind::Hint,
        Input::BeginAnew => Kind::BeginAnew,
        Input::GiveUp | Input::GiveUpOffline => Kind::GiveUp,
        Input::Created
        | Input::NothingThere
        | Input::PartThere
        | Input::AllThere
        | Input::MoreThanAll
        | Input::OtherAnswer
        | Input::NotFound
        | Input::DamagedThere
        | Input::Conflict
        | Input::TooLarge
        | Input::Refused
        | Input::TokenRefused
        | Input::ServerError
        | Input::ForeignGone
        | Input::Foreign
        | Input::Unreachable
        | Input::FileLost
        | Input::DamagedHere
        | Input::Disk => Kind::Back,
    }
}

/// The table: the state as `Dock::state` tells it, or a dot where it stays; behind it what is told.
fn after(state: State, input: Input) -> &'static str {
    match state {
        State::New | State::Resting | State::GivenUp => without_a_name(state, input),
        State::Naming => naming(input),
        State::Named | State::Known | State::Up => named(state, input),
        State::Finding => finding(input),
        State::Sending => sending(input),
    }
}

fn without_a_name(state: State, input: Input) -> &'static str {
    use Input::{Created, Reconcile, ReconcileLater, RetryNow};
    match (state, input, kind(input)) {
        // Only now it is known what the server is to forget.
        (State::GivenUp, Created, _) => "gone !end",
        (State::GivenUp, _, Kind::Back) => "gone",
        (State::GivenUp, _, _) => ".",
        (_, _, Kind::GiveUp) => "gone",
        (State::Resting, RetryNow, _) => "new",
        (State::Resting, _, Kind::Reconcile) => ".",
        (_, Reconcile, _) => "new create",
        (_, ReconcileLater, _) => "new waits",
        (_, _, Kind::Reconcile | Kind::Hint | Kind::BeginAnew | Kind::Back) => ".",
    }
}

fn naming(input: Input) -> &'static str {
    use Input::{Created, DamagedHere, FileLost, Refused, TokenRefused, TooLarge};
    match (input, kind(input)) {
        (Created, _) => "f0 +moved +progress",
        (TokenRefused, _) => "new",
        (TooLarge | Refused | FileLost | DamagedHere, _) => "new +failed",
        (_, Kind::Back) => "new waits +moved",
        // Its answer says what to end.
        (_, Kind::GiveUp) => "gone create",
        (_, Kind::Reconcile | Kind::Hint | Kind::BeginAnew) => ".",
    }
}

/// Nothing is under way: what comes back is nobody's.
fn named(state: State, input: Input) -> &'static str {
    use Input::{GiveUp, GiveUpOffline, Reconcile, ReconcileLater};
    match (state, input, kind(input)) {
        (_, GiveUp, _) => "gone !end",
        (_, GiveUpOffline, _) => "gone",
        (_, _, Kind::BeginAnew) => "new",
        (State::Named, Reconcile, _) => "f0? find",
        (State::Named, ReconcileLater, _) => "f0? waits",
        (State::Known, Reconcile, _) => "f0 send",
        (State::Known, ReconcileLater, _) => "f0 waits",
        (_, _, Kind::Reconcile | Kind::Hint | Kind::GiveUp | Kind::Back) => ".",
    }
}

fn finding(input: Input) -> &'static str {
    use Input::{
        AllThere, DamagedHere, DamagedThere, FileLost, ForeignGone, GiveUp, MoreThanAll, NotFound,
        NothingThere, PartThere, Refused, TokenRefused, TooLarge,
    };
    match (input, kind(input)) {
        (NothingThere, _) => "f0 +moved",
        (PartThere, _) => "f500 +moved +progress",
        (AllThere, _) => "f1000000 +moved +progress",
        // Here a bare 404 says that it is gone.
        (MoreThanAll | NotFound | DamagedThere | ForeignGone, _) => "new waits +moved",
        (TooLarge | Refused, _) => "new +failed",
        (FileLost | DamagedHere, _) => "f0? +failed",
        (TokenRefused, _) => "f0?",
        (_, Kind::Back) => "f0? waits +moved",
        (GiveUp, _) => "gone !off !end",
        (_, Kind::GiveUp) => "gone !off",
        (_, Kind::BeginAnew) => "new !off",
        (_, Kind::Reconcile | Kind::Hint) => ".",
    }
}

fn sending(input: Input) -> &'static str {
    use Input::{
        AllThere, Conflict, DamagedHere, DamagedThere, FileLost, GiveUp, MoreThanAll, NotFound,
        NothingThere, PartThere, Refused, TokenRefused, TooLarge,
    };
    match (input, kind(input)) {
        // It says that it went well, and has nothing.
        (NothingThere, _) => "f0 waits +moved",
        (PartThere, _) => "f500 +moved +progress",
        (AllThere, _) => "f1000000 +moved +progress",
        (MoreThanAll | NotFound | DamagedThere, _) => "new waits +moved",
        // A smaller part is tried at once.
        (TooLarge, _) => "f0",
        // It is asked how much is there.
        (Conflict | TokenRefused, _) => "f0?",
        (Refused, _) => "new +failed",
        (FileLost | DamagedHere, _) => "f0 +failed",
        (_, Kind::Back) => "f0? waits +moved",
        (GiveUp, _) => "gone !off !end",
        (_, Kind::GiveUp) => "gone !off",
        (_, Kind::BeginAnew) => "new !off",
        (_, Kind::Reconcile | Kind::Hint) => ".",
    }
}

#[test]
fn every_state_and_every_input() {
    let mut dock = Dock::new();
    for state in states() {
        for input in inputs() {
            let case = format!("{state:?} + {input:?}");
            bring(&mut dock, state);
            let before = dock.state();
            let (request, asked) = (dock.under_way(), dock.asked());
            let step = dock.happens(input);
            let left = dock.state();
            let shown = if left == before { "." } else { &left };
            assert_eq!(
                format!("{shown}{}", said(&step)),
                after(state, input),
                "{case}"
            );
            for again in inputs().into_iter().filter_map(back) {
                // What was answered or called off is answered once.
                if dock.under_way() != request {
                    let step = dock.comes_back(request, again, asked);
                    assert_eq!(
                        (dock.state(), said(&step)),
                        (left.clone(), String::new()),
                        "{case}"
                    );
                }
            }
        }
    }
}

/// Signed out: the machine is made anew, and what comes back for the one before is nobody's.
#[test]
fn what_comes_back_after_the_end_is_nobodys() {
    let mut dock = Dock::new();
    for state in states() {
        for late in inputs().into_iter().filter_map(back) {
            bring(&mut dock, state);
            let (request, asked) = (dock.under_way(), dock.asked());
            dock.uploads = Uploads::default();
            let before = dock.state();
            let step = dock.comes_back(request, late, asked);
            assert_eq!(
                (dock.state(), said(&step)),
                (before, String::new()),
                "{state:?}"
            );
        }
    }
}

/// Each question takes one kind of answer; after every other one, and every failure, nothing more is there.
#[test]
fn every_question_and_every_kind_of_answer() {
    let mut dock = Dock::new();
    for state in states() {
        let failures = every_failure().map(Err);
        for result in every_answer().map(Ok).into_iter().chain(failures) {
            bring(&mut dock, state);
            let takes = match dock.asked() {
                Some(Ask::Create) => matches!(result, Ok(Answer::UploadCreated(_))),
                Some(Ask::Find) => matches!(result, Ok(Answer::UploadOffset(_))),
                Some(Ask::Send) | None => false,
            };
            let case = format!("{state:?} + {result:?}");
            let sent = dock.rows().pop().map(|row| row.sent);
            let step = dock.answer(dock.under_way(), result);
            let progress = step.result.contains(&UploadNews::Progress);
            assert_eq!(progress, takes && state != State::GivenUp, "{case}");
            if !takes {
                assert_eq!(dock.rows().pop().map(|row| row.sent), sent, "{case}");
            }
        }
    }
}

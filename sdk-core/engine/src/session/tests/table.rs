//! Every state of a session and everything that can happen in it: what is left, and what is told.

use fulmar_protocol::{Answer, ConversationLeave, Method, Timestamp};

use super::states::{Back, Input, State, back, bring, inputs, said, states};
use super::{Desk, user};
use crate::io::{CommandError, CommandId, RequestId, SessionState};
use crate::session::Ask;
use crate::store::conversations;
use crate::store::operations::{self, NewOperation};
use crate::testing::EPOCH;
use crate::testing::answers::{every_answer, every_failure};
use crate::testing::server::{conversation, conversation_id, key};

/// What inputs have in common.
#[derive(Debug, Clone, Copy)]
enum Kind {
    FromServer,
    FromProvider,
    Nothing,
    SignIn,
    SignOut,
    Hint,
    Reconcile,
}

fn kind(input: Input) -> Kind {
    match input {
        Input::Session
        | Input::SessionOfBob
        | Input::ShortSession
        | Input::MeAlice
        | Input::MeBob
        | Input::SignedOut
        | Input::OtherAnswer
        | Input::Revoked
        | Input::Refused
        | Input::TokenRefused
        | Input::ServerError
        | Input::Foreign
        | Input::Unreachable => Kind::FromServer,
        Input::Token | Input::ShortToken | Input::NoToken | Input::SessionOver => {
            Kind::FromProvider
        }
        Input::NothingInTime => Kind::Nothing,
        Input::SignIn | Input::Register | Input::SignInWithProvider => Kind::SignIn,
        Input::SignOut => Kind::SignOut,
        Input::TokenRejected | Input::OldTokenRejected | Input::RetryNow => Kind::Hint,
        Input::Reconcile | Input::ReconcileOffline | Input::ReconcileLater => Kind::Reconcile,
    }
}

/// The table: the state as `Desk::state` tells it, or a dot where it stays; behind it what is told.
fn after(state: State, input: Input) -> &'static str {
    match state {
        State::Out | State::Ended | State::Untold | State::Telling => signed_out(state, input),
        State::SigningIn
        | State::AskingForTheFirstToken
        | State::AskingWhoseTokenItIs
        | State::Replacing => signing_in(state, input),
        State::SignedIn | State::Rejected | State::Waiting | State::ByProvider => {
            signed_in(state, input)
        }
        State::Refreshing => refreshing(input),
        State::AskingForTheNextToken => asking_for_the_next_token(input),
    }
}

fn signed_out(state: State, input: Input) -> &'static str {
    use Input::{
        Foreign, Reconcile, ReconcileLater, Refused, ServerError, SignInWithProvider, TokenRefused,
        Unreachable,
    };
    match (state, input, kind(input)) {
        (State::Ended, _, Kind::SignOut) => "out",
        (_, _, Kind::SignOut) => ". =signedOut",
        (State::Ended, SignInWithProvider, _) => "ended first",
        (State::Ended, _, Kind::SignIn) => "ended signIn",
        // A later session does not wait until the end of the one before is known.
        (State::Telling, SignInWithProvider, _) => "out tell first",
        (State::Telling, _, Kind::SignIn) => "out tell signIn",
        (_, SignInWithProvider, _) => "out first",
        (_, _, Kind::SignIn) => "out signIn",
        (State::Untold, Reconcile, _) => "out tell",
        (State::Untold, ReconcileLater, _) => "out waits",
        // It is told again when that may help.
        (State::Telling, ServerError | Foreign | Unreachable | Refused | TokenRefused, _)
        | (State::Telling, _, Kind::Nothing) => "out waits",
        (State::Telling, _, Kind::FromServer) => "out",
        (_, _, Kind::FromServer | Kind::FromProvider | Kind::Nothing) => ".",
        (_, _, Kind::Hint | Kind::Reconcile) => ".",
    }
}

fn signing_in(state: State, input: Input) -> &'static str {
    use Input::{
        MeAlice, MeBob, Refused, Revoked, ServerError, Session, SessionOfBob, ShortSession,
        ShortToken, Token, TokenRefused, Unreachable,
    };
    match (state, input, kind(input)) {
        (_, _, Kind::SignIn) => ". =underWay",
        (State::Replacing, _, Kind::SignOut) => "out =signedOut",
        (_, _, Kind::SignOut) => ". =signedOut",
        (_, _, Kind::Hint | Kind::Reconcile) => ".",
        // The token provider is asked, and answers.
        (State::AskingForTheFirstToken, Token | ShortToken, _) => "out me",
        (State::AskingForTheFirstToken, _, Kind::FromProvider | Kind::Nothing) => "out =noToken",
        (State::AskingForTheFirstToken, _, Kind::FromServer) | (_, _, Kind::FromProvider) => ".",
        // Each takes its own answer, about the user who signs in.
        (State::SigningIn, Session | ShortSession, _) => "alice +renewed =done",
        (State::Replacing, SessionOfBob, _) => "ended +replaced",
        (State::AskingWhoseTokenItIs, MeAlice, _) => "alice* +renewed =done",
        (State::AskingWhoseTokenItIs, MeBob, _) => "out =noToken",
        (State::Replacing, Revoked | Refused | TokenRefused | ServerError, _) => "ended =refused",
        (_, Revoked | Refused | TokenRefused | ServerError, _) => "out =refused",
        (State::Replacing, Unreachable, _) | (State::Replacing, _, Kind::Nothing) => {
            "ended =unreachable"
        }
        (_, Unreachable, _) | (_, _, Kind::Nothing) => "out =unreachable",
        (State::Replacing, _, Kind::FromServer) => "ended =foreign",
        (_, _, Kind::FromServer) => "out =foreign",
    }
}

/// Nothing is under way: what comes back is nobody's.
fn signed_in(state: State, input: Input) -> &'static str {
    use Input::{Reconcile, ReconcileOffline, RetryNow, TokenRejected};
    match (state, input, kind(input)) {
        (_, _, Kind::FromServer | Kind::FromProvider | Kind::Nothing) => ".",
        (_, _, Kind::SignIn) => ". =already",
        (State::Waiting, _, Kind::SignOut) => "out waits",
        (_, _, Kind::SignOut) => "out",
        (State::SignedIn, TokenRejected, _) => "alice?",
        (State::ByProvider, TokenRejected, _) => "alice*?",
        (State::Waiting, RetryNow, _) => "alice?",
        (_, _, Kind::Hint) | (_, ReconcileOffline, _) => ".",
        (State::SignedIn, _, Kind::Reconcile) => "alice due",
        (State::ByProvider, _, Kind::Reconcile) => "alice* due",
        (State::Waiting, _, Kind::Reconcile) => "alice? waits due",
        (_, Reconcile, _) => "alice? refresh",
        (_, _, Kind::Reconcile) => "alice? due",
    }
}

fn refreshing(input: Input) -> &'static str {
    match (input, kind(input)) {
        (Input::Session, _) => "alice waits +renewed",
        // It is kept, because the refresh token before it is forgotten; it is no token to use.
        (Input::ShortSession, _) => "alice waits",
        (Input::Revoked, _) => "ended +ended",
        (_, Kind::FromServer | Kind::Nothing) => "alice? waits",
        (_, Kind::SignIn) => ". =already",
        (_, Kind::SignOut) => "out",
        (_, Kind::FromProvider | Kind::Hint | Kind::Reconcile) => ".",
    }
}

fn asking_for_the_next_token(input: Input) -> &'static str {
    match (input, kind(input)) {
        (Input::Token, _) => "alice* waits +renewed",
        (Input::SessionOver, _) => "ended +ended",
        (_, Kind::FromProvider | Kind::Nothing) => "alice*? waits",
        (_, Kind::SignIn) => ". =already",
        (_, Kind::SignOut) => "out",
        (_, Kind::FromServer | Kind::Hint | Kind::Reconcile) => ".",
    }
}

#[test]
fn every_state_and_every_input() {
    let mut desk = Desk::new();
    for state in states() {
        for input in inputs() {
            let case = format!("{state:?} + {input:?}");
            bring(&mut desk, state);
            let (before, request) = (desk.state(), desk.under_way());
            let step = desk.happens(input);
            let left = desk.state();
            let stays = left == before;
            let shown = if stays { "." } else { &left };
            assert_eq!(
                format!("{shown}{}", said(&step)),
                after(state, input),
                "{case}"
            );
            if let Some(again) = back(input).filter(|_| !stays) {
                // An answer comes once.
                let step = desk.comes_back(request, again);
                assert_eq!((desk.state(), said(&step)), (left, String::new()), "{case}");
            }
        }
    }
}

/// Signed out, or the store was emptied: what comes back for the session before is nobody's.
#[test]
fn what_comes_back_after_the_end_is_nobodys() {
    let mut desk = Desk::new();
    for state in states() {
        for input in inputs() {
            let Some(late) = back(input) else { continue };
            bring(&mut desk, state);
            let request = desk.under_way();
            let session = &mut desk.session;
            let step = desk.bench.run(|tx| session.wipe(tx).unwrap());
            let waited = matches!(
                state,
                State::SigningIn
                    | State::AskingForTheFirstToken
                    | State::AskingWhoseTokenItIs
                    | State::Replacing
            );
            assert_eq!(step.replies.len(), usize::from(waited), "{state:?}");
            let left = desk.state();
            let step = desk.comes_back(request, late);
            assert_eq!(
                (desk.state(), said(&step)),
                (left, String::new()),
                "{state:?} + {input:?}"
            );
            assert_eq!(desk.session.show(), SessionState::SignedOut);
        }
    }
}

/// What nobody asked for, in every state.
#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let mut desk = Desk::new();
    for state in states() {
        for input in inputs() {
            let Some(back) = back(input) else { continue };
            bring(&mut desk, state);
            let before = desk.state();
            let step = desk.comes_back(RequestId(900_000), back);
            assert_eq!(
                (desk.state(), said(&step)),
                (before, String::new()),
                "{state:?} + {input:?}"
            );
        }
    }
}

/// Each question takes one kind of answer; of all others, and of every failure, no session begins.
#[test]
fn every_question_and_every_kind_of_answer() {
    let mut desk = Desk::new();
    for state in states() {
        let failures = every_failure().map(Err);
        for result in every_answer().map(Ok).into_iter().chain(failures) {
            bring(&mut desk, state);
            let (before, signed_in) = (desk.state(), desk.session.signed_in());
            let request = desk.under_way();
            let takes = match desk.session.asks.get(&request) {
                Some(Ask::SignIn { .. } | Ask::Refresh) => {
                    state != State::Replacing && matches!(result, Ok(Answer::Session(_)))
                }
                Some(Ask::Me { .. }) => matches!(result, Ok(Answer::Me(_))),
                Some(Ask::FirstToken { .. } | Ask::NextToken | Ask::SignOut(..)) | None => false,
            };
            let case = format!("{state:?} + {result:?}");
            let step = desk.comes_back(request, Back::Http(result));
            assert_eq!(!step.result.is_empty(), takes, "{case}");
            assert_eq!(desk.session.signed_in(), signed_in || takes, "{case}");
            let provider = matches!(
                state,
                State::AskingForTheFirstToken | State::AskingForTheNextToken
            );
            assert!(!provider || desk.state() == before, "{case}");
        }
    }
}

/// Alice writes while the sign-in of bob is under way: nothing of hers goes, and his session is told to end.
#[test]
fn what_is_written_while_another_user_signs_in_stays() {
    let mut desk = Desk::new();
    bring(&mut desk, State::Replacing);
    let conversation_id = conversation_id("c");
    let method = Method::ConversationLeave(ConversationLeave { conversation_id });
    desk.bench.run(|tx| {
        let new = NewOperation {
            operation_key: key(1),
            lane: conversations::upsert(&tx.db, &conversation("c", 0), None)
                .unwrap()
                .lane(),
            method: &method,
            holds_lane: true,
            now: Timestamp(EPOCH),
        };
        operations::enqueue(&tx.db, &new).unwrap();
    });
    let step = desk.happens(Input::SessionOfBob);
    assert!(step.result.is_empty());
    let owner = user("alice");
    let refused = Err(CommandError::OtherUser { owner });
    assert_eq!(step.replies, [(CommandId(7), refused)]);
    assert_eq!(desk.state(), "ended");
    desk.happens(Input::Reconcile);
    assert_eq!(desk.state(), "ended tell");
    let kept = desk
        .bench
        .run(|tx| operations::count_unsent(&tx.db).unwrap());
    assert_eq!(kept.result, 1);
}

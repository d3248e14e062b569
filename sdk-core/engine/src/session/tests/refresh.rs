//! The next access token: when it is asked for, and when not.

use std::time::Duration;

use fulmar_protocol::{Code, FailureClass, Secret};

use super::{Desk, problem, tokens, user};
use crate::pace::Gate;
use crate::session::SessionNews;
use crate::timer::{Timed, Timer};

/// Only two codes end a session; everything else may be a damaged request or a proxy.
#[test]
fn every_code_at_a_refresh() {
    for code in Code::ALL {
        let mut desk = Desk::signed_in();
        desk.reject();
        let request = desk.reconcile().unwrap();
        let step = desk.answer(request, Err(problem(code.clone())));
        let ends = matches!(code, Code::SessionRevoked | Code::CredentialsInvalid);
        assert_eq!(
            matches!(&step.result[..], [SessionNews::Ended]),
            ends,
            "{code}"
        );
        assert_eq!(desk.session.signed_in(), !ends, "{code}");
        if !ends {
            assert!(desk.reconcile().is_none(), "{code}: not at once");
            assert!(desk.session.timers().is_set(Timer::RefreshToken), "{code}");
        }
    }
    let permanent = Code::ALL
        .iter()
        .filter(|code| code.class() == FailureClass::Permanent);
    assert!(permanent.count() > 2, "there are others that do not end it");
}

#[test]
fn one_refresh_at_a_time() {
    let mut desk = Desk::signed_in();
    desk.reject();
    assert!(desk.reconcile().is_some());
    assert!(desk.reconcile().is_none());
}

/// Fresh tokens that are refused are not refreshed without rest.
#[test]
fn refreshes_that_bring_nothing_on_wait_longer_each_time() {
    let mut desk = Desk::signed_in();
    let begun = desk.bench.now().mono;
    for number in 2..10 {
        desk.reject();
        let request = match desk.reconcile() {
            Some(request) => request,
            None => {
                let due = desk.session.timers().get(Timer::RefreshToken).unwrap();
                desk.bench.pass(due.until(desk.bench.now().mono));
                desk.reconcile().unwrap()
            }
        };
        desk.answer(request, Ok(tokens("alice", number, 900_000)));
    }
    let took = desk.bench.now().mono.until(begun);
    assert!(took > Duration::from_secs(45), "{took:?}");
    desk.session.made_progress();
    desk.bench.pass(Duration::from_secs(60));
    desk.reject();
    assert!(
        desk.reconcile().is_some(),
        "after progress it is a first one"
    );
}

/// Tokens may live for seconds: their renewals are no failures, however many there are and however little
/// is done with them.
#[test]
fn a_token_that_was_not_refused_for_ten_seconds_was_worth_its_refresh() {
    for refused in [false, true] {
        let mut desk = Desk::signed_in();
        for number in 2..10 {
            desk.reject();
            let request = match desk.reconcile() {
                Some(request) => request,
                None => {
                    assert!(refused, "{number}: it waits");
                    let due = desk.session.timers().get(Timer::RefreshToken).unwrap();
                    desk.bench.pass(due.until(desk.bench.now().mono));
                    desk.reconcile().unwrap()
                }
            };
            desk.answer(request, Ok(tokens("alice", number, 20_000)));
            if refused {
                desk.reject();
            }
            desk.bench.pass(Duration::from_millis(9_999));
            assert!(!desk.session.proven(desk.bench.now().mono), "{number}");
            desk.bench.pass(Duration::from_millis(1));
            let now = desk.bench.now().mono;
            assert_eq!(desk.session.proven(now), !refused, "{number}");
            assert!(!desk.session.proven(now), "{number}: once");
        }
    }
}

/// Also when its session ended meanwhile.
#[test]
fn a_token_that_was_refused_is_never_worth_its_refresh() {
    let mut desk = Desk::signed_in();
    desk.reject();
    let request = desk.reconcile().unwrap();
    desk.answer(request, Ok(tokens("alice", 2, 900_000)));
    desk.reject();
    assert!(desk.reconcile().is_none(), "it waits");
    let due = desk.session.timers().get(Timer::RefreshToken).unwrap();
    desk.bench.pass(due.until(desk.bench.now().mono));
    let request = desk.reconcile().unwrap();
    desk.answer(request, Err(problem(Code::SessionRevoked)));
    desk.bench.pass(Duration::from_secs(60));
    assert!(!desk.session.proven(desk.bench.now().mono));
}

#[test]
fn a_token_that_is_out_of_date_when_it_comes_is_a_refresh_that_failed() {
    for life in [0, 1, 999] {
        let mut desk = Desk::signed_in();
        desk.reject();
        let request = desk.reconcile().unwrap();
        let step = desk.answer(request, Ok(tokens("alice", 2, life)));
        assert!(step.result.is_empty(), "{life}");
        assert!(desk.reconcile().is_none(), "{life}: not at once");
        // Its refresh token is the next one all the same.
        assert_eq!(desk.access(), Secret::new("access-2"));
    }
}

#[test]
fn a_closed_gate_is_waited_for() {
    let mut desk = Desk::signed_in();
    desk.reject();
    let at = desk.bench.now().mono.plus(Duration::from_secs(33));
    assert!(desk.reconcile_with(Gate::ClosedUntil(at)).is_none());
    assert_eq!(desk.session.timers().get(Timer::RefreshToken), Some(at));
}

#[test]
fn news_about_a_token_that_was_replaced_are_old() {
    let mut desk = Desk::signed_in();
    desk.session.token_rejected(&Secret::new("long gone"));
    let now = desk.bench.now().mono;
    assert!(desk.session.usable_token(now).is_some());
    desk.reject();
    assert!(desk.session.usable_token(now).is_none());
}

/// A refresh for somebody else is no answer.
#[test]
fn a_session_of_another_user_is_not_taken() {
    let mut desk = Desk::signed_in();
    desk.reject();
    let request = desk.reconcile().unwrap();
    let step = desk.answer(request, Ok(tokens("mallory", 2, 900_000)));
    assert!(step.result.is_empty());
    assert_eq!(desk.session.owner(), Some(&user("alice")));
}

/// Tokens that live for seconds are renewed for as long as they are accepted.
#[test]
fn a_token_proves_itself_within_half_of_its_life() {
    for (life_ms, proof_ms) in [
        (1_000, 2_000),
        (4_000, 2_000),
        (5_000, 2_500),
        (20_000, 10_000),
        (900_000, 10_000),
    ] {
        let mut desk = Desk::signed_in();
        desk.reject();
        let request = desk.reconcile().unwrap();
        desk.answer(request, Ok(tokens("alice", 2, life_ms)));
        desk.bench.pass(Duration::from_millis(proof_ms - 1));
        assert!(!desk.session.proven(desk.bench.now().mono), "{life_ms}");
        desk.bench.pass(Duration::from_millis(1));
        assert!(desk.session.proven(desk.bench.now().mono), "{life_ms}");
    }
}

/// However long an app lets it wait after tries that came to nothing.
#[test]
fn a_token_that_has_proven_itself_is_renewed_before_it_runs_out() {
    let mut desk = Desk::signed_in();
    desk.config.backoff.first = Duration::from_secs(60);
    desk.config.backoff.cap = Duration::from_secs(60);
    desk.reject();
    let mut request = desk.reconcile().unwrap();
    for number in 2..6 {
        desk.answer(request, Ok(tokens("alice", number, 5_000)));
        assert!(desk.reconcile().is_none());
        desk.bench.pass(Duration::from_millis(2_500));
        assert!(desk.session.proven(desk.bench.now().mono));
        assert!(desk.reconcile().is_none(), "{number}: not yet");
        desk.bench.pass(Duration::from_millis(1_500));
        request = desk.reconcile().unwrap();
    }
}

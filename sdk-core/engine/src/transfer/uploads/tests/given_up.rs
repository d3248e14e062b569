//! Messages that are given up with their files.

use super::*;

fn ends(step: &Step<impl Sized>) -> usize {
    let ends = |effect: &&Effect| wants(effect).is_some_and(|(_, wants)| wants == Wants::End);
    step.effects.iter().filter(ends).count()
}

fn called_off(step: &Step<()>, wanted: RequestId) -> bool {
    step.effects
        .iter()
        .any(|effect| matches!(effect, Effect::CancelRequest { request } if *request == wanted))
}

#[test]
fn what_is_given_up_while_under_way_is_called_off_and_the_server_is_told() {
    for step in [Step3::Find, Step3::Send] {
        let (mut dock, request) = under_way(step);
        let gone = dock.give_up();
        assert!(called_off(&gone, request), "{step:?}");
        assert_eq!(ends(&gone), 1, "{step:?}");
        assert!(dock.sent(request, Ok(SIZE)).result.is_empty());
        assert!(
            dock.answer(request, Ok(Answer::UploadOffset(5)))
                .result
                .is_empty()
        );
        assert!(dock.next().is_none() && dock.uploads.timers().next().is_none());
    }
}

/// Only the answer says which file to end.
#[test]
fn what_is_given_up_before_it_has_a_name_is_ended_when_it_has() {
    let (mut dock, request) = under_way(Step3::Create);
    let gone = dock.give_up();
    assert!(!called_off(&gone, request));
    assert_eq!(ends(&gone), 0);
    let step = dock.answer(request, Ok(Answer::UploadCreated(file("f"))));
    assert_eq!(ends(&step), 1);
    assert!(dock.uploads.asks.is_empty() && dock.uploads.known.is_empty());
}

#[test]
fn what_is_given_up_without_a_connection_is_forgotten_by_the_server_in_time() {
    let (mut dock, request) = under_way(Step3::Send);
    dock.online = Err(CommandError::SignedOut);
    let gone = dock.give_up();
    assert!(called_off(&gone, request));
    assert_eq!(ends(&gone), 0);
}

#[test]
fn a_late_failure_of_what_is_given_up_leaves_nothing_behind() {
    for failure in [
        unreachable(),
        problem(Code::FileDamaged),
        problem(Code::ServerError),
    ] {
        let (mut dock, request) = under_way(Step3::Create);
        dock.give_up();
        assert!(dock.answer(request, Err(failure)).result.is_empty());
        assert!(dock.uploads.failures.is_empty() && dock.uploads.damaged.is_empty());
        assert!(dock.uploads.timers().next().is_none());
    }
}

//! Order within a lane, one submit per lane, and what holds a lane.

use super::*;
use crate::config::FailurePolicy;

fn numbers(sent: &[Sent]) -> Vec<Vec<OperationKey>> {
    sent.iter().map(Sent::keys).collect()
}

#[test]
fn a_lane_has_one_submit_under_way_and_keeps_its_order() {
    for over in BOTH {
        let mut desk = Desk::new();
        desk.write(1, "c-1");
        desk.write(2, "c-1");
        let first = desk.go_one(over);
        assert_eq!(first.keys(), [key(1), key(2)]);
        desk.write(3, "c-1");
        desk.change(4, pin("c-1", true)).unwrap();
        desk.write(5, "c-2");
        let other = desk.go(over);
        match over {
            Over::Socket => assert_eq!(numbers(&other), [[key(5)]]),
            Over::Http => assert!(other.is_empty(), "one request at a time"),
        }
        let yes = |number, position| applied_message(message("c-1", key(number), position));
        desk.answer(&first, vec![yes(1, 11), yes(2, 12)]);
        let next = desk.go_one(over);
        match over {
            Over::Socket => assert_eq!(next.keys(), [key(3), key(4)]),
            Over::Http => assert_eq!(next.keys(), [key(3), key(4), key(5)]),
        }
    }
}

#[test]
fn the_same_is_sent_under_the_same_key_until_it_has_an_outcome() {
    let mut desk = Desk::new();
    desk.write(1, "c-1");
    desk.write(2, "c-1");
    let mut before = None;
    for (over, code) in [
        (Over::Socket, None),
        (Over::Http, None),
        (Over::Socket, Some(Code::RateLimited)),
        (Over::Http, Some(Code::ServerError)),
        (Over::Http, Some(Code::Other("new".to_owned()))),
    ] {
        let sent = desk.go_one(over);
        assert_eq!(sent.keys(), [key(1), key(2)]);
        let before = before.get_or_insert_with(|| sent.operations.clone());
        assert_eq!(*before, sent.operations);
        desk.refuse(&sent, code);
        desk.rested();
    }
}

#[test]
fn a_transient_failure_rests_its_lane_alone_and_holds_what_is_behind_it() {
    let mut desk = Desk::new();
    for (number, conversation) in [(1, "c-1"), (2, "c-1"), (3, "c-2")] {
        desk.write(number, conversation);
    }
    let sent = desk.go_one(Over::Socket);
    let mut late = Problem::new(Code::RateLimited, "x");
    late.retry_after_ms = Some(5_000);
    let late = Outcome {
        operation_key: key(1),
        status: OutcomeStatus::Failed { problem: late },
    };
    let yes = applied_message(message("c-2", key(3), 11));
    desk.answer(&sent, vec![late, skipped(key(2)), yes]);
    desk.write(4, "c-2");
    assert_eq!(desk.go_one(Over::Socket).keys(), [key(4)]);
    let lane = desk.lane("c-1");
    let at = desk.outbox.timers().get(Timer::LaneRetry(lane)).unwrap();
    assert_eq!(at.until(desk.bench.now().mono).as_millis(), 5_000);
    desk.wait(Timer::LaneRetry(lane));
    assert_eq!(desk.go_one(Over::Socket).keys(), [key(1), key(2)]);
}

#[test]
fn a_new_connection_and_a_persons_word_end_all_waits() {
    for by_connection in [true, false] {
        let mut desk = Desk::new();
        desk.write(1, "c-1");
        let sent = desk.go_one(Over::Socket);
        desk.answer(&sent, vec![refused(key(1), Code::RateLimited)]);
        assert!(desk.go(Over::Socket).is_empty());
        if by_connection {
            desk.connected(&ready(EPOCH));
        } else {
            desk.outbox.retry_now();
        }
        assert_eq!(desk.outbox.timers().next(), None);
        assert_eq!(desk.go(Over::Socket).len(), 1);
    }
}

#[test]
fn a_failed_message_holds_or_is_passed_by_as_the_policy_says() {
    for policy in [FailurePolicy::Hold, FailurePolicy::Skip] {
        let mut desk = Desk::new();
        desk.config.failure_policy = policy;
        desk.write(1, "c-1");
        desk.write(2, "c-1");
        desk.write(3, "c-2");
        let sent = desk.go_one(Over::Socket);
        let yes = applied_message(message("c-2", key(3), 11));
        desk.answer(
            &sent,
            vec![refused(key(1), Code::ParamsInvalid), skipped(key(2)), yes],
        );
        assert_eq!(desk.state(1), Some(OperationState::Failed));
        assert_eq!(desk.state(2), Some(OperationState::Queued));
        // What only changes something is not held.
        desk.change(4, pin("c-1", true)).unwrap();
        let next = desk.go_one(Over::Socket).keys();
        match policy {
            FailurePolicy::Hold => assert_eq!(next, [key(4)]),
            FailurePolicy::Skip => assert_eq!(next, [key(2), key(4)]),
        }
    }
}

#[test]
fn a_retried_message_keeps_its_place_before_those_that_it_held() {
    let mut desk = Desk::new();
    desk.write(1, "c-1");
    desk.write(2, "c-1");
    let sent = desk.go_one(Over::Socket);
    desk.answer(
        &sent,
        vec![refused(key(1), Code::ParamsInvalid), skipped(key(2))],
    );
    assert!(desk.go(Over::Socket).is_empty());
    assert_eq!(desk.retry(1), Ok(Reply::Done));
    assert_eq!(
        desk.state(1),
        Some(OperationState::Queued),
        "certainly not there"
    );
    assert_eq!(desk.go_one(Over::Socket).keys(), [key(1), key(2)]);
}

#[test]
fn a_failed_change_holds_nobody_and_has_no_effect() {
    for policy in [FailurePolicy::Hold, FailurePolicy::Skip] {
        let mut desk = Desk::new();
        desk.config.failure_policy = policy;
        desk.change(1, pin("c-1", true)).unwrap();
        let sent = desk.go_one(Over::Socket);
        desk.answer(&sent, vec![refused(key(1), Code::ConversationForbidden)]);
        assert_eq!(desk.state(1), Some(OperationState::Failed));
        desk.write(2, "c-1");
        assert_eq!(desk.go_one(Over::Socket).keys(), [key(2)]);
    }
}

#[test]
fn a_refused_receipt_is_gone_and_the_pointer_with_it() {
    let mut desk = Desk::new();
    desk.mark_read(1, "c-1", 7).unwrap();
    assert_eq!(desk.read_to("c-1"), Position(7));
    let sent = desk.go_one(Over::Socket);
    desk.answer(&sent, vec![refused(key(1), Code::ConversationNotFound)]);
    assert_eq!(desk.state(1), None);
    assert_eq!(desk.read_to("c-1"), Position::ZERO);
}

#[test]
fn files_hold_their_message_and_the_messages_behind_it_but_no_change() {
    let mut desk = Desk::new();
    let mut send = text("c-1", "");
    send.attachments.push(file(1));
    desk.send(1, send).unwrap();
    desk.write(2, "c-1");
    desk.change(3, pin("c-2", true)).unwrap();
    assert_eq!(desk.go_one(Over::Socket).keys(), [key(3)]);
    desk.uploaded(1);
    let sent = desk.go_one(Over::Socket);
    assert_eq!(sent.keys(), [key(1), key(2)]);
    let Ok(Method::MessageSend(send)) = sent.operations[0].read() else {
        panic!("{sent:?}");
    };
    assert_eq!(send.attachments[0].file_id, FileId::new("f-1").unwrap());
}

#[test]
fn over_http_one_request_is_under_way_and_the_budget_is_waited_for() {
    let mut desk = Desk::new();
    desk.write(1, "c-1");
    let closed = desk
        .bench
        .now()
        .mono
        .plus(std::time::Duration::from_secs(9));
    let mut way = Way {
        channel: Channel::Http,
        token: None,
        gate: Gate::OPEN,
    };
    assert!(desk.reconcile(&way).is_empty(), "without a token");
    way.token = Some(Secret::new("token"));
    way.gate = Gate::ClosedUntil(closed);
    assert!(desk.reconcile(&way).is_empty(), "without budget");
    assert_eq!(desk.outbox.timers().get(Timer::SubmitAgain), Some(closed));
    way.gate = Gate::OPEN;
    assert!(desk.reconcile(&way).is_empty(), "until then");
    desk.wait(Timer::SubmitAgain);
    assert_eq!(desk.reconcile(&way).len(), 1);
    way.channel = Channel::None;
    desk.write(2, "c-2");
    assert!(desk.reconcile(&way).is_empty(), "by nothing");
}

#[test]
fn the_end_of_the_session_takes_everything_back_and_waits_for_nothing() {
    for over in BOTH {
        let mut desk = Desk::new();
        desk.write(1, "c-1");
        let sent = desk.go_one(over);
        desk.write(2, "c-2");
        desk.run(|outbox, tx, _| outbox.stop(tx).unwrap());
        assert_eq!(desk.state(1), Some(OperationState::Unconfirmed));
        assert_eq!(desk.state(2), Some(OperationState::Queued));
        assert_eq!(desk.outbox.timers().next(), None);
        let yes = applied_message(message("c-1", key(1), 11));
        assert!(desk.answer(&sent, vec![yes]).is_empty(), "a late answer");
        let acting_nobody = desk.run(|outbox, tx, _| {
            let way = Way {
                channel: Channel::Http,
                token: None,
                gate: Gate::OPEN,
            };
            outbox.reconcile(tx, &way, None).unwrap();
        });
        assert!(acting_nobody.effects.is_empty());
    }
}

/// An earlier submit did it after all, and the log says so before or after the lane begins to wait: the next message has
/// nothing to wait for.
#[test]
fn a_lane_in_which_nothing_is_left_does_not_wait() {
    for is_first in [true, false] {
        let mut desk = Desk::new();
        desk.write(1, "c-1");
        desk.write(2, "c-1");
        let lane = desk.lane("c-1");
        let sent = desk.go_one(Over::Socket);
        let confirmed = |desk: &mut Desk, number| {
            desk.run(|outbox, tx, _| outbox.confirmed(tx, key(number)).unwrap());
        };
        confirmed(&mut desk, 1);
        if is_first {
            confirmed(&mut desk, 2);
            desk.refuse(&sent, Some(Code::ServerError));
        } else {
            desk.refuse(&sent, Some(Code::ServerError));
            assert!(
                desk.go(Over::Socket).is_empty(),
                "2 waits, as it was asked to"
            );
            assert!(desk.outbox.timers().is_set(Timer::LaneRetry(lane)));
            confirmed(&mut desk, 2);
        }
        assert!(
            !desk.outbox.timers().is_set(Timer::LaneRetry(lane)),
            "{is_first}"
        );
        desk.write(3, "c-1");
        assert_eq!(desk.go_one(Over::Socket).keys(), [key(3)]);
    }
}

#[test]
fn a_lane_of_which_the_last_was_given_up_does_not_wait() {
    let mut desk = Desk::new();
    desk.write(1, "c-1");
    let sent = desk.go_one(Over::Socket);
    desk.answer(&sent, vec![refused(key(1), Code::RateLimited)]);
    assert!(desk.go(Over::Socket).is_empty());
    desk.discard(1, None).unwrap();
    desk.write(2, "c-1");
    assert_eq!(desk.go_one(Over::Socket).keys(), [key(2)]);
}

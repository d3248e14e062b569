//! What may have been applied: it is not given up here alone, and not tried again when it is too old.

use super::*;
use crate::io::CommandError;
use fulmar_protocol::{MessageEdit, ReactionAdd};

#[test]
fn discard_in_every_state() {
    for delete in [None, Some(9)] {
        // Queued.
        let mut desk = Desk::new();
        desk.write(1, "c-1");
        assert_eq!(desk.discard(1, delete), Ok(Reply::Done));
        assert_eq!((desk.state(1), desk.state(9)), (None, None));
        // In flight, and then without an answer.
        let mut desk = Desk::new();
        desk.write(1, "c-1");
        let sent = desk.go_one(Over::Socket);
        for state in [OperationState::InFlight, OperationState::Unconfirmed] {
            assert_eq!(desk.state(1), Some(state));
            let operation_key = key(1);
            let expected = match delete {
                None => Err(CommandError::MayBeSent { operation_key }),
                Some(_) => Ok(Reply::Done),
            };
            assert_eq!(desk.discard(1, delete), expected, "{state}");
            assert_eq!(desk.state(1), Some(state), "it stays until that is known");
            let waiting = delete.map(|_| OperationState::Queued);
            assert_eq!(desk.state(9), waiting, "{state}");
            desk.refuse(&sent, None);
        }
        // Failed.
        let mut desk = Desk::new();
        desk.write(1, "c-1");
        let sent = desk.go_one(Over::Socket);
        desk.answer(&sent, vec![refused(key(1), Code::ParamsInvalid)]);
        assert_eq!(desk.discard(1, delete), Ok(Reply::Done));
        assert_eq!((desk.state(1), desk.state(9)), (None, None));
        // Applied: only the log can end it.
        let mut desk = Desk::new();
        desk.change(1, pin("c-1", true)).unwrap();
        let sent = desk.go_one(Over::Socket);
        desk.answer(&sent, vec![applied(key(1))]);
        let state = OperationState::Applied;
        assert_eq!(
            desk.discard(1, delete),
            Err(CommandError::WrongState {
                operation_key: key(1),
                state
            })
        );
        let operation_key = key(7);
        assert_eq!(
            desk.discard(7, delete),
            Err(CommandError::NoSuchOperation { operation_key })
        );
    }
}

#[test]
fn a_deletion_waits_behind_its_message_and_goes_out_with_it() {
    let mut desk = Desk::new();
    desk.in_doubt(1);
    assert_eq!(desk.discard(1, Some(9)), Ok(Reply::Done));
    assert_eq!(desk.discard(1, Some(10)), Ok(Reply::Done), "asked twice");
    assert_eq!(desk.state(10), None);
    let sent = desk.go_one(Over::Socket);
    assert_eq!(sent.keys(), [key(1), key(9)]);
    let yes = applied_message(message("c-1", key(1), 11));
    desk.answer(&sent, vec![yes, applied(key(9))]);
    assert_eq!(desk.state(1), None);
    assert_eq!(desk.state(9), Some(OperationState::Applied));
}

/// Nobody should see a message that was given up before it was there.
#[test]
fn a_deleted_message_that_is_known_not_to_be_there_goes_without_being_sent() {
    for over in BOTH {
        for code in [Code::RateLimited, Code::ParamsInvalid, Code::TokenExpired] {
            for whole in [false, true] {
                let mut desk = Desk::new();
                desk.write(1, "c-1");
                let sent = desk.go_one(over);
                assert_eq!(desk.discard(1, Some(9)), Ok(Reply::Done));
                if whole {
                    desk.refuse(&sent, Some(code.clone()));
                } else {
                    desk.answer(&sent, vec![refused(key(1), code.clone())]);
                }
                let what = format!("{over:?} {code} {whole}");
                assert_eq!((desk.state(1), desk.state(9)), (None, None), "{what}");
                desk.rested();
                assert!(desk.go(over).is_empty(), "{what}");
            }
        }
    }
}

#[test]
fn a_deleted_message_that_may_be_there_is_tried_until_that_is_known() {
    let mut desk = Desk::new();
    desk.in_doubt(1);
    desk.discard(1, Some(9)).unwrap();
    for _ in 0..3 {
        let sent = desk.go_one(Over::Socket);
        assert_eq!(sent.keys(), [key(1), key(9)]);
        desk.answer(
            &sent,
            vec![refused(key(1), Code::RateLimited), skipped(key(9))],
        );
        assert_eq!(desk.state(1), Some(OperationState::Unconfirmed));
        assert_eq!(desk.state(9), Some(OperationState::Queued));
        desk.rested();
    }
    let sent = desk.go_one(Over::Socket);
    desk.answer(
        &sent,
        vec![refused(key(1), Code::ParamsInvalid), skipped(key(9))],
    );
    assert_eq!((desk.state(1), desk.state(9)), (None, None));
}

#[test]
fn only_messages_can_be_deleted_behind_themselves() {
    let mut desk = Desk::new();
    desk.change(1, pin("c-1", true)).unwrap();
    let sent = desk.go_one(Over::Socket);
    desk.refuse(&sent, None);
    let operation_key = key(1);
    assert_eq!(
        desk.discard(1, Some(9)),
        Err(CommandError::MayBeSent { operation_key })
    );
}

/// One kind of operation that went out once and had no answer.
fn old(desk: &mut Desk, what: &str) {
    let message_key = key(20);
    let conversation_id = conversation_id("c-1");
    match what {
        "message" => desk.write(1, "c-1"),
        "settings" => assert!(desk.change(1, pin("c-1", true)).is_ok()),
        "receipt" => assert!(desk.mark_read(1, "c-1", 7).is_ok()),
        "reaction" => {
            desk.run(|_, tx, acting| {
                let lane = conversations::find(&tx.db, &conversation_id)
                    .unwrap()
                    .unwrap();
                let there = message("c-1", message_key, 5);
                let own = Some(acting.owner);
                crate::store::messages::upsert_confirmed(&tx.db, lane, &there, own).unwrap();
            });
            let emoji = "👍".to_owned();
            let method = Method::ReactionAdd(ReactionAdd {
                conversation_id,
                message_key,
                emoji,
            });
            assert!(desk.change(1, method).is_ok());
        }
        other => panic!("{other}"),
    }
    let sent = desk.go_one(Over::Socket);
    desk.refuse(&sent, None);
    assert_eq!(desk.state(1), Some(OperationState::Unconfirmed));
}

/// What has no answer after so many days by each clock, and whether it is tried again.
fn after_days(what: &str, retention: u64, server: i64, device: i64) -> bool {
    let mut desk = Desk::new();
    let mut said = ready(EPOCH);
    said.operation_key_retention_ms = retention;
    desk.connected(&said);
    old(&mut desk, what);
    desk.bench.set_wall(Timestamp(EPOCH + device * DAY_MS));
    said.server_time = Timestamp(EPOCH + server * DAY_MS);
    desk.connected(&said);
    let tried = desk.go(Over::Socket).len() == 1;
    if tried {
        assert_eq!(desk.state(1), Some(OperationState::InFlight));
    } else {
        assert_eq!(desk.state(1), Some(OperationState::Failed));
        assert_eq!(desk.failure(1), Some(FailureReason::OutcomeUnknown));
    }
    tried
}

#[test]
fn age_is_measured_by_the_clock_of_the_server_alone() {
    let month = (30 * DAY_MS) as u64;
    for device in [-40, 0, 40, 4_000] {
        for what in ["message", "reaction"] {
            assert!(after_days(what, month, 0, device), "{what} {device}");
            assert!(after_days(what, month, 30, device), "{what} {device}");
            assert!(!after_days(what, month, 31, device), "{what} {device}");
            // Its clock was set back.
            assert!(after_days(what, month, -40, device), "{what} {device}");
        }
        for what in ["settings", "receipt"] {
            assert!(after_days(what, month, 4_000, device), "{what} {device}");
        }
    }
}

#[test]
fn a_memory_of_less_than_thirty_days_is_not_believed() {
    for retention in [0, 1, 29 * DAY_MS as u64] {
        assert!(after_days("message", retention, 29, 0), "{retention}");
        assert!(!after_days("message", retention, 31, 0), "{retention}");
    }
    let year = 365 * DAY_MS as u64;
    assert!(after_days("message", year, 364, 0));
    assert!(!after_days("message", year, 366, 0));
    assert!(after_days("message", u64::MAX, 40_000, 0));
}

#[test]
fn what_was_never_tried_or_certainly_not_applied_is_never_too_old() {
    for tried in [false, true] {
        let mut desk = Desk::new();
        desk.connected(&ready(EPOCH));
        desk.write(1, "c-1");
        if tried {
            let sent = desk.go_one(Over::Socket);
            desk.answer(&sent, vec![refused(key(1), Code::RateLimited)]);
        }
        desk.connected(&ready(EPOCH + 4_000 * DAY_MS));
        assert_eq!(desk.go_one(Over::Socket).keys(), [key(1)]);
    }
}

#[test]
fn the_age_counts_from_the_first_try_without_an_answer() {
    let mut desk = Desk::new();
    for day in [0, 10, 20, 30] {
        desk.connected(&ready(EPOCH + day * DAY_MS));
        if day == 0 {
            desk.write(1, "c-1");
        }
        let sent = desk.go_one(Over::Socket);
        desk.refuse(&sent, None);
    }
    desk.connected(&ready(EPOCH + 31 * DAY_MS));
    assert!(desk.go(Over::Socket).is_empty());
    assert_eq!(desk.failure(1), Some(FailureReason::OutcomeUnknown));
}

#[test]
fn what_is_too_old_goes_out_again_when_the_app_says_so_and_is_as_young_as_that() {
    let mut desk = Desk::new();
    desk.connected(&ready(EPOCH));
    desk.in_doubt(1);
    desk.write(2, "c-1");
    desk.connected(&ready(EPOCH + 31 * DAY_MS));
    assert!(desk.go(Over::Socket).is_empty(), "it holds its lane");
    assert_eq!(desk.retry(1), Ok(Reply::Done));
    assert_eq!(desk.state(1), Some(OperationState::Unconfirmed));
    let sent = desk.go_one(Over::Socket);
    assert_eq!(sent.keys(), [key(1), key(2)]);
    desk.refuse(&sent, None);
    desk.connected(&ready(EPOCH + 60 * DAY_MS));
    assert_eq!(desk.go_one(Over::Socket).keys(), [key(1), key(2)]);
}

/// Nobody can say whether it is there: that is the app's decision, and the log may still tell of it.
#[test]
fn what_is_too_old_can_be_given_up_and_holds_nobody_then() {
    let mut desk = Desk::new();
    desk.connected(&ready(EPOCH));
    desk.in_doubt(1);
    desk.write(2, "c-1");
    desk.connected(&ready(EPOCH + 31 * DAY_MS));
    assert!(desk.go(Over::Socket).is_empty());
    assert_eq!(desk.discard(1, None), Ok(Reply::Done));
    assert_eq!(desk.go_one(Over::Socket).keys(), [key(2)]);
    desk.run(|outbox, tx, _| outbox.confirmed(tx, key(1)).unwrap());
    assert_eq!(desk.state(1), None);
}

/// A lane that stops must not stop the others.
#[test]
fn many_that_are_too_old_do_not_hold_up_what_is_behind_them() {
    let mut desk = Desk::new();
    let mut said = ready(EPOCH);
    said.limits.operations_per_submit = 2;
    desk.connected(&said);
    for number in 1..=4 {
        let name = format!("d-{number}");
        desk.knows(&group(&name, 0));
        desk.write(number, &name);
    }
    for sent in desk.go(Over::Socket) {
        desk.refuse(&sent, None);
    }
    desk.write(9, "c-2");
    said.server_time = Timestamp(EPOCH + 31 * DAY_MS);
    desk.connected(&said);
    assert_eq!(desk.go_one(Over::Socket).keys(), [key(9)]);
    for number in 1..=4 {
        assert_eq!(desk.state(number), Some(OperationState::Failed));
    }
}

/// Only what has not left the device can be changed without a word to the server.
#[test]
fn an_edit_goes_into_a_message_only_while_the_server_certainly_does_not_have_it() {
    let edit = || {
        Method::MessageEdit(MessageEdit {
            conversation_id: conversation_id("c-1"),
            message_key: key(1),
            text: "better".to_owned(),
            mentions: Vec::new(),
        })
    };
    let says = |desk: &mut Desk| match desk.method(1) {
        Method::MessageSend(send) => send.text,
        other => panic!("{other:?}"),
    };
    let mut desk = Desk::new();
    desk.write(1, "c-1");
    assert_eq!(desk.change(2, edit()), Ok(Reply::Done));
    assert_eq!((says(&mut desk), desk.state(2)), ("better".into(), None));
    let mut desk = Desk::new();
    desk.in_doubt(1);
    assert_eq!(desk.change(2, edit()), Ok(Reply::Done));
    assert_eq!(says(&mut desk), "hello");
    assert_eq!(desk.state(2), Some(OperationState::Queued));
    assert_eq!(desk.go_one(Over::Socket).keys(), [key(1), key(2)]);
}

/// The server looked for the files, so it has not applied it, whatever became of an earlier try.
#[test]
fn a_message_whose_files_are_lost_on_both_sides_fails_also_after_an_unanswered_try() {
    let mut desk = Desk::new();
    desk.connected(&ready(EPOCH));
    let mut send = text("c-1", "");
    send.attachments.push(file(1));
    desk.send(1, send).unwrap();
    desk.uploaded(1);
    let sent = desk.go_one(Over::Socket);
    desk.refuse(&sent, None);
    let sent = desk.go_one(Over::Socket);
    let news = desk.answer(&sent, vec![refused(key(1), Code::FileNotFound)]);
    assert!(matches!(&news[..], [OutboxNews::FilesMissing(_)]));
    desk.run(|outbox, tx, _| {
        outbox
            .file_failed(tx, key(1), &FailureReason::FileLost)
            .unwrap();
    });
    assert_eq!(desk.state(1), Some(OperationState::Failed));
    assert_eq!(desk.failure(1), Some(FailureReason::FileLost));
}

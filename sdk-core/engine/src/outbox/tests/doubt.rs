//! What may have been applied: it is not given up here alone, and what is too old is the app's to decide.

use super::*;
use crate::io::CommandError;
use fulmar_protocol::{Capability, MessageEdit};

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

/// Nobody can say whether it is there: that is the app's decision, and the log may still tell of it.
#[test]
fn what_is_too_old_can_be_given_up_and_holds_nobody_then() {
    let mut desk = Desk::new();
    desk.connected(&ready(EPOCH));
    desk.in_doubt(1);
    desk.write(2, "c-1");
    desk.days_later(31, EPOCH + 31 * DAY_MS);
    assert!(desk.go(Over::Socket).is_empty());
    assert_eq!(desk.discard(1, None), Ok(Reply::Done));
    assert_eq!(desk.go_one(Over::Socket).keys(), [key(2)]);
    desk.run(|outbox, tx, _| outbox.confirmed(tx, key(1)).unwrap());
    assert_eq!(desk.state(1), None);
}

/// Where it never was, the server says that there is no such message, which comes to the same.
#[test]
fn what_is_too_old_can_be_deleted_wherever_it_is_and_its_thread_goes_on() {
    for there in [true, false] {
        let mut desk = Desk::new();
        desk.connected(&ready(EPOCH));
        desk.in_doubt(1);
        let reply = MessageSend {
            thread_root: Some(key(1)),
            ..text("c-1", "reply")
        };
        desk.send(2, reply).unwrap();
        desk.days_later(31, EPOCH + 31 * DAY_MS);
        assert!(desk.go(Over::Socket).is_empty());
        assert_eq!(desk.discard(1, Some(9)), Ok(Reply::Done));
        assert_eq!(desk.state(1), None);
        let Method::MessageDelete(delete) = desk.method(9) else {
            panic!("{:?}", desk.method(9));
        };
        assert_eq!(delete.message_key, key(1));
        let sent = desk.go_one(Over::Socket);
        assert_eq!(sent.keys(), [key(2), key(9)]);
        let answer = if there {
            applied(key(9))
        } else {
            refused(key(9), Code::MessageNotFound)
        };
        let reply = applied_message(message("c-1", key(2), 12));
        desk.answer(&sent, vec![reply, answer]);
        let left = there.then_some(OperationState::Applied);
        assert_eq!((desk.state(2), desk.state(9)), (None, left));
    }
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
    desk.restart();
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

/// A server that was restored may have lost the files of a message that was tried often for other reasons.
#[test]
fn files_go_up_again_however_often_their_message_was_tried() {
    let mut desk = Desk::new();
    desk.connected(&ready(EPOCH));
    let mut send = text("c-1", "");
    send.attachments.push(file(1));
    desk.send(1, send).unwrap();
    for _ in 0..9 {
        desk.uploaded(1);
        let sent = desk.go_one(Over::Socket);
        desk.refuse(&sent, None);
    }
    for lost in 1..=4 {
        let sent = desk.go_one(Over::Socket);
        desk.answer(&sent, vec![refused(key(1), Code::FileNotFound)]);
        let failed = desk.state(1) == Some(OperationState::Failed);
        assert_eq!(failed, lost == 4, "{lost}");
        if !failed {
            desk.rested();
            desk.uploaded(1);
        }
    }
}

/// After a power cut nobody may think that it was never tried: it could be changed, and go out as another one.
#[test]
fn the_first_try_is_on_the_disk_before_it_leaves() {
    for over in BOTH {
        let mut desk = Desk::new();
        desk.go(over);
        assert_eq!(desk.durability, Durability::Normal, "nothing is tried");
        desk.write(1, "c-1");
        let sent = desk.go_one(over);
        assert_eq!(desk.durability, Durability::Full);
        desk.refuse(&sent, None);
        desk.rested();
        desk.go_one(over);
        assert_eq!(desk.durability, Durability::Normal, "the second one");
    }
}

#[test]
fn where_nothing_can_be_deleted_what_may_be_sent_stays() {
    let capability = Capability::Editing;
    let mut minimal = ready(EPOCH);
    minimal.capabilities.remove(&capability);
    for in_flight in [true, false] {
        let mut desk = Desk::new();
        desk.connected(&minimal);
        desk.write(1, "c-1");
        if in_flight {
            desk.go_one(Over::Socket);
        } else {
            desk.in_doubt(1);
        }
        let before = desk.state(1);
        let refused = Err(CommandError::Unsupported { capability });
        assert_eq!(desk.discard(1, Some(9)), refused);
        assert_eq!((desk.state(1), desk.state(9)), (before, None));
        // What never went out needs no server.
        desk.write(2, "c-1");
        assert_eq!(desk.discard(2, Some(8)), Ok(Reply::Done));
        assert_eq!(desk.state(2), None);
    }
}

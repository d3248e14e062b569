//! Commands: asked twice, with keys that are taken, in a full outbox.

use super::*;
use crate::io::{CommandError, Field, FieldRule, NewConversation, Rule};
use fulmar_protocol::text::DRAFT_BYTES;
use fulmar_protocol::{MessageEdit, ReceiptUpdate};

fn count(desk: &mut Desk) -> u32 {
    desk.bench
        .run(|tx| operations::count_unsent(&tx.db).unwrap())
        .result
}

fn create(desk: &mut Desk, number: u8) -> CommandResult {
    let new = NewConversation::Group {
        title: "Rome".to_owned(),
        participants: vec![user("bob")],
        avatar_url: None,
        context: None,
    };
    let step = desk.run(|outbox, tx, acting| outbox.create(tx, key(number), new, acting));
    step.result.unwrap()
}

/// One command of each kind, under a key.
fn command(desk: &mut Desk, kind: usize, number: u8) -> CommandResult {
    match kind {
        0 => desk.send(number, text("c-1", "hello")),
        1 => desk.change(number, pin("c-1", true)),
        2 => create(desk, number),
        3 => desk.mark_read(number, "c-1", 7),
        other => panic!("{other}"),
    }
}

const KINDS: usize = 4;

#[test]
fn a_repeated_command_has_the_same_answer_and_no_second_effect() {
    for kind in 0..KINDS {
        let mut desk = Desk::new();
        let first = command(&mut desk, kind, 1);
        assert!(first.is_ok(), "{kind}: {first:?}");
        assert_eq!(command(&mut desk, kind, 1), first, "{kind}");
        assert_eq!(count(&mut desk), 1, "{kind}");
        let sent = desk.go_one(Over::Socket);
        assert_eq!(command(&mut desk, kind, 1), first, "{kind}, in flight");
        desk.refuse(&sent, None);
        assert_eq!(command(&mut desk, kind, 1), first, "{kind}, in doubt");
        assert_eq!(count(&mut desk), 1, "{kind}");
    }
}

/// A key that an app uses for two things must not break the store for both.
#[test]
fn a_key_that_is_taken_by_another_operation_changes_nothing() {
    for first in 0..KINDS {
        for second in 0..KINDS {
            for sent in [false, true] {
                let mut desk = Desk::new();
                command(&mut desk, first, 1).unwrap();
                if sent {
                    desk.go_one(Over::Socket);
                }
                let before = desk.method(1);
                let state = desk.state(1).unwrap();
                let operation_key = key(1);
                let what = format!("{first} {second} {sent}");
                let reply = command(&mut desk, second, 1);
                if first == second {
                    assert!(reply.is_ok(), "{what}: {reply:?}");
                } else {
                    let taken = CommandError::WrongState {
                        operation_key,
                        state,
                    };
                    assert_eq!(reply, Err(taken), "{what}");
                }
                assert_eq!(count(&mut desk), 1, "{what}");
                assert_eq!(desk.method(1), before, "{what}");
            }
        }
    }
}

#[test]
fn a_further_read_mark_under_a_key_that_is_in_flight_is_refused() {
    let mut desk = Desk::new();
    desk.mark_read(1, "c-1", 5).unwrap();
    desk.go_one(Over::Socket);
    let operation_key = key(1);
    let state = OperationState::InFlight;
    assert_eq!(
        desk.mark_read(1, "c-1", 7),
        Err(CommandError::WrongState {
            operation_key,
            state
        })
    );
    assert_eq!(desk.read_to("c-1"), Position(5), "it would never be told");
    assert_eq!(desk.mark_read(2, "c-1", 8), Ok(Reply::Done));
    assert_eq!(desk.state(2), Some(OperationState::Queued));
    assert_eq!(desk.read_to("c-1"), Position(8));
}

#[test]
fn a_full_outbox_refuses_and_drops_nothing() {
    for kind in 0..KINDS {
        let mut desk = Desk::new();
        desk.config.outbox_capacity = 2;
        desk.write(1, "c-2");
        desk.write(2, "c-2");
        let full = Err(CommandError::OutboxFull { capacity: 2 });
        assert_eq!(command(&mut desk, kind, 3), full, "{kind}");
        assert_eq!(desk.state(3), None);
        assert_eq!(desk.read_to("c-1"), Position::ZERO, "it is not read");
        let sent = desk.go_one(Over::Socket);
        assert_eq!(sent.keys(), [key(1), key(2)], "{kind}");
        desk.answer(&sent, vec![applied_message(message("c-2", key(1), 11))]);
        let reply = command(&mut desk, kind, 3);
        assert!(reply.is_ok(), "{kind}: there is room again: {reply:?}");
    }
}

#[test]
fn what_folds_needs_no_room() {
    let mut desk = Desk::new();
    desk.config.outbox_capacity = 2;
    desk.write(1, "c-1");
    desk.change(2, pin("c-2", true)).unwrap();
    let edit = Method::MessageEdit(MessageEdit {
        conversation_id: conversation_id("c-1"),
        message_key: key(1),
        text: "better".to_owned(),
        mentions: Vec::new(),
    });
    assert_eq!(desk.change(3, edit), Ok(Reply::Done));
    assert_eq!(desk.change(4, pin("c-2", false)), Ok(Reply::Done));
    assert_eq!(desk.change(5, delete("c-1", key(1))), Ok(Reply::Done));
    assert_eq!(count(&mut desk), 1);
}

/// The capacity may be smaller than it was when these were taken.
#[test]
fn a_deletion_that_takes_the_place_of_an_edit_needs_no_room() {
    let mut desk = Desk::new();
    let lane = desk.lane("c-1");
    let own = desk.owner.clone();
    let there = message("c-1", key(20), 5);
    desk.bench.run(|tx| {
        crate::store::messages::upsert_confirmed(&tx.db, lane.conversation(), &there, Some(&own))
            .unwrap();
    });
    let edit = Method::MessageEdit(MessageEdit {
        conversation_id: conversation_id("c-1"),
        message_key: key(20),
        text: "better".to_owned(),
        mentions: Vec::new(),
    });
    desk.change(1, edit).unwrap();
    desk.write(2, "c-2");
    desk.write(3, "c-2");
    desk.config.outbox_capacity = 1;
    assert_eq!(desk.change(4, delete("c-1", key(20))), Ok(Reply::Done));
    assert_eq!(desk.state(1), None);
    assert_eq!(desk.state(4), Some(OperationState::Queued));
}

#[test]
fn what_has_a_command_of_its_own_is_no_change() {
    let mut desk = Desk::new();
    let rule = Rule::NotAChange;
    let send = Method::MessageSend(text("c-1", "hello"));
    assert_eq!(desk.change(1, send), Err(CommandError::NotAllowed { rule }));
    assert_eq!(count(&mut desk), 0);
}

#[test]
fn a_read_pointer_only_grows_and_ends_where_the_conversation_does() {
    let mut desk = Desk::new();
    for (number, up_to, expected) in [(1, 7, 7), (2, 3, 7), (3, 99, 10), (4, 10, 10)] {
        assert_eq!(desk.mark_read(number, "c-1", up_to), Ok(Reply::Done));
        assert_eq!(desk.read_to("c-1"), Position(expected), "{up_to}");
    }
    let sent = desk.go_one(Over::Socket);
    assert_eq!(sent.keys(), [key(1)], "it is one operation");
    assert_eq!(sent.operations[0].params["readTo"], 10);
    let receipt = |to| {
        Method::ReceiptUpdate(ReceiptUpdate {
            conversation_id: conversation_id("c-2"),
            delivered_to: None,
            read_to: Some(Position(to)),
        })
    };
    desk.change(8, receipt(9)).unwrap();
    desk.change(9, receipt(4)).unwrap();
    assert_eq!(desk.method(8), receipt(9));
}

#[test]
fn nothing_is_done_in_conversations_that_are_not_here_or_were_left() {
    let mut desk = Desk::new();
    let id = conversation_id("c-9");
    let none: CommandResult = Err(CommandError::NoSuchConversation { id });
    assert_eq!(desk.send(1, text("c-9", "hello")), none);
    assert_eq!(desk.change(1, pin("c-9", true)), none);
    assert_eq!(desk.mark_read(1, "c-9", 7), none);
    let lane = desk.lane("c-1");
    desk.bench
        .run(|tx| conversations::set_gone(&tx.db, lane.conversation()).unwrap());
    let rule = Rule::LeftConversation;
    let left: CommandResult = Err(CommandError::NotAllowed { rule });
    assert_eq!(desk.send(1, text("c-1", "hello")), left);
    assert_eq!(desk.change(1, pin("c-1", true)), left);
    assert_eq!(desk.mark_read(1, "c-1", 7), left);
    assert_eq!(count(&mut desk), 0);
}

#[test]
fn what_only_changes_a_conversation_goes_when_the_user_leaves_it_and_messages_stay() {
    let mut desk = Desk::new();
    desk.write(1, "c-1");
    desk.change(2, pin("c-1", true)).unwrap();
    let lane = desk.lane("c-1");
    desk.run(|outbox, tx, _| outbox.left(tx, lane).unwrap());
    assert_eq!(desk.state(1), Some(OperationState::Queued));
    assert_eq!(desk.state(2), None);
}

#[test]
fn retry_in_every_state() {
    for state in OperationState::all() {
        let mut desk = Desk::new();
        if state == OperationState::Applied {
            desk.change(1, pin("c-1", true)).unwrap();
        } else {
            desk.write(1, "c-1");
        }
        if state != OperationState::Queued {
            let sent = desk.go_one(Over::Socket);
            match state {
                OperationState::Queued | OperationState::InFlight => {}
                OperationState::Unconfirmed => {
                    desk.refuse(&sent, None);
                }
                OperationState::Applied => {
                    desk.answer(&sent, vec![applied(key(1))]);
                }
                OperationState::Failed => {
                    desk.answer(&sent, vec![refused(key(1), Code::ParamsInvalid)]);
                }
            }
        }
        assert_eq!(desk.state(1), Some(state));
        let operation_key = key(1);
        let reply = desk.retry(1);
        if state == OperationState::Failed {
            assert_eq!(reply, Ok(Reply::Done));
            assert_eq!(desk.state(1), Some(OperationState::Queued));
        } else {
            let wrong = CommandError::WrongState {
                operation_key,
                state,
            };
            assert_eq!(reply, Err(wrong));
            assert_eq!(desk.state(1), Some(state));
        }
    }
    let operation_key = key(1);
    assert_eq!(
        Desk::new().retry(1),
        Err(CommandError::NoSuchOperation { operation_key })
    );
}

#[test]
fn a_draft_has_one_bound_whatever_the_server_takes_in_a_message_and_an_empty_one_is_none() {
    for text_bytes in [8 * 1024, 100_000] {
        let mut desk = Desk::new();
        let mut said = ready(EPOCH);
        said.limits.text_bytes = text_bytes;
        desk.connected(&said);
        let most_bytes = DRAFT_BYTES as u64;
        let too_long = Err(CommandError::Invalid {
            field: Field::Draft,
            rule: FieldRule::TooLong { most_bytes },
        });
        for (length, expected) in [
            (0, Ok(Reply::Done)),
            (DRAFT_BYTES, Ok(Reply::Done)),
            (DRAFT_BYTES + 1, too_long),
        ] {
            let text = "x".repeat(length);
            let id = conversation_id("c-1");
            let step = desk.run(|outbox, tx, _| outbox.set_draft(tx, &id, &text));
            assert_eq!(step.result.unwrap(), expected, "{length}");
        }
    }
}

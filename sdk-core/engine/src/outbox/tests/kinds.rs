//! Every method and everything that the server can say of its operation.

use super::*;
use crate::operation;
use crate::store::operations::NewOperation;
use fulmar_protocol::{
    ConversationCreate, ConversationLeave, ConversationUpdate, MessageEdit, MessageHide,
    MessagePin, ParticipantAdd, ParticipantRemove, ParticipantUpdate, ReactionAdd, ReactionRemove,
    ReceiptUpdate,
};

/// One of every method. A new one fails here until it is added.
fn every_method() -> Vec<Method> {
    let here = || conversation_id("c-1");
    let message_key = key(20);
    let emoji = || "👍".to_owned();
    let all = vec![
        Method::MessageSend(text("c-1", "hello")),
        Method::MessageEdit(MessageEdit {
            conversation_id: here(),
            message_key,
            text: "better".to_owned(),
            mentions: Vec::new(),
        }),
        delete("c-1", message_key),
        Method::MessageHide(MessageHide {
            conversation_id: here(),
            message_key,
        }),
        Method::MessagePin(MessagePin {
            conversation_id: here(),
            message_key,
            pinned: true,
        }),
        Method::ReactionAdd(ReactionAdd {
            conversation_id: here(),
            message_key,
            emoji: emoji(),
        }),
        Method::ReactionRemove(ReactionRemove {
            conversation_id: here(),
            message_key,
            emoji: emoji(),
        }),
        Method::ReceiptUpdate(ReceiptUpdate {
            conversation_id: here(),
            delivered_to: None,
            read_to: Some(Position(3)),
        }),
        Method::ConversationCreate(ConversationCreate {
            kind: ConversationKind::Direct,
            title: None,
            avatar_url: None,
            context: None,
            participant_ids: vec![user("bob")],
        }),
        Method::ConversationUpdate(ConversationUpdate {
            conversation_id: here(),
            title: Some("Rome".to_owned()),
            avatar_url: None,
            writing: None,
            context: None,
        }),
        Method::ConversationLeave(ConversationLeave {
            conversation_id: here(),
        }),
        Method::ParticipantAdd(ParticipantAdd {
            conversation_id: here(),
            user_ids: vec![user("carol")],
        }),
        Method::ParticipantRemove(ParticipantRemove {
            conversation_id: here(),
            user_id: user("bob"),
        }),
        Method::ParticipantUpdate(ParticipantUpdate {
            conversation_id: here(),
            user_id: user("bob"),
            role: Role::Admin,
        }),
        pin("c-1", true),
    ];
    let names: Vec<&str> = all.iter().map(Method::name).collect();
    assert_eq!(names, Method::NAMES);
    all
}

/// A desk in which this operation is in flight.
fn in_flight(method: &Method, over: Over) -> (Desk, Sent) {
    let mut desk = Desk::new();
    let lane = desk.lane("c-1");
    desk.bench.run(|tx| {
        let new = NewOperation {
            operation_key: key(1),
            lane,
            method,
            holds_lane: operation::of(method).holds_lane(),
            now: Timestamp(EPOCH),
        };
        operations::enqueue(&tx.db, &new).unwrap();
    });
    let sent = desk.go_one(over);
    (desk, sent)
}

fn done() -> Outcome {
    Outcome {
        operation_key: key(1),
        status: OutcomeStatus::Applied {
            applied_at: Timestamp(EPOCH),
            seq: Seq(5),
            message: Some(Box::new(message("c-1", key(1), 11))),
            conversation: Some(Box::new(group("c-1", 10))),
        },
    }
}

#[test]
fn what_becomes_of_every_method_that_was_applied() {
    for over in BOTH {
        for method in every_method() {
            let (mut desk, sent) = in_flight(&method, over);
            let news = desk.answer(&sent, vec![done()]);
            assert!(is_progress(&news), "{method:?}");
            let told = news
                .iter()
                .any(|news| matches!(news, OutboxNews::Applied(..) | OutboxNews::Created(..)));
            // What only changes something is shown from here until the log has told of it.
            let holds = operation::of(&method).holds_lane();
            let left = (!holds).then_some(OperationState::Applied);
            assert_eq!((desk.state(1), told), (left, holds), "{method:?}");
        }
    }
}

#[test]
fn what_becomes_of_every_method_that_was_refused() {
    for over in BOTH {
        for whole in [false, true] {
            for method in every_method() {
                let (mut desk, sent) = in_flight(&method, over);
                let code = Code::ConversationForbidden;
                let news = if whole {
                    desk.refuse(&sent, Some(code))
                } else {
                    desk.answer(&sent, vec![refused(key(1), code)])
                };
                assert!(is_progress(&news), "{method:?}");
                let receipt = matches!(method, Method::ReceiptUpdate(_));
                let left = (!receipt).then_some(OperationState::Failed);
                assert_eq!(desk.state(1), left, "{method:?} {whole}");
            }
        }
    }
}

/// What was refused because the user left meanwhile has nothing to show: only what holds the lane stays.
#[test]
fn what_becomes_of_every_method_that_was_refused_after_the_user_had_left() {
    for method in every_method() {
        let (mut desk, sent) = in_flight(&method, Over::Socket);
        let lane = desk.lane("c-1");
        desk.bench
            .run(|tx| conversations::set_gone(&tx.db, lane.conversation()).unwrap());
        desk.run(|outbox, tx, _| outbox.left(tx, lane).unwrap());
        assert_eq!(desk.state(1), Some(OperationState::InFlight));
        desk.answer(&sent, vec![refused(key(1), Code::ConversationNotFound)]);
        let holds = operation::of(&method).holds_lane();
        let left = holds.then_some(OperationState::Failed);
        assert_eq!(desk.state(1), left, "{method:?}");
    }
}

#[test]
fn every_method_that_was_not_done_this_time_waits_with_its_lane() {
    for over in BOTH {
        for method in every_method() {
            for lost in [false, true] {
                let (mut desk, sent) = in_flight(&method, over);
                let (outcomes, state) = if lost {
                    (Vec::new(), OperationState::Unconfirmed)
                } else {
                    let late = refused(key(1), Code::ServerUnavailable);
                    (vec![late], OperationState::Queued)
                };
                assert!(desk.answer(&sent, outcomes).is_empty());
                assert_eq!(desk.state(1), Some(state), "{method:?}");
                assert!(desk.go(over).is_empty(), "{method:?}");
                desk.rested();
                assert_eq!(desk.go_one(over).operations, sent.operations);
            }
        }
    }
}

#[test]
fn only_the_newest_refused_changes_are_kept() {
    let mut desk = Desk::new();
    for number in 1..=120 {
        desk.change(number, pin("c-1", true)).unwrap();
        let sent = desk.go_one(Over::Socket);
        desk.answer(
            &sent,
            vec![refused(key(number), Code::ConversationForbidden)],
        );
    }
    let kept = (1..=120).filter(|number| desk.state(*number).is_some());
    let kept: Vec<u8> = kept.collect();
    assert_eq!(kept, (21..=120).collect::<Vec<u8>>());
}

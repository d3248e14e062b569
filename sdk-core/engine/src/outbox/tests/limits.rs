//! How much goes out at once, whatever the server says of itself.

use super::*;

fn limits(change: impl FnOnce(&mut Limits)) -> Ready {
    let mut said = ready(EPOCH);
    change(&mut said.limits);
    said
}

#[test]
fn limits_of_zero_are_not_believed() {
    let zero = limits(|limits| {
        *limits = Limits {
            operations_per_submit: 0,
            frame_bytes: 0,
            text_bytes: 0,
            page_size: 0,
            file_bytes: 0,
            chunk_bytes: 0,
        };
    });
    let mut desk = Desk::new();
    desk.connected(&zero);
    assert_eq!(*desk.outbox.limits(), Limits::default());
    desk.write(1, "c-1");
    desk.write(2, "c-1");
    assert_eq!(desk.go_one(Over::Socket).keys(), [key(1), key(2)]);
}

#[test]
fn each_limit_of_zero_alone_is_not_believed_and_the_others_are() {
    type Set = fn(&mut Limits, u32);
    let all: [Set; 6] = [
        |limits, to| limits.operations_per_submit = to,
        |limits, to| limits.frame_bytes = to,
        |limits, to| limits.text_bytes = to,
        |limits, to| limits.page_size = to,
        |limits, to| limits.file_bytes = to.into(),
        |limits, to| limits.chunk_bytes = to,
    ];
    for (one, zero) in all.into_iter().enumerate() {
        let mut desk = Desk::new();
        desk.connected(&limits(|limits| {
            all.into_iter().for_each(|set| set(limits, 7));
            zero(limits, 0);
        }));
        let mut expected = Limits::default();
        for (other, set) in all.into_iter().enumerate() {
            if other != one {
                set(&mut expected, 7);
            }
        }
        assert_eq!(*desk.outbox.limits(), expected, "{one}");
    }
}

#[test]
fn a_submit_holds_at_most_so_many_operations() {
    for most in [1, 2, 3] {
        let mut desk = Desk::new();
        desk.connected(&limits(|limits| limits.operations_per_submit = most));
        for number in 1..=6 {
            let name = format!("d-{number}");
            desk.knows(&group(&name, 0));
            desk.write(number, &name);
        }
        let sent = desk.go(Over::Socket);
        assert_eq!(sent.len(), 6 / most as usize);
        let all: Vec<OperationKey> = sent.iter().flat_map(Sent::keys).collect();
        assert_eq!(all, (1..=6).map(key).collect::<Vec<_>>());
    }
}

#[test]
fn an_operation_that_is_larger_than_a_frame_may_be_goes_out_alone() {
    for frame_bytes in [1, 100, 2_000] {
        let mut desk = Desk::new();
        desk.connected(&limits(|limits| limits.frame_bytes = frame_bytes));
        for number in 1..=3 {
            let long = "x".repeat(1_500);
            desk.send(number, text("c-1", &long)).unwrap();
        }
        assert_eq!(desk.go_one(Over::Socket).keys(), [key(1)]);
    }
}

/// A draft whose creation was refused, and changes that wait in it.
fn stuck_draft(desk: &mut Desk) {
    let with = user("carol");
    let new = crate::io::NewConversation::Direct { with };
    let step = desk.run(|outbox, tx, acting| outbox.create(tx, key(1), new, acting));
    assert!(step.result.unwrap().is_ok());
    let sent = desk.go_one(Over::Socket);
    desk.answer(&sent, vec![refused(key(1), Code::UserNotFound)]);
    let id = ConversationId::from(key(1));
    desk.change(2, pin(id.as_str(), true)).unwrap();
}

#[test]
fn what_waits_for_a_conversation_that_cannot_be_created_keeps_nobody_else_back() {
    for most in [1, 2, 100] {
        let mut desk = Desk::new();
        desk.connected(&limits(|limits| limits.operations_per_submit = most));
        stuck_draft(&mut desk);
        desk.write(3, "c-1");
        assert_eq!(desk.go_one(Over::Socket).keys(), [key(3)], "{most}");
        assert_eq!(desk.state(2), Some(OperationState::Queued));
    }
}

#[test]
fn behind_the_creation_of_a_conversation_its_lane_waits_for_what_it_is_called() {
    let mut desk = Desk::new();
    let new = crate::io::NewConversation::Direct {
        with: user("carol"),
    };
    let step = desk.run(|outbox, tx, acting| outbox.create(tx, key(1), new, acting));
    assert!(step.result.unwrap().is_ok());
    let draft = key(1).to_string();
    desk.write(2, &draft);
    desk.write(3, "c-1");
    let sent = desk.go_one(Over::Socket);
    assert_eq!(sent.keys(), [key(1), key(3)]);
    let lane = desk.lane(&draft);
    let id = conversation_id("c-7");
    desk.run(|_, tx, _| {
        conversations::set_server_id(&tx.db, lane.conversation(), &id, Seq(5)).unwrap();
    });
    let mut created = applied(key(1));
    if let OutcomeStatus::Applied { conversation, .. } = &mut created.status {
        *conversation = Some(Box::new(group("c-7", 0)));
    }
    desk.answer(&sent, vec![created, applied(key(3))]);
    let next = desk.go_one(Over::Socket);
    assert_eq!(next.keys(), [key(2)]);
    assert_eq!(next.operations[0].params["conversationId"], "c-7");
}

//! Giving up a message or a conversation decides about all that hangs on it.

use super::*;
use crate::config::FailurePolicy;
use crate::io::{CommandError, NewConversation};
use crate::store::messages;
use fulmar_protocol::{MessageHide, ReactionAdd};

/// The ways in which a person gives up a message that was not sent.
#[derive(Debug, Clone, Copy)]
enum How {
    Discard,
    Delete,
    Hide,
}

const WAYS: [How; 3] = [How::Discard, How::Delete, How::Hide];

fn give_up(desk: &mut Desk, number: u8, how: How) {
    let reply = match how {
        How::Discard => desk.discard(number, None),
        How::Delete => desk.change(99, delete("c-1", key(number))),
        How::Hide => desk.change(
            99,
            Method::MessageHide(MessageHide {
                conversation_id: conversation_id("c-1"),
                message_key: key(number),
            }),
        ),
    };
    assert_eq!(reply, Ok(Reply::Done), "{how:?}");
    assert_eq!((desk.state(number), desk.state(99)), (None, None));
    let shown = desk
        .bench
        .run(|tx| messages::find(&tx.db, key(number)).unwrap());
    assert!(shown.result.is_none(), "{how:?}");
}

fn in_thread(number: u8, root: u8) -> MessageSend {
    MessageSend {
        thread_root: Some(key(root)),
        ..text("c-1", &format!("reply {number}"))
    }
}

fn quote(number: u8, of: u8) -> MessageSend {
    MessageSend {
        reply_to: Some(key(of)),
        ..text("c-1", &format!("quote {number}"))
    }
}

/// That this reply failed visibly and holds nobody.
fn is_orphan(desk: &mut Desk, number: u8, what: &str) {
    assert_eq!(desk.state(number), Some(OperationState::Failed), "{what}");
    assert_eq!(
        desk.failure(number),
        Some(FailureReason::RootGivenUp),
        "{what}"
    );
    let unsent = desk
        .run(|_, tx, _| operations::count_unsent(&tx.db).unwrap())
        .result;
    assert_eq!(unsent, 1, "{what}: nobody signs out over it");
    desk.write(50, "c-1");
    let next: Vec<OperationKey> = desk.go(Over::Socket).iter().flat_map(Sent::keys).collect();
    assert!(next.contains(&key(50)), "{what}: {next:?}");
    assert!(!next.contains(&key(number)), "{what}: {next:?}");
}

#[test]
fn what_hangs_on_a_message_that_is_given_up() {
    for how in WAYS {
        for failed in [false, true] {
            let mut desk = Desk::new();
            desk.write(1, "c-1");
            if failed {
                let sent = desk.go_one(Over::Socket);
                desk.answer(&sent, vec![refused(key(1), Code::ParamsInvalid)]);
            }
            desk.send(2, in_thread(2, 1)).unwrap();
            desk.send(3, quote(3, 1)).unwrap();
            let react = Method::ReactionAdd(ReactionAdd {
                conversation_id: conversation_id("c-1"),
                message_key: key(1),
                emoji: "👍".to_owned(),
            });
            desk.change(4, react).unwrap();
            desk.write(5, "c-1");
            desk.send(6, in_thread(6, 3)).unwrap();
            give_up(&mut desk, 1, how);
            let what = format!("{how:?} {failed}");
            assert_eq!(desk.failure(2), Some(FailureReason::RootGivenUp), "{what}");
            assert_eq!(desk.state(4), None, "{what}");
            let Method::MessageSend(quoting) = desk.method(3) else {
                panic!("{what}");
            };
            assert_eq!((quoting.reply_to, &*quoting.text), (None, "quote 3"));
            let row = desk.bench.run(|tx| messages::find(&tx.db, key(3)).unwrap());
            assert_eq!(row.result.unwrap().content.reply_to, None, "{what}");
            let sent = desk.go_one(Over::Socket);
            assert_eq!(sent.keys(), [key(3), key(5), key(6)], "{what}");
        }
    }
}

#[test]
fn replies_to_others_and_in_other_conversations_are_left_alone() {
    let mut desk = Desk::new();
    desk.write(1, "c-1");
    desk.write(2, "c-1");
    desk.send(3, in_thread(3, 2)).unwrap();
    desk.send(4, quote(4, 2)).unwrap();
    desk.write(5, "c-2");
    let before: Vec<Method> = (2..=5).map(|number| desk.method(number)).collect();
    give_up(&mut desk, 1, How::Discard);
    let after: Vec<Method> = (2..=5).map(|number| desk.method(number)).collect();
    assert_eq!(before, after);
}

/// Where the root is certainly not at the server, nothing in its thread can be.
#[test]
fn a_reply_that_went_out_once_cannot_be_there_without_its_root() {
    for how in WAYS {
        let mut desk = Desk::new();
        desk.write(1, "c-1");
        desk.send(2, in_thread(2, 1)).unwrap();
        let sent = desk.go_one(Over::Socket);
        // The reply's outcome is missing.
        desk.answer(&sent, vec![refused(key(1), Code::ParamsInvalid)]);
        assert_eq!(desk.state(2), Some(OperationState::Unconfirmed));
        give_up(&mut desk, 1, how);
        desk.rested();
        is_orphan(&mut desk, 2, &format!("{how:?}"));
    }
}

#[test]
fn a_reply_that_failed_before_its_root_was_given_up_holds_nobody_any_more() {
    for how in WAYS {
        let mut desk = Desk::new();
        desk.write(1, "c-1");
        let mut reply = in_thread(2, 1);
        reply.attachments.push(file(1));
        desk.send(2, reply).unwrap();
        let lost = FailureReason::FileLost;
        desk.run(|outbox, tx, _| outbox.file_failed(tx, key(2), &lost).unwrap());
        assert_eq!(desk.failure(2), Some(lost));
        give_up(&mut desk, 1, how);
        is_orphan(&mut desk, 2, &format!("{how:?}"));
    }
}

#[test]
fn a_forwarded_message_that_loses_its_quote_stays_forwarded() {
    let mut desk = Desk::new();
    let lane = desk.lane("c-1");
    let mut source = message("c-1", key(20), 5);
    source.sender_id = user("bob");
    source.content.text = "from bob".to_owned();
    desk.bench
        .run(|tx| messages::upsert_confirmed(&tx.db, lane.conversation(), &source, None).unwrap());
    desk.write(1, "c-1");
    let forward = MessageSend {
        forward_of: Some(key(20)),
        ..quote(2, 1)
    };
    desk.send(2, forward).unwrap();
    give_up(&mut desk, 1, How::Discard);
    let row = desk
        .bench
        .run(|tx| messages::find(&tx.db, key(2)).unwrap().unwrap());
    let content = row.result.content;
    assert_eq!(content.forwarded_from, Some(user("bob")));
    assert_eq!((content.reply_to, &*content.text), (None, "from bob"));
}

/// A key whose operation may have been applied must not get other words.
#[test]
fn a_quote_that_may_be_there_stays_as_it_was_said() {
    let mut desk = Desk::new();
    desk.config.failure_policy = FailurePolicy::Skip;
    desk.write(1, "c-1");
    desk.send(2, quote(2, 1)).unwrap();
    let sent = desk.go_one(Over::Socket);
    desk.answer(&sent, vec![refused(key(1), Code::ParamsInvalid)]);
    assert_eq!(desk.state(2), Some(OperationState::Unconfirmed));
    let before = desk.method(2);
    give_up(&mut desk, 1, How::Discard);
    assert_eq!(desk.method(2), before);
    desk.rested();
    assert_eq!(desk.go_one(Over::Socket).keys(), [key(2)]);
}

#[test]
fn an_orphan_can_only_be_given_up() {
    let mut desk = Desk::new();
    desk.write(1, "c-1");
    desk.send(2, in_thread(2, 1)).unwrap();
    give_up(&mut desk, 1, How::Discard);
    let state = OperationState::Failed;
    let operation_key = key(2);
    assert_eq!(
        desk.retry(2),
        Err(CommandError::WrongState {
            operation_key,
            state
        })
    );
    is_orphan(&mut desk, 2, "after a retry");
    assert_eq!(desk.discard(2, None), Ok(Reply::Done));
    assert_eq!(desk.state(2), None);
}

#[test]
fn files_of_what_is_given_up_are_named_once() {
    for how in WAYS {
        let mut desk = Desk::new();
        let mut send = text("c-1", "");
        send.attachments = vec![file(1), file(2)];
        desk.send(1, send).unwrap();
        desk.outbox.take_news();
        give_up(&mut desk, 1, how);
        let news = desk.outbox.take_news();
        assert!(
            matches!(&news[..], [OutboxNews::Abandoned(files)] if files.len() == 2),
            "{how:?} {news:?}"
        );
        let left = desk
            .bench
            .run(|tx| uploads::of_message(&tx.db, key(1)).unwrap());
        assert!(left.result.is_empty());
    }
}

/// Creates a conversation with carol in a desk; gives the id that it has here.
fn draft(desk: &mut Desk) -> String {
    let with = user("carol");
    let new = NewConversation::Direct { with };
    let step = desk.run(|outbox, tx, acting| outbox.create(tx, key(1), new, acting));
    assert!(step.result.unwrap().is_ok());
    key(1).to_string()
}

#[test]
fn a_draft_conversation_that_is_given_up_abandons_its_uploads() {
    for failed in [false, true] {
        let mut desk = Desk::new();
        let id = draft(&mut desk);
        let mut send = text(&id, "");
        send.attachments = vec![file(1), file(2)];
        desk.send(2, send).unwrap();
        desk.change(3, pin(&id, true)).unwrap();
        desk.uploaded(2);
        if failed {
            let sent = desk.go_one(Over::Socket);
            assert_eq!(sent.keys(), [key(1)]);
            desk.answer(&sent, vec![refused(key(1), Code::UserNotFound)]);
        }
        desk.outbox.take_news();
        assert_eq!(desk.discard(1, None), Ok(Reply::Done));
        for number in 1..=3 {
            assert_eq!(desk.state(number), None, "{failed}");
        }
        let files: usize = desk
            .outbox
            .take_news()
            .iter()
            .map(|news| match news {
                OutboxNews::Abandoned(files) => files.len(),
                other => panic!("{other:?}"),
            })
            .sum();
        assert_eq!(files, 2);
        let id = ConversationId::from(key(1));
        let found = desk
            .bench
            .run(|tx| conversations::find(&tx.db, &id).unwrap());
        assert_eq!(found.result, None);
        assert!(desk.go(Over::Socket).is_empty());
    }
}

#[test]
fn a_draft_conversation_that_may_be_there_is_not_given_up() {
    let mut desk = Desk::new();
    draft(&mut desk);
    let sent = desk.go_one(Over::Socket);
    for _ in 0..2 {
        let operation_key = key(1);
        let expected = Err(CommandError::MayBeSent { operation_key });
        assert_eq!(desk.discard(1, Some(9)), expected);
        desk.refuse(&sent, None);
    }
}

/// The other person began the same conversation meanwhile: what was written in it has a place to go.
#[test]
fn giving_up_the_creation_of_a_conversation_that_the_server_knows_by_now_loses_no_message() {
    for failed in [false, true] {
        let mut desk = Desk::new();
        let id = draft(&mut desk);
        if failed {
            let sent = desk.go_one(Over::Socket);
            desk.answer(&sent, vec![refused(key(1), Code::UserNotFound)]);
        }
        desk.write(2, &id);
        let mut view = group("c-7", 0);
        view.kind = ConversationKind::Direct;
        view.participants = vec![newcomer(user("alice")), newcomer(user("carol"))].into();
        let lane = desk.knows(&view);
        assert_eq!(lane, desk.lane(&id), "the same row");
        assert_eq!(desk.discard(1, None), Ok(Reply::Done));
        assert_eq!(desk.state(1), None);
        assert_eq!(desk.state(2), Some(OperationState::Queued), "{failed}");
        let sent = desk.go_one(Over::Socket);
        assert_eq!(sent.keys(), [key(2)]);
        assert_eq!(sent.operations[0].params["conversationId"], "c-7");
    }
}

#[test]
fn a_discarded_change_is_as_if_it_had_never_been() {
    let mut desk = Desk::new();
    desk.mark_read(1, "c-1", 7).unwrap();
    desk.change(2, pin("c-2", true)).unwrap();
    for number in [1, 2] {
        assert_eq!(desk.discard(number, None), Ok(Reply::Done));
        assert_eq!(desk.state(number), None);
    }
    assert_eq!(desk.read_to("c-1"), Position::ZERO);
    assert!(desk.go(Over::Socket).is_empty());
}

//! A snapshot replaces what the server knows, and keeps what it does not.

use fulmar_protocol::{
    Answer, Content, Conversation, MessageSend, Method, OperationKey, Position, Revision, Seq,
    Snapshot, Timestamp,
};

use super::{Follower, log_id, snapshot, snapshot_of, written};
use crate::store::operations::NewOperation;
use crate::store::{blocked, conversations, messages, operations};
use crate::sync::{Sync, SyncNews, Told};
use crate::testing::EPOCH;
use crate::testing::server::{conversation, conversation_id, key, message, user};

impl Follower {
    /// Alice writes something in "c" that does not go out.
    fn write_unsent(&mut self, number: u64) -> OperationKey {
        let lane = self.conversation("c");
        let own = self.own.clone();
        let operation_key = key(number);
        let method = Method::MessageSend(MessageSend {
            conversation_id: conversation_id("c"),
            text: "unsent".to_owned(),
            mentions: Vec::new(),
            reply_to: None,
            thread_root: None,
            payload: None,
            attachments: Vec::new(),
            forward_of: None,
        });
        let content = Content {
            text: "unsent".to_owned(),
            ..Content::default()
        };
        self.bench.run(|tx| {
            let new = NewOperation {
                operation_key,
                lane: lane.lane(),
                method: &method,
                holds_lane: true,
                now: Timestamp(EPOCH),
            };
            operations::enqueue(&tx.db, &new).unwrap();
            let now = Timestamp(EPOCH);
            messages::insert_unsent(&tx.db, operation_key, lane, &own, &content, now).unwrap();
        });
        operation_key
    }

    fn is_gone(&mut self, id: &str) -> bool {
        let key = self.conversation(id);
        self.read(|tx| conversations::is_gone(&tx.db, key).unwrap())
    }
}

/// The conversation "c" with its newest messages.
fn with_messages(last_position: u64, from: u64) -> Conversation {
    Conversation {
        messages: (from..=last_position)
            .map(|position| message("c", position))
            .collect(),
        ..conversation("c", last_position)
    }
}

#[test]
fn what_is_unsent_stays_whatever_the_snapshot_says() {
    for (log, seq, conversations) in [
        ("a", 9, vec![conversation("c", 9)]),
        ("a", 1, vec![conversation("c", 1)]),
        ("b", 1, vec![conversation("c", 1)]),
        ("a", 9, vec![]),
        ("b", 9, vec![]),
    ] {
        let mut device = Follower::at(3);
        let unsent = device.write_unsent(700);
        device.sync.need_snapshot();
        device.fetch(Ok(snapshot_of(log, seq, conversations)));
        let row = device.message(unsent).expect("the message stays");
        assert_eq!((row.position, row.content.text.as_str()), (None, "unsent"));
        assert!(device.read(|tx| operations::find(&tx.db, unsent).unwrap().is_some()));
    }
}

#[test]
fn a_message_of_ours_in_a_snapshot_is_confirmed() {
    let mut device = Follower::at(3);
    let unsent = device.write_unsent(4);
    device.sync.need_snapshot();
    let view = with_messages(4, 4);
    let step = device.fetch(Ok(snapshot_of("a", 4, vec![view])));
    assert!(step.result.contains(&SyncNews::Confirmed(unsent)));
    assert_eq!(device.message(unsent).unwrap().position, Some(Position(4)));
}

/// An outcome came while the snapshot was on its way.
#[test]
fn in_the_same_log_what_lies_beyond_the_snapshot_stays() {
    let mut device = Follower::at(3);
    device.events(&[written(4), written(5)]);
    device.sync.need_snapshot();
    device.fetch(Ok(snapshot_of("a", 5, vec![with_messages(4, 4)])));
    assert!(device.message(key(5)).is_some());
}

#[test]
fn in_another_log_nothing_of_the_old_one_stays_but_what_is_unsent() {
    let mut device = Follower::at(3);
    device.events(&[written(4), written(5), written(6)]);
    device.sync.need_snapshot();
    let step = device.fetch(Ok(snapshot_of("b", 2, vec![with_messages(5, 5)])));
    assert!(step.result.contains(&SyncNews::PagesOutdated));
    for (number, stays) in [(4, false), (5, true), (6, false)] {
        assert_eq!(device.message(key(number)).is_some(), stays, "{number}");
    }
    assert_eq!(device.head(), 5);
}

/// Another log counts its changes anew.
#[test]
fn in_another_log_a_smaller_revision_is_newer() {
    let mut device = Follower::at(3);
    let old = conversation("c", 3);
    let changed = fulmar_protocol::Message {
        revision: Revision(8),
        ..message("c", 3)
    };
    let view = Conversation {
        revision: Revision(8),
        messages: vec![changed].into(),
        ..old
    };
    device.sync.need_snapshot();
    device.fetch(Ok(snapshot_of("a", 4, vec![view])));
    let mut said = message("c", 3);
    said.content.text = "of the backup".to_owned();
    let view = Conversation {
        messages: vec![said].into(),
        ..conversation("c", 3)
    };
    device.sync.need_snapshot();
    device.fetch(Ok(snapshot_of("b", 2, vec![view])));
    assert_eq!(
        device.message(key(3)).unwrap().content.text,
        "of the backup"
    );
}

/// The snapshot may be older than the outcome of what goes out meanwhile, and would take it away again.
#[test]
fn nothing_goes_out_between_two_logs() {
    let mut device = Follower::at(3);
    assert!(!device.sync.is_between_logs());
    device.sync.connected(log_id("b"), Seq(6));
    assert!(device.sync.is_between_logs());
    device.fetch(Ok(snapshot("b", 6)));
    assert!(!device.sync.is_between_logs());
    // Of the same log it keeps what lies beyond it, and over a socket it is known to be the same.
    device.sync.reset(log_id("b"), Seq(9));
    assert!(!device.sync.is_between_logs());
    device.sync.socket_lost();
    assert!(device.sync.is_between_logs());
}

/// Its outcome would be of a log without a name, and what it told of would stay when a backup took the place of that
/// log before the first snapshot.
#[test]
fn nothing_goes_out_before_the_first_snapshot() {
    let mut device = Follower::new();
    assert!(device.sync.is_between_logs());
    device.sync.connected(log_id("a"), Seq(0));
    assert!(device.sync.is_between_logs());
    device.fetch(Ok(snapshot("a", 0)));
    assert!(!device.sync.is_between_logs());
}

/// A socket has said which log there is; without one nobody has.
#[test]
fn without_a_socket_an_answer_of_another_log_makes_a_snapshot_necessary() {
    let mut device = Follower::at(3);
    device.sync.socket_lost();
    device.sync.answered_by_another_log();
    assert!(device.sync.is_between_logs());
    device.fetch(Ok(snapshot("b", 2)));
    assert!(!device.sync.is_between_logs());
    device.sync.connected(log_id("b"), Seq(2));
    device.sync.answered_by_another_log();
    assert!(!device.sync.is_between_logs());
    assert!(device.sync.is_current());
}

/// Before the snapshot has come: the position is given out a second time, so those behind it have none any more.
#[test]
fn a_message_at_a_position_of_another_one_takes_all_behind_it_away() {
    let mut device = Follower::at(3);
    device.events(&[written(4), written(5), written(6)]);
    let mut said = message("c", 5);
    said.operation_key = key(50);
    let place = device.conversation("c");
    device.told(Told::Messages(place, vec![said]));
    for (number, stays) in [(4, true), (5, false), (6, false), (50, true)] {
        assert_eq!(device.message(key(number)).is_some(), stays, "{number}");
    }
}

/// What a message was since the backup is taken back with the rest.
#[test]
fn in_another_log_a_message_is_neither_hidden_nor_answered_unless_that_says_so() {
    let mut device = Follower::at(3);
    let changed = fulmar_protocol::Message {
        hidden: true,
        thread: Some(fulmar_protocol::ThreadSummary {
            count: Position(2),
            last_at: Timestamp(EPOCH),
        }),
        ..message("c", 3)
    };
    for (log, told) in [("a", changed), ("b", message("c", 3))] {
        let view = Conversation {
            messages: vec![told.clone()].into(),
            ..conversation("c", 3)
        };
        device.sync.need_snapshot();
        device.fetch(Ok(snapshot_of(log, 2, vec![view])));
        device.sync.retry_now();
        let row = device.message(key(3)).unwrap();
        assert_eq!(
            (row.hidden, row.thread),
            (told.hidden, told.thread),
            "{log}"
        );
    }
}

/// If something changed that nobody told of, only what came with the snapshot is certain.
#[test]
fn unseen_changes_make_older_messages_go() {
    let mut device = Follower::at(3);
    device.events(&[written(4), written(5)]);
    device.sync.need_snapshot();
    let view = Conversation {
        revision: Revision(2),
        ..with_messages(5, 5)
    };
    let step = device.fetch(Ok(snapshot_of("a", 6, vec![view])));
    assert!(step.result.contains(&SyncNews::PagesOutdated));
    assert!(device.message(key(4)).is_none());
    assert!(device.message(key(5)).is_some());
}

#[test]
fn a_conversation_that_is_not_in_the_snapshot_was_left() {
    for log in ["a", "b"] {
        let mut device = Follower::at(3);
        device.sync.need_snapshot();
        let step = device.fetch(Ok(snapshot_of(log, 9, vec![conversation("d", 1)])));
        let left = device.conversation("c");
        assert!(step.result.contains(&SyncNews::Left(left)), "{log}");
        assert!(device.is_gone("c"), "{log}");
        assert!(!device.is_gone("d"), "{log}");
    }
}

/// An outcome told of it while the snapshot was on its way.
#[test]
fn a_conversation_that_is_newer_than_the_snapshot_stays() {
    for (created, gone) in [(8, false), (5, true)] {
        let mut device = Follower::at(3);
        let lane = device.draft(900);
        let view = conversation("mine", 0);
        let told = Told::Created(lane.lane(), Box::new(view), Seq(created));
        let own = device.own.clone();
        device
            .bench
            .run(|tx| Sync::told(tx, Some(&own), told).unwrap());
        device.sync.need_snapshot();
        device.fetch(Ok(snapshot_of("a", 5, vec![conversation("c", 5)])));
        assert_eq!(device.is_gone("mine"), gone, "{created}");
    }
}

impl Follower {
    /// A conversation that only this device knows.
    fn draft(&mut self, number: u64) -> crate::store::ConversationKey {
        let draft = conversations::LocalConversation {
            operation_key: key(number),
            kind: fulmar_protocol::ConversationKind::Group,
            profile: &fulmar_protocol::ConversationProfile::default(),
            participants: &[],
            now: Timestamp(EPOCH),
        };
        self.read(|tx| conversations::insert_local(&tx.db, &draft).unwrap())
    }
}

#[test]
fn a_draft_is_no_part_of_any_snapshot() {
    for log in ["a", "b"] {
        let mut device = Follower::at(3);
        let draft = device.draft(900);
        device.sync.need_snapshot();
        device.fetch(Ok(snapshot(log, 9)));
        let gone = device.read(|tx| conversations::is_gone(&tx.db, draft).unwrap());
        assert!(!gone, "{log}");
    }
}

/// The conversation was here already: what was written into the draft goes there.
#[test]
fn a_draft_that_turns_out_to_be_one_that_is_here_becomes_it() {
    let mut device = Follower::at(3);
    let (draft, own) = (device.draft(900), device.own.clone());
    let told = Told::Created(draft.lane(), Box::new(conversation("c", 3)), Seq(3));
    device
        .bench
        .run(|tx| Sync::told(tx, Some(&own), told).unwrap());
    let real = device.conversation("c");
    assert_eq!(device.conversation(&key(900).to_string()), real);
    assert!(!device.read(|tx| conversations::exists(&tx.db, draft).unwrap()));
    // Told once more, it changes nothing.
    let told = Told::Created(draft.lane(), Box::new(conversation("c", 3)), Seq(3));
    device
        .bench
        .run(|tx| Sync::told(tx, Some(&own), told).unwrap());
    assert_eq!(device.conversation("c"), real);
}

#[test]
fn the_blocked_are_those_of_the_snapshot() {
    let mut device = Follower::at(3);
    for names in [vec!["carol", "dave"], vec!["dave"], vec![]] {
        device.sync.need_snapshot();
        let users: Vec<_> = names.into_iter().map(user).collect();
        device.fetch(Ok(Answer::Snapshot(Snapshot {
            log_id: log_id("a"),
            seq: Seq(3),
            conversations: vec![conversation("c", 3)].into(),
            blocked: users.clone(),
        })));
        device.sync.retry_now();
        assert_eq!(device.read(|tx| blocked::all(&tx.db).unwrap()), users);
    }
}

#[test]
fn what_the_socket_has_beyond_the_snapshot_is_fetched() {
    let mut device = Follower::at(3);
    device.sync.reset(log_id("a"), Seq(5));
    device.events(&[written(6)]);
    device.fetch(Ok(snapshot("a", 5)));
    assert!(!device.sync.is_current());
    assert_eq!(device.fetch_all(|call| super::honest("a", 6, call)), 1);
    assert_eq!(device.cursor(), 6);
}

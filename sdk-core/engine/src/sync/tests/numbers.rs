//! Numbers that cannot be: positions, revisions and counts from a faulty server must not stay for good.

use fulmar_protocol::{
    Conversation, Event, EventData, Message, Participant, ParticipantsAdded, Position, PushPayload,
    ReceiptUpdated, Revision, Seq, ThreadSummary, Timestamp, Unread, UserId,
};
use rusqlite::Connection;

use super::{Follower, event, log_id, page, snapshot_of, written};
use crate::store::{ConversationKey, conversations, participants, reading};
use crate::sync::{Sync, SyncNews, Told};
use crate::testing::EPOCH;
use crate::testing::server::{conversation, conversation_id, key, message, participant, user};

const LARGEST: u64 = (1 << 53) - 1;

/// Messages of the conversation "c" that cannot be.
fn impossible() -> Vec<Message> {
    let good = message("c", 3);
    let far = ThreadSummary {
        count: Position(LARGEST),
        last_at: Timestamp(EPOCH),
    };
    vec![
        Message {
            position: Position(LARGEST),
            ..good.clone()
        },
        Message {
            position: Position::ZERO,
            ..good.clone()
        },
        Message {
            revision: Revision(LARGEST),
            ..good.clone()
        },
        Message {
            thread_position: Some(Position(LARGEST)),
            ..good.clone()
        },
        Message {
            thread: Some(far),
            ..good
        },
    ]
}

impl Follower {
    pub(super) fn told(&mut self, told: Told) -> Vec<SyncNews> {
        let own = self.own.clone();
        self.bench
            .run(|tx| Sync::told(tx, Some(&own), told).unwrap())
            .result
    }

    fn pushed(&mut self, payload: &PushPayload) -> Vec<SyncNews> {
        let own = &self.own;
        self.bench
            .run(|tx| Sync::push_arrived(tx, Some(own), payload).unwrap())
            .result
    }

    fn revision(&mut self) -> u64 {
        let key = self.conversation("c");
        self.read(|tx| conversations::revision(&tx.db, key).unwrap().0)
    }

    /// Whether alice still learns of what comes next, with sound numbers.
    fn assert_sound(&mut self, case: &str) {
        assert!(self.head() <= 100, "{case}: head {}", self.head());
        assert!(
            self.revision() <= 100,
            "{case}: revision {}",
            self.revision()
        );
        let place = self.conversation("c");
        for person in self.read(|tx| participants::all(&tx.db, place).unwrap()) {
            assert!(person.read_to.0 <= 100, "{case}: {person:?}");
            assert!(person.delivered_to.0 <= 100, "{case}: {person:?}");
        }
        let own = self.read(|tx| reading::own_read_to(&tx.db, place).unwrap());
        assert!(own.0 <= 100, "{case}: read to {own}");
        let unread = self.read(|tx| unread(&tx.db, place));
        assert!(unread <= 100, "{case}: {unread} unread");
        let (next, at) = (self.cursor() + 1, self.head() + 1);
        self.events(&[event(next, &EventData::MessageCreated(message("c", at)))]);
        assert_eq!(self.cursor(), next, "{case}");
        let row = self.message(key(at)).unwrap();
        assert_eq!(row.position, Some(Position(at)), "{case}");
    }
}

fn unread(db: &Connection, key: ConversationKey) -> i64 {
    db.query_row(
        "SELECT max(server_unread, server_mentions) FROM conversation WHERE key = ?1",
        [key.0],
        |row| row.get(0),
    )
    .unwrap()
}

fn push(message: Message) -> PushPayload {
    PushPayload {
        user_id: user("alice"),
        log_id: None,
        conversation_id: message.conversation_id.clone(),
        message_key: message.operation_key,
        position: message.position,
        title: String::new(),
        body: String::new(),
        unread_count: 1,
        unread_mentions: 0,
        unread_total: 1,
        message: Some(message),
    }
}

#[test]
fn messages_that_cannot_be_are_not_taken_from_events() {
    for odd in impossible() {
        for data in [
            EventData::MessageCreated(odd.clone()),
            EventData::MessageUpdated(odd.clone()),
        ] {
            let mut device = Follower::at(3);
            device.events(&[event(4, &data)]);
            assert_eq!(device.cursor(), 4);
            assert!(device.message(key(3)).is_none(), "{odd:?}");
            device.assert_sound(data.kind());
        }
    }
}

#[test]
fn messages_that_cannot_be_are_not_taken_from_pages_searches_and_outcomes() {
    for odd in impossible() {
        let mut device = Follower::at(3);
        let place = device.conversation("c");
        assert_eq!(device.told(Told::Messages(place, vec![odd.clone()])), []);
        assert_eq!(device.told(Told::Anywhere(vec![odd.clone()])), []);
        assert!(device.message(key(3)).is_none(), "{odd:?}");
        device.assert_sound("told");
    }
}

#[test]
fn messages_that_cannot_be_are_not_taken_from_pushes() {
    for odd in impossible() {
        let mut device = Follower::at(3);
        assert_eq!(device.pushed(&push(odd.clone())), []);
        assert!(device.message(key(3)).is_none(), "{odd:?}");
        device.assert_sound("pushed");
    }
}

#[test]
fn messages_that_cannot_be_are_not_taken_from_a_snapshot() {
    for odd in impossible() {
        let mut device = Follower::at(3);
        device.sync.need_snapshot();
        let view = Conversation {
            messages: vec![odd.clone(), message("c", 4)].into(),
            ..conversation("c", 4)
        };
        device.fetch(Ok(snapshot_of("a", 4, vec![view])));
        assert!(device.message(key(3)).is_none(), "{odd:?}");
        assert!(
            device.message(key(4)).is_some(),
            "{odd:?}: the others are taken"
        );
        device.assert_sound("snapshot");
    }
}

fn beyond() -> Participant {
    Participant {
        delivered_to: Position(LARGEST),
        read_to: Position(LARGEST),
        ..participant("alice")
    }
}

/// Nobody has received or read what is not there.
#[test]
fn receipts_beyond_the_last_message_are_receipts_of_the_last_message() {
    for name in ["alice", "bob"] {
        let receipt = EventData::ReceiptUpdated(ReceiptUpdated {
            conversation_id: conversation_id("c"),
            user_id: user(name),
            delivered_to: Position(LARGEST),
            read_to: Position(LARGEST),
            unread: None,
        });
        let mut device = Follower::at(3);
        device.events(&[event(4, &receipt)]);
        device.assert_sound(name);
    }
    let added = EventData::ParticipantsAdded(ParticipantsAdded {
        conversation_id: conversation_id("c"),
        participants: vec![beyond()].into(),
    });
    let mut device = Follower::at(3);
    device.events(&[event(4, &added)]);
    device.assert_sound("added");
    let view = Conversation {
        participants: vec![beyond(), participant("bob")].into(),
        ..conversation("c", 4)
    };
    device.sync.need_snapshot();
    device.fetch(Ok(snapshot_of("a", 5, vec![view])));
    device.assert_sound("snapshot");
}

/// Counts near the largest number of the store would make the next message overflow it.
#[test]
fn not_more_is_unread_than_there_are_messages() {
    let unread = Unread {
        unread_count: u64::MAX,
        unread_mentions: u64::MAX,
    };
    let receipt = EventData::ReceiptUpdated(ReceiptUpdated {
        conversation_id: conversation_id("c"),
        user_id: user("alice"),
        delivered_to: Position(1),
        read_to: Position(1),
        unread: Some(unread),
    });
    let mut device = Follower::at(3);
    device.events(&[event(4, &receipt)]);
    device.assert_sound("a receipt");

    let mut device = Follower::at(3);
    device.pushed(&PushPayload {
        unread_count: u64::MAX,
        unread_mentions: u64::MAX,
        ..push(message("c", 4))
    });
    device.assert_sound("a push");

    let mut device = Follower::at(3);
    device.sync.need_snapshot();
    let view = Conversation {
        unread_count: u64::MAX,
        unread_mentions: u64::MAX,
        ..conversation("c", 4)
    };
    device.fetch(Ok(snapshot_of("a", 4, vec![view])));
    device.assert_sound("a snapshot");
}

/// A head that a faulty server claimed is forgotten once it says what is there.
#[test]
fn a_head_that_cannot_be_does_not_stay() {
    let mut device = Follower::at(3);
    device.sync.head_seen(Seq(LARGEST));
    device.fetch(Ok(page("a", vec![], LARGEST)));
    device.wait();
    device.fetch_all(|_| Ok(page("a", vec![], 3)));
    assert!(device.sync.is_current());
    device.events(&[event(LARGEST, &EventData::MessageCreated(message("c", 4)))]);
    assert_eq!(device.cursor(), 3);
    device.fetch_all(|_| Ok(page("a", vec![], 3)));
    assert!(device.sync.is_current());
    device.events(&[written(4)]);
    device.assert_sound("afterwards");
}

#[test]
fn what_is_told_of_a_conversation_that_is_gone_is_nobodys() {
    let mut device = Follower::at(3);
    let gone = ConversationKey(999);
    assert_eq!(device.told(Told::Messages(gone, vec![message("c", 3)])), []);
    assert_eq!(device.told(Told::Anywhere(vec![message("gone", 3)])), []);
    assert_eq!(device.pushed(&push(message("gone", 3))), []);
    assert!(device.message(key(3)).is_none());
}

#[test]
fn a_push_counts_once_and_takes_nothing_back() {
    let mut device = Follower::at(3);
    let news = device.pushed(&push(message("c", 4)));
    assert!(news.contains(&SyncNews::Confirmed(key(4))));
    assert_eq!(device.head(), 4);
    let place = device.conversation("c");
    assert_eq!(device.read(|tx| unread(&tx.db, place)), 1);
    // The log tells of it, and the push comes again, late.
    device.events(&[written(4), written(5)]);
    device.pushed(&push(message("c", 4)));
    assert_eq!(device.head(), 5);
    assert_eq!(device.read(|tx| unread(&tx.db, place)), 2);
}

/// A receipt of alice's, and something that she has hidden: both come with what is unread.
fn counting_nothing(seq: u64) -> [Event; 2] {
    let unread = Unread {
        unread_count: 0,
        unread_mentions: 0,
    };
    let receipt = EventData::ReceiptUpdated(ReceiptUpdated {
        conversation_id: conversation_id("c"),
        user_id: user("alice"),
        delivered_to: Position(3),
        read_to: Position::ZERO,
        unread: Some(unread),
    });
    let hidden = EventData::MessageUpdated(Message {
        hidden: true,
        ..message("c", 3)
    });
    [
        event(seq, &receipt),
        event(seq + 1, &hidden).with_unread(unread),
    ]
}

/// It is of before the message that the push told of, also for the next process.
#[test]
fn what_the_log_counts_behind_a_push_is_older_than_the_push() {
    for restarts in [false, true] {
        let mut device = Follower::at(3);
        device.pushed(&push(message("c", 4)));
        if restarts {
            device.restart();
            device.sync.connected(log_id("a"), Seq(3));
        }
        let place = device.conversation("c");
        device.events(&counting_nothing(4));
        assert_eq!(device.read(|tx| unread(&tx.db, place)), 1, "{restarts}");
        device.events(&[event(6, &EventData::MessageCreated(message("c", 4)))]);
        assert_eq!(device.read(|tx| unread(&tx.db, place)), 1, "{restarts}");
        device.events(&counting_nothing(7));
        assert_eq!(device.read(|tx| unread(&tx.db, place)), 0, "{restarts}");
    }
}

/// What comes behind it counts on from there.
#[test]
fn what_tells_a_conversation_anew_takes_the_place_of_a_push() {
    for by_snapshot in [false, true] {
        let mut device = Follower::at(3);
        device.pushed(&push(message("c", 4)));
        if by_snapshot {
            device.sync.reset(log_id("a"), Seq(4));
            device.fetch(Ok(snapshot_of("a", 4, vec![conversation("c", 3)])));
        } else {
            let view = conversation("c", 3);
            device.events(&[event(4, &EventData::ConversationCreated(view))]);
        }
        let place = device.conversation("c");
        device.events(&counting_nothing(5));
        device.events(&[event(7, &EventData::MessageCreated(message("c", 4)))]);
        assert_eq!(device.read(|tx| unread(&tx.db, place)), 1, "{by_snapshot}");
        device.events(&counting_nothing(8));
        assert_eq!(device.read(|tx| unread(&tx.db, place)), 0, "{by_snapshot}");
    }
}

#[test]
fn a_push_that_does_not_fit_together_tells_nothing() {
    let good = push(message("c", 4));
    let of = |user_id: UserId| PushPayload {
        user_id,
        ..good.clone()
    };
    let odd = [
        of(user("bob")),
        PushPayload {
            message: None,
            ..good.clone()
        },
        // Of before the server was restored: the position is another message's by now.
        PushPayload {
            log_id: Some(log_id("of before")),
            ..good.clone()
        },
        PushPayload {
            message_key: key(9),
            ..good.clone()
        },
        PushPayload {
            position: Position(9),
            ..good.clone()
        },
        PushPayload {
            message: Some(message("d", 4)),
            ..good.clone()
        },
    ];
    for payload in odd {
        let mut device = Follower::at(3);
        assert_eq!(device.pushed(&payload), []);
        assert_eq!(device.head(), 3);
    }
}

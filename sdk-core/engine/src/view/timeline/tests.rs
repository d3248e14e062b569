//! Pages: how many rows they have, and where they end.

use fulmar_protocol::{Method, Timestamp};
use rusqlite::Connection;

use super::*;
use crate::store::{ConversationKey, Store, operations};

const ROOT: [u8; 16] = [1; 16];

/// What is at a place.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Shown,
    InThread,
    Hidden,
    Missing,
}
use At::{Hidden, InThread, Missing, Shown as Seen};

/// A conversation with this at its places, from 1 on.
fn store(places: &[(At, u64)]) -> Store {
    let store = Store::adopt(Connection::open_in_memory().unwrap()).unwrap();
    let db = store.reader().connection();
    let count: u64 = places.iter().map(|(_, times)| times).sum();
    db.execute(
        "INSERT INTO account (only_row, device_id, user_id) VALUES (1, 'phone-1', 'alice')",
        [],
    )
    .unwrap();
    db.execute(
        "INSERT INTO conversation (key, id, kind, created_at, activity_at, head)
         VALUES (1, 'c-1', 'group', 1, 1, ?1)",
        [count],
    )
    .unwrap();
    let all = places
        .iter()
        .flat_map(|(at, times)| std::iter::repeat_n(*at, usize::try_from(*times).unwrap()));
    let mut in_thread = 0;
    for (position, at) in (1_u64..).zip(all).filter(|(_, at)| *at != Missing) {
        in_thread += u64::from(at == InThread);
        let content = match at {
            InThread => format!(r#"{{"threadRoot":"{}"}}"#, OperationKey::from_bytes(ROOT)),
            _ => "{}".to_owned(),
        };
        db.execute(
            "INSERT INTO message (operation_key, conversation, position, sender_id, text, at, content,
                                  hidden, thread_root, thread_position)
             VALUES (?1, 1, ?2, 'bob', 'x', ?2, ?3, ?4, ?5, ?6)",
            rusqlite::params![
                key(position).to_bytes(),
                position,
                content,
                at == Hidden,
                (at == InThread).then_some(ROOT),
                (at == InThread).then_some(in_thread)
            ],
        )
        .unwrap();
    }
    store
}

fn key(position: u64) -> OperationKey {
    let mut bytes = [7; 16];
    bytes[8..].copy_from_slice(&position.to_be_bytes());
    OperationKey::from_bytes(bytes)
}

fn page(store: &Store, thread: Option<OperationKey>) -> TimelineSnapshot {
    let id = ConversationId::new("c-1").unwrap();
    timeline(store.reader(), &id, thread, Window::Newest).unwrap()
}

fn rows(snapshot: &TimelineSnapshot) -> usize {
    snapshot
        .items
        .iter()
        .filter_map(TimelineItem::message)
        .count()
}

#[test]
fn a_first_page_has_fifty_rows_whatever_lies_between_them() {
    for (places, from) in [
        (vec![(Seen, 100)], 51),
        (vec![(Seen, 100), (InThread, 60)], 51),
        (vec![(Seen, 100), (Hidden, 60)], 51),
        (vec![(Seen, 80), (InThread, 500), (Seen, 20)], 51),
        (
            vec![(Seen, 30), (InThread, 200), (Hidden, 10), (Seen, 30)],
            11,
        ),
    ] {
        let snapshot = page(&store(&places), None);
        assert_eq!(rows(&snapshot), 50);
        assert_eq!(snapshot.from, Position(from));
        assert_eq!(snapshot.older, Older::Cached);
    }
}

#[test]
fn a_first_page_ends_early_at_the_beginning_and_at_a_gap() {
    let beginning = page(&store(&[(Seen, 20), (InThread, 100)]), None);
    assert_eq!((rows(&beginning), beginning.older), (20, Older::Nothing));
    let gap = page(
        &store(&[(Seen, 50), (Missing, 9), (Seen, 20), (InThread, 100)]),
        None,
    );
    assert_eq!(rows(&gap), 20);
    assert_eq!(gap.older, Older::AtServer(Position(60)));
    // Within the newest fifty places a gap is a row, as it is further up.
    let near = page(&store(&[(Seen, 100), (Missing, 5), (Seen, 20)]), None);
    assert_eq!((near.from, rows(&near)), (Position(76), 45));
    let gap = GapRange {
        from: Position(101),
        to: Position(105),
    };
    assert!(near.items.contains(&TimelineItem::Gap(gap)));
}

#[test]
fn what_is_about_to_be_hidden_is_no_row_of_a_page() {
    let store = store(&[(Seen, 100)]);
    for position in 90..=99 {
        let method = Method::MessageHide(fulmar_protocol::MessageHide {
            conversation_id: ConversationId::new("c-1").unwrap(),
            message_key: key(position),
        });
        let db = store.reader().connection();
        operations::enqueue(
            db,
            &operations::NewOperation {
                operation_key: key(1_000 + position),
                lane: ConversationKey(1).lane(),
                method: &method,
                holds_lane: false,
                now: Timestamp(1),
            },
        )
        .unwrap();
    }
    let snapshot = page(&store, None);
    assert_eq!((rows(&snapshot), snapshot.from), (50, Position(41)));
}

#[test]
fn a_page_of_a_thread_has_fifty_rows() {
    let store = store(&[(InThread, 100)]);
    let db = store.reader().connection();
    db.execute_batch("UPDATE message SET hidden = 1 WHERE position > 60")
        .unwrap();
    let snapshot = page(&store, Some(OperationKey::from_bytes(ROOT)));
    assert_eq!((rows(&snapshot), snapshot.from), (50, Position(11)));
}

#[test]
fn the_next_page_has_fifty_rows_too() {
    let store = store(&[(Seen, 60), (InThread, 300), (Seen, 60)]);
    let id = ConversationId::new("c-1").unwrap();
    let begin = page_before(store.reader(), &id, None, Position(371), 50).unwrap();
    assert_eq!(begin, Position(21));
    let end = page_after(store.reader(), &id, None, Position(50), 50).unwrap();
    assert_eq!(end, Position(400));
    // Beyond the newest there is room for what comes.
    let end = page_after(store.reader(), &id, None, Position(410), 50).unwrap();
    assert_eq!(end, Position(460));
}

#[test]
fn a_page_upwards_ends_early_at_a_gap() {
    let store = store(&[(Seen, 10), (InThread, 100), (Missing, 5), (Seen, 60)]);
    let id = ConversationId::new("c-1").unwrap();
    let end = page_after(store.reader(), &id, None, Position(5), 50).unwrap();
    assert_eq!(end, Position(110));
}

#[test]
fn a_page_reaches_down_ten_thousand_places_and_no_further() {
    let store = store(&[(Seen, 10), (InThread, 10_500)]);
    let snapshot = page(&store, None);
    assert_eq!(snapshot.from, Position(511));
    assert_eq!(snapshot.older, Older::Cached);
}

#[test]
fn a_page_is_read_from_indexes() {
    let store = store(&[(Seen, 10)]);
    let db = store.reader().connection();
    for (sql, index) in [
        (
            "SELECT position AS place FROM message WHERE conversation = 1 AND NULL IS NULL
             AND position IS NOT NULL AND position < 9 ORDER BY position DESC",
            "SEARCH message USING COVERING INDEX message_by_position (conversation=? AND position>? AND position<?)",
        ),
        (
            "SELECT operation_key FROM message INDEXED BY message_shown
             WHERE conversation = 1 AND position IS NOT NULL AND thread_root IS NULL AND NOT hidden
               AND position < 9 ORDER BY position DESC",
            "SEARCH message USING INDEX message_shown (conversation=? AND position>? AND position<?)",
        ),
        (
            "SELECT position AS place FROM message INDEXED BY message_shown
             WHERE conversation = 1 AND position IS NOT NULL AND thread_root IS NULL AND NOT hidden
               AND position < 9 ORDER BY position DESC LIMIT 1 OFFSET 3",
            "SEARCH message USING INDEX message_shown (conversation=? AND position>? AND position<?)",
        ),
    ] {
        let plan: String = db
            .query_row(&format!("EXPLAIN QUERY PLAN {sql}"), [], |row| {
                row.get("detail")
            })
            .unwrap();
        assert_eq!(plan, index);
    }
}

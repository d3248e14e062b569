//! What is counted as people come, go and read is what a count of everyone finds.

use std::collections::BTreeSet;

use fulmar_protocol::{Participant, Role};

use super::*;
use crate::store::{Store, reading};

const KEYS: [ConversationKey; 2] = [ConversationKey(1), ConversationKey(2)];
const FURTHEST: u64 = 12;

fn user(number: u8) -> UserId {
    UserId::new(format!("user-{number}")).unwrap()
}

fn somebody(rng: &mut fastrand::Rng) -> Participant {
    Participant {
        user_id: user(rng.u8(0..8)),
        name: rng.choice(["", "Bob"]).unwrap().to_owned(),
        avatar_url: None,
        role: *rng.choice(&[Role::Admin, Role::Member]).unwrap(),
        delivered_to: Position(rng.u64(0..FURTHEST)),
        read_to: Position(rng.u64(0..FURTHEST)),
    }
}

/// Anything that becomes of the people of a conversation.
fn change(db: &Connection, key: ConversationKey, rng: &mut fastrand::Rng) {
    let person = somebody(rng);
    match rng.u8(0..8) {
        0 => {
            let mut people: Vec<Participant> = (0..rng.u8(0..8)).map(|_| somebody(rng)).collect();
            people.sort_by(|one, other| one.user_id.cmp(&other.user_id));
            people.dedup_by(|one, other| one.user_id == other.user_id);
            participants::replace_all(db, key, &people).unwrap();
            assert_eq!(participants::all(db, key).unwrap(), people);
        }
        1 => participants::remove(db, key, &person.user_id).unwrap(),
        2 | 3 => participants::insert(db, key, &person).unwrap(),
        _ => {
            let (delivered, read) = (person.delivered_to, person.read_to);
            participants::advance_receipt(db, key, &person.user_id, delivered, read).unwrap();
        }
    }
}

fn compare(db: &Connection, key: ConversationKey, own: Option<&UserId>) {
    let all = participants::all(db, key).unwrap();
    assert_eq!(people(db, key).unwrap(), all.len() as u64);
    let others: Vec<_> = all.iter().filter(|it| Some(&it.user_id) != own).collect();
    for from in 0..FURTHEST {
        let reached = Reached::from(db, key, own, Position(from)).unwrap();
        assert_eq!(reached.others, others.len() as u64);
        assert!(reached.knows(Position(from)));
        for place in (from..=FURTHEST).map(Position) {
            let delivered = others.iter().filter(|it| it.delivered_to >= place);
            assert_eq!(reached.delivered(place), delivered.count() as u64);
            let read = others.iter().filter(|it| it.read_to >= place);
            assert_eq!(reached.read(place), read.count() as u64);
        }
    }
}

/// Which conversations are behind, by a look at each.
fn behind(db: &Connection, own: &UserId) -> BTreeSet<ConversationKey> {
    let is_behind = |key: &ConversationKey| {
        let found = participants::among(db, *key, [own]).unwrap().pop();
        found.is_some_and(|own| own.delivered_to < Position(FURTHEST / 2))
    };
    KEYS.into_iter().filter(is_behind).collect()
}

/// No count of nobody is left.
fn rows(db: &Connection) -> (i64, i64) {
    let count = |sql| db.query_row(sql, [], |row| row.get("n")).unwrap();
    (
        count("SELECT count(*) AS n FROM reached"),
        count("SELECT count(*) AS n FROM reached WHERE people > 0"),
    )
}

#[test]
fn counts_are_those_of_everyone() {
    for seed in 0..40 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let store = Store::adopt(Connection::open_in_memory().unwrap()).unwrap();
        let db = store.reader().connection();
        for key in KEYS {
            db.execute(
                "INSERT INTO conversation (key, id, kind, created_at, activity_at, head)
                 VALUES (?1, 'c-' || ?1, 'group', 1, 1, ?2)",
                params![key.0, FURTHEST / 2],
            )
            .unwrap();
        }
        db.execute(
            "INSERT INTO account (only_row, device_id, user_id) VALUES (1, 'phone', 'user-0')",
            [],
        )
        .unwrap();
        for _ in 0..30 {
            let key = *rng.choice(&KEYS).unwrap();
            change(db, key, &mut rng);
            for key in KEYS {
                compare(db, key, Some(&user(0)));
                compare(db, key, None);
            }
            let found = reading::behind(db, &user(0), u32::MAX).unwrap();
            assert_eq!(found, behind(db, &user(0)));
        }
        let (all, some) = rows(db);
        assert_eq!(all, some);
        db.execute("DELETE FROM conversation", []).unwrap();
        assert_eq!(rows(db), (0, 0));
    }
}

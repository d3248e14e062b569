//! Tests of what remains of what is gone: in the file, in its log, in the index of the search.

use std::fs;
use std::path::Path;

use fulmar_protocol::Code;
use rusqlite::{Connection, params};

use super::*;
use crate::store::state::SessionEnd;
use crate::store::{Reader, account};

const NOW: Timestamp = Timestamp(1_790_000_000_000);

/// A store with so many messages, all of which can be found.
fn fill(store: &Store, messages: u32) {
    let db = store.reader().connection();
    db.execute_batch(
        "INSERT INTO account (only_row, device_id, user_id, name, access_token, refresh_token)
         VALUES (1, 'phone', 'alice', 'Alice Springs', 'access-4711', 'refresh-4711');
         INSERT INTO conversation (key, id, kind, created_at, activity_at, draft, profile)
         VALUES (1, 'c-1', 'group', 1, 1, 'half a thought', '{\"title\":\"Treasure hunters\"}');
         INSERT INTO participant (conversation, user_id, name) VALUES (1, 'bob', 'Bob Builder');
         INSERT INTO pushed (message_key, payload) VALUES (x'01', '{\"body\":\"pushed words\"}');",
    )
    .unwrap();
    let all = db.unchecked_transaction().unwrap();
    for number in 1..=messages {
        all.execute(
            "INSERT INTO message (key, operation_key, conversation, position, sender_id, text, at)
             VALUES (?1, randomblob(16), 1, ?1, 'bob', ?2, 1)",
            params![
                number,
                format!("zebra{number:05} crossing number {number} of many")
            ],
        )
        .unwrap();
    }
    all.commit().unwrap();
    search::index(db, messages).unwrap();
}

fn in_memory() -> Store {
    Store::adopt(Connection::open_in_memory().unwrap()).unwrap()
}

fn has(bytes: &[u8], sought: &str) -> bool {
    bytes
        .windows(sought.len())
        .any(|window| window.eq_ignore_ascii_case(sought.as_bytes()))
}

/// Whether any file of a store has this.
fn is_in_files(path: &Path, sought: &str) -> bool {
    let folder = fs::read_dir(path.parent().unwrap()).unwrap();
    folder.into_iter().any(|entry| {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        has(&bytes, sought)
    })
}

/// Reactions come and go, so that SQLite moves rows from page to page.
fn shake(db: &Connection, messages: u32) {
    let all = db.unchecked_transaction().unwrap();
    let mut rng = fastrand::Rng::with_seed(7);
    for _ in 0..4 * messages {
        let reactions = "r".repeat(rng.usize(2..200));
        all.prepare_cached("UPDATE message SET reactions = ?1 WHERE key = ?2")
            .unwrap()
            .execute(params![reactions, rng.u32(1..=messages)])
            .unwrap();
    }
    all.commit().unwrap();
}

/// What SQLite leaves behind where it moves rows: without this, nothing of the rest would be needed.
#[test]
fn a_row_that_was_moved_may_stay_where_it_was_until_the_file_is_written_anew() {
    let mut store = in_memory();
    fill(&store, 5_000);
    shake(store.reader().connection(), 5_000);
    let db = store.reader().connection();
    db.execute("UPDATE message SET text = ''", []).unwrap();
    let before = store.image().unwrap();
    assert!(
        has(&before, "crossing number"),
        "SQLite overwrites all of it now"
    );
    assert_eq!(store.clean(NOW).unwrap(), Owed::Nothing);
    let after = store.image().unwrap();
    assert!(!has(&after, "crossing number"));
    assert!(!has(&after, "zebra"));
}

#[test]
fn a_word_leaves_the_index_with_its_message_and_others_are_found() {
    let mut store = in_memory();
    fill(&store, 2_000);
    let db = store.reader().connection();
    db.execute("DELETE FROM message WHERE key % 2 = 0", [])
        .unwrap();
    assert_eq!(store.clean(NOW).unwrap(), Owed::Nothing);
    let image = store.image().unwrap();
    assert!(!has(&image, "zebra01000"));
    let db = store.reader().connection();
    search::index(db, 10_000).unwrap();
    assert_eq!(found(db), 1_000);
}

/// How many messages a search finds, in an index that is as the messages are.
fn found(db: &Connection) -> u32 {
    db.execute_batch("INSERT INTO message_text (message_text, rank) VALUES ('integrity-check', 1)")
        .unwrap();
    db.query_row(
        "SELECT count(*) FROM message_text WHERE message_text MATCH 'crossing'",
        [],
        |row| row.get(0),
    )
    .unwrap()
}

/// The pages of the index begin with words, of which their parents know a part.
#[test]
fn the_index_is_written_anew_when_it_knows_where_a_word_would_be_that_is_gone() {
    let mut store = in_memory();
    fill(&store, 2_000);
    let db = store.reader().connection();
    let key: Vec<u8> = db
        .query_row(
            "SELECT CAST(max(term) AS BLOB) FROM message_text_idx",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let word = String::from_utf8(key[1..].to_vec()).unwrap();
    assert!(word.starts_with("zebra"), "{word}");
    assert!(!has_dead_words(db).unwrap());
    let gone = "DELETE FROM message WHERE text LIKE ?1 || '%'";
    let gone = u32::try_from(db.execute(gone, [&word]).unwrap()).unwrap();
    assert!(has_dead_words(db).unwrap());
    store.clean(NOW).unwrap();
    let db = store.reader().connection();
    assert!(!has_dead_words(db).unwrap());
    assert!(!search::is_behind(db).unwrap());
    assert_eq!(found(db), 2_000 - gone, "the others are found meanwhile");
    assert!(!has(&store.image().unwrap(), &word));
}

#[test]
fn after_a_sign_out_nothing_of_anybody_is_in_any_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut store = Store::open(&path).unwrap();
    fill(&store, 500);
    let everything = [
        "crossing",
        "zebra00007",
        "access-4711",
        "refresh-4711",
        "Alice Springs",
        "half a thought",
        "Treasure hunters",
        "Bob Builder",
        "pushed words",
    ];
    for sought in everything {
        assert!(is_in_files(&path, sought), "{sought}");
    }
    let wiped = store.begin(crate::Durability::Full).unwrap();
    account::wipe(&wiped).unwrap();
    wiped.commit().unwrap();
    assert_eq!(store.clean(NOW).unwrap(), Owed::Nothing);
    for sought in everything {
        assert!(!is_in_files(&path, sought), "{sought}");
    }
}

#[test]
fn after_the_server_has_ended_a_session_no_token_is_in_any_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut store = Store::open(&path).unwrap();
    fill(&store, 5);
    store.clean(NOW).unwrap();
    let db = store.reader().connection();
    let renewed = "UPDATE account SET access_token = 'access-4712', refresh_token = 'refresh-4712'";
    db.execute(renewed, []).unwrap();
    assert!(is_in_files(&path, "refresh-4712"));
    let end = SessionEnd::ByServer {
        code: Code::SessionRevoked,
    };
    account::end_session(db, &end).unwrap();
    store.clean(NOW).unwrap();
    for token in ["access-4711", "refresh-4711", "access-4712", "refresh-4712"] {
        assert!(!is_in_files(&path, token), "{token}");
    }
    assert!(is_in_files(&path, "zebra00001"), "everything else stays");
}

#[test]
fn the_log_is_emptied_when_nobody_reads_from_it_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut store = Store::open(&path).unwrap();
    fill(&store, 10);
    let reader = Reader::open(&path).unwrap();
    reader.connection().execute_batch("BEGIN").unwrap();
    let count = |reader: &Reader| -> u32 {
        let query = "SELECT count(*) FROM message WHERE text <> ''";
        let count = reader.connection().query_row(query, [], |row| row.get(0));
        count.unwrap()
    };
    assert_eq!(count(&reader), 10);
    let db = store.reader().connection();
    db.execute("UPDATE message SET text = ''", []).unwrap();
    assert_eq!(store.clean(NOW).unwrap(), Owed::Log);
    assert_eq!(count(&reader), 10, "it reads on as it began");
    assert!(is_in_files(&path, "zebra00007"));
    reader.connection().execute_batch("COMMIT").unwrap();
    store.clean(NOW).unwrap();
    assert!(!is_in_files(&path, "zebra00007"));
    assert_eq!(count(&reader), 0);
}

#[test]
fn a_file_is_written_anew_the_more_rarely_the_larger_it_is() {
    let mut store = in_memory();
    fill(&store, 500);
    let change = |store: &Store, text: &str| {
        let db = store.reader().connection();
        let set = "UPDATE message SET text = ?1 WHERE key = 1";
        db.execute(set, [text]).unwrap();
        assert_eq!(owed(db, NOW).unwrap(), Owed::Log);
    };
    change(&store, "one");
    assert_eq!(store.clean(NOW).unwrap(), Owed::Nothing);
    change(&store, "two");
    let Owed::File(due) = store.clean(NOW).unwrap() else {
        panic!("it was due already");
    };
    let pages = pages(store.reader().connection()).unwrap();
    assert_eq!(
        due,
        Timestamp(NOW.0 + 1_000 * i64::try_from(pages).unwrap())
    );
    let before = Timestamp(due.0 - 1);
    assert_eq!(store.clean(before).unwrap(), Owed::File(due));
    assert_eq!(store.clean(due).unwrap(), Owed::Nothing);
    // A clock that was years ahead puts nothing off.
    change(&store, "three");
    assert_eq!(store.clean(NOW).unwrap(), Owed::Nothing);
}

/// A second process writes down what a push says, also of a message that was deleted meanwhile.
#[test]
fn what_a_push_and_an_operation_said_of_a_message_that_is_gone_is_owed() {
    let mut store = in_memory();
    fill(&store, 3);
    let db = store.reader().connection();
    db.execute_batch(
        "UPDATE message SET operation_key = x'02' WHERE key = 2;
         UPDATE message SET operation_key = x'03', deleted = '{}' WHERE key = 3;
         INSERT INTO pushed (message_key, payload) VALUES (x'02', '{}'), (x'03', '{}');
         INSERT INTO operation (operation_key, lane, method, holds_lane, message_key, params, state, created_at)
         VALUES (x'02', 1, 'message.send', 1, NULL, '{}', 'applied', 1),
                (x'a2', 1, 'message.edit', 0, x'02', '{}', 'applied', 1),
                (x'a3', 1, 'message.edit', 0, x'03', '{}', 'failed', 1),
                (x'b3', 1, 'message.pin', 0, x'03', '{}', 'failed', 1);",
    )
    .unwrap();
    for (gone, left) in [
        (
            "DELETE FROM pushed WHERE message_key = x'02'",
            Owed::Nothing,
        ),
        (
            "DELETE FROM operation WHERE operation_key = x'02'",
            Owed::Nothing,
        ),
        (
            "DELETE FROM operation WHERE operation_key = x'a2'",
            Owed::Nothing,
        ),
        (
            "DELETE FROM operation WHERE operation_key = x'b3'",
            Owed::Nothing,
        ),
        ("DELETE FROM pushed WHERE message_key = x'03'", Owed::Log),
        (
            "DELETE FROM operation WHERE operation_key = x'a3'",
            Owed::Log,
        ),
        ("DELETE FROM pushed", Owed::Log),
    ] {
        let db = store.reader().connection();
        db.execute(gone, []).unwrap();
        assert_eq!(owed(db, NOW).unwrap(), left, "{gone}");
        while store.clean(NOW).unwrap() != Owed::Nothing {
            store
                .reader()
                .connection()
                .execute("UPDATE remains SET written_at = 0", [])
                .unwrap();
        }
    }
}

#[test]
fn what_only_makes_room_is_not_owed() {
    let store = in_memory();
    fill(&store, 500);
    let db = store.reader().connection();
    let retention = crate::Retention {
        messages_per_conversation: Some(50),
        total_bytes: None,
    };
    db.execute("UPDATE conversation SET head = 500", [])
        .unwrap();
    crate::store::retention::trim(db, retention).unwrap();
    let left: u32 = db
        .query_row("SELECT count(*) FROM message", [], |row| row.get(0))
        .unwrap();
    assert!(left < 500);
    assert_eq!(owed(db, NOW).unwrap(), Owed::Nothing);
}

#[test]
fn what_cannot_be_written_stays_owed() {
    let mut store = in_memory();
    fill(&store, 500);
    let db = store.reader().connection();
    db.execute("UPDATE message SET text = '' WHERE key = 7", [])
        .unwrap();
    db.pragma_update(None, "query_only", true).unwrap();
    assert!(store.clean(NOW).is_err());
    let db = store.reader().connection();
    db.pragma_update(None, "query_only", false).unwrap();
    assert_eq!(owed(db, NOW).unwrap(), Owed::Log);
    assert_eq!(store.clean(NOW).unwrap(), Owed::Nothing);
}

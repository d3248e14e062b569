//! What it costs that nothing is left of what is deleted: the same statements on the same store, once with what is deleted
//! overwritten in the file and taken out of the index of the search, and once without.

use std::path::Path;
use std::time::{Duration, Instant};

use fulmar_mock_server::MockServer;
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, params};

use crate::stage::{p50, row, signed_in};

/// How many words the people of this store know.
const WORDS: i64 = 20_000;

/// Messages that are deleted for everyone one by one, a store that is written anew, and one that is emptied.
pub(crate) async fn deleted(messages: i64) {
    let mut each = Vec::new();
    for thorough in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alice.db");
        let server = MockServer::builder().demo().start().await.unwrap();
        signed_in(&server, &path).await.close().await;
        let database = open(&path, thorough);
        fill(&database, messages);
        let one = one_by_one(&database, messages);
        let anew = timed(|| {
            let all = "VACUUM; PRAGMA wal_checkpoint(TRUNCATE);";
            database.execute_batch(all).unwrap();
        });
        let copied = timed(|| {
            std::fs::copy(&path, folder.path().join("copy.db")).unwrap();
        });
        let emptied = timed(|| {
            let all = "DELETE FROM message; PRAGMA wal_checkpoint(TRUNCATE);";
            database.execute_batch(all).unwrap();
        });
        each.push((one, anew, copied, emptied));
    }
    let [(one, anew, copied, emptied), (raw_one, _, _, raw_emptied)] = each[..] else {
        unreachable!("it was measured twice");
    };
    let name = |what: &str| format!("{what}, among {messages}");
    row(
        &name("a message deleted for everyone"),
        one,
        raw_one,
        "raw: what is deleted stays",
    );
    row(
        &name("every message deleted"),
        emptied,
        raw_emptied,
        "raw: what is deleted stays",
    );
    row(
        &name("the store written anew"),
        anew,
        copied,
        "raw: a copy of the file",
    );
}

fn open(path: &Path, thorough: bool) -> Connection {
    let database = Connection::open(path).unwrap();
    // The store's triggers call it; what it makes of these texts is the same.
    database
        .create_scalar_function(
            "searchable",
            1,
            FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS,
            |arguments| arguments.get::<String>(0),
        )
        .unwrap();
    database
        .pragma_update(None, "secure_delete", thorough)
        .unwrap();
    database
        .pragma_update(None, "temp_store", "MEMORY")
        .unwrap();
    database
        .execute(
            "INSERT INTO message_text (message_text, rank) VALUES ('secure-delete', ?1)",
            [thorough],
        )
        .unwrap();
    database
}

/// One conversation of messages of eight words, of which some are rare; all of them can be found.
fn fill(database: &Connection, messages: i64) {
    let all = database.unchecked_transaction().unwrap();
    let conversation =
        "INSERT INTO conversation (key, id, announced, kind, created_at, activity_at, head)
                        VALUES (1000000, 'bench', 1, 'group', 0, 0, ?1)";
    all.execute(conversation, [messages]).unwrap();
    let mut insert = all
        .prepare(
            "INSERT INTO message
                 (operation_key, conversation, position, message_id, sender_id, text, at)
             VALUES (?1, 1000000, ?2, ?3, 'bob', ?4, ?2)",
        )
        .unwrap();
    for number in 1..=messages {
        let words = (1..=8).map(|place| format!("w{}", number * 7_919 * place * place % WORDS));
        let text = words.collect::<Vec<_>>().join(" ");
        let key = i128::from(number).to_be_bytes();
        let id = format!("m-{number:024x}");
        insert.execute(params![key, number, id, text]).unwrap();
    }
    drop(insert);
    all.execute_batch(
        "INSERT INTO message_text (rowid, text) SELECT key, text FROM message WHERE text <> '';
         DELETE FROM unindexed;",
    )
    .unwrap();
    all.commit().unwrap();
}

fn one_by_one(database: &Connection, messages: i64) -> Duration {
    let mut times = Vec::new();
    let delete = "UPDATE message SET text = '', deleted = '{}' WHERE position = ?1 AND conversation = 1000000";
    for round in 1..=200 {
        let position = messages * round / 201;
        times.push(timed(|| {
            let mut delete = database.prepare_cached(delete).unwrap();
            delete.execute([position]).unwrap();
        }));
    }
    p50(&mut times)
}

fn timed(done: impl FnOnce()) -> Duration {
    let start = Instant::now();
    done();
    start.elapsed()
}

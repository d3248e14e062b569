//! Damaged files of every kind, and what comes out of them.

use std::fs;

use fulmar_protocol::{MessageSend, Method, OperationKey, Timestamp, UserId};

use super::*;
use crate::store::{ConversationKey, Durability, messages, operations};

const PAGE: usize = 4_096;

/// A store with a session, and so many unsent messages in three conversations.
struct Damaged {
    folder: tempfile::TempDir,
    count: u16,
}

impl Damaged {
    fn with(count: u16) -> Self {
        let damaged = Self {
            folder: tempfile::tempdir().unwrap(),
            count,
        };
        drop(damaged.fill());
        damaged
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("a.db")
    }

    fn fill(&self) -> Store {
        let mut store = Store::open(&self.path()).unwrap();
        let db = store.begin(Durability::Full).unwrap();
        db.execute_batch(
            "INSERT INTO account (only_row, device_id, user_id, name) VALUES (1, 'phone-1', 'alice', 'Alice');
             INSERT INTO conversation (key, id, kind, created_at, activity_at)
             VALUES (1, 'c-1', 'group', 1, 1), (2, 'c-2', 'direct', 1, 1), (3, 'c-3', 'group', 1, 1),
                    (4, 'c-4', 'group', 1, 1);
             INSERT INTO conversation_alias (local_id, conversation)
             VALUES ('0190b5f0-0000-7000-8000-000000000001', 2)",
        )
        .unwrap();
        for number in 0..self.count {
            self.send(&db, number);
        }
        db.commit().unwrap();
        store.note_unsent();
        store
    }

    fn send(&self, db: &Connection, number: u16) {
        let lane = ConversationKey(i64::from(number % 3) + 1);
        let mut key = [9; 16];
        key[..2].copy_from_slice(&number.to_be_bytes());
        let key = OperationKey::from_bytes(key);
        let params = serde_json::json!({
            "conversationId": format!("c-{}", lane.0),
            "text": text_of(number),
        });
        let send: MessageSend = serde_json::from_value(params).unwrap();
        let content = fulmar_protocol::Content {
            text: text_of(number),
            ..serde_json::from_str("{}").unwrap()
        };
        let alice = UserId::new("alice").unwrap();
        messages::insert_unsent(db, key, lane, &alice, &content, Timestamp(1)).unwrap();
        operations::enqueue(
            db,
            &operations::NewOperation {
                operation_key: key,
                lane: lane.lane(),
                method: &Method::MessageSend(send),
                holds_lane: true,
                now: Timestamp(1),
            },
        )
        .unwrap();
    }

    fn change(&self, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs::read(self.path()).unwrap();
        change(&mut bytes);
        fs::write(self.path(), bytes).unwrap();
    }

    /// Rebuilds, and tells which messages are unsent then, in order.
    fn rebuilt(&self) -> (Salvage, Vec<u16>) {
        let salvage = rebuild(&self.path()).unwrap();
        let store = Store::open(&self.path()).unwrap();
        let mut statement = store
            .reader()
            .connection()
            .prepare("SELECT text, params FROM operation JOIN message USING (operation_key) ORDER BY ordinal")
            .unwrap();
        let rows = statement
            .query_map([], |row| {
                Ok((
                    row.get::<_, String>("text")?,
                    row.get::<_, String>("params")?,
                ))
            })
            .unwrap();
        let numbers = rows
            .map(|row| {
                let (text, params) = row.unwrap();
                let params: serde_json::Value = serde_json::from_str(&params).unwrap();
                assert_eq!(params["text"], text);
                let number = text.split(' ').nth(1).unwrap().parse().unwrap();
                assert_eq!(text, text_of(number), "whole");
                number
            })
            .collect();
        (salvage, numbers)
    }
}

/// Some fit on a page, some do not.
fn text_of(number: u16) -> String {
    format!(
        "message {number} {}",
        "é👍".repeat(usize::from(number % 7) * 400)
    )
}

fn all(count: u16) -> Vec<u16> {
    (0..count).collect()
}

#[test]
fn a_store_whose_schema_page_is_gone_gives_up_everything() {
    let damaged = Damaged::with(60);
    damaged.change(|bytes| bytes[..PAGE].fill(0));
    let (salvage, unsent) = damaged.rebuilt();
    assert_eq!(unsent, all(60));
    assert!(salvage.session && salvage.incomplete);
    assert_eq!(salvage.operations, 60);
}

#[test]
fn a_store_whose_schema_page_is_noise_gives_up_everything() {
    let damaged = Damaged::with(20);
    damaged.change(|bytes| {
        let mut noise = fastrand::Rng::with_seed(7);
        bytes[16..PAGE].fill_with(|| noise.u8(..));
    });
    let (salvage, unsent) = damaged.rebuilt();
    assert_eq!((unsent, salvage.session), (all(20), true));
}

#[test]
fn half_of_a_store_gives_up_what_is_in_it() {
    let damaged = Damaged::with(300);
    damaged.change(|bytes| bytes.truncate(bytes.len() / 2));
    let (salvage, unsent) = damaged.rebuilt();
    assert!(salvage.session && salvage.incomplete);
    assert!(unsent.len() > 60, "{}", unsent.len());
}

#[test]
fn what_is_only_in_the_log_is_found_without_the_file() {
    let damaged = Damaged {
        folder: tempfile::tempdir().unwrap(),
        count: 30,
    };
    let store = damaged.fill();
    let crashed = Damaged {
        folder: tempfile::tempdir().unwrap(),
        count: 30,
    };
    for name in ["a.db", "a.db-wal", "a.db.unsent"] {
        fs::copy(
            damaged.folder.path().join(name),
            crashed.folder.path().join(name),
        )
        .unwrap();
    }
    drop(store);
    // No part of the file says that it is a database, so SQLite looks at neither.
    crashed.change(|bytes| bytes.fill(7));
    let (salvage, unsent) = crashed.rebuilt();
    assert_eq!((unsent, salvage.session), (all(30), true));
}

#[test]
fn the_log_of_an_emptied_or_deleted_file_is_kept_and_read() {
    for deleted in [false, true] {
        let damaged = Damaged {
            folder: tempfile::tempdir().unwrap(),
            count: 30,
        };
        let store = damaged.fill();
        let crashed = Damaged {
            folder: tempfile::tempdir().unwrap(),
            count: 30,
        };
        for name in ["a.db-wal", "a.db.unsent"] {
            fs::copy(
                damaged.folder.path().join(name),
                crashed.folder.path().join(name),
            )
            .unwrap();
        }
        drop(store);
        if !deleted {
            fs::write(crashed.path(), b"").unwrap();
        }
        let log = fs::read(suffixed(&crashed.path(), "-wal")).unwrap();
        assert!(matches!(
            Store::open(&crashed.path()),
            Err(OpenError::LostUnsent { count: 30 })
        ));
        assert_eq!(fs::read(suffixed(&crashed.path(), "-wal")).unwrap(), log);
        let (salvage, unsent) = crashed.rebuilt();
        assert_eq!((unsent, salvage.session), (all(30), true));
        assert_eq!(fs::read(suffixed(&salvage.set_aside, "-wal")).unwrap(), log);
        // What was set aside is never written over.
        assert_ne!(
            rebuild(&crashed.path()).unwrap().set_aside,
            salvage.set_aside
        );
    }
}

#[test]
fn an_operation_whose_conversation_is_gone_is_kept() {
    let damaged = Damaged::with(9);
    let store = Store::open(&damaged.path()).unwrap();
    let root: usize = store
        .reader()
        .connection()
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'conversation'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    drop(store);
    damaged.change(|bytes| {
        bytes[..PAGE].fill(0);
        bytes[(root - 1) * PAGE..root * PAGE].fill(0);
    });
    let (_, unsent) = damaged.rebuilt();
    assert_eq!(unsent, all(9));
}

#[test]
fn what_was_confirmed_or_discarded_does_not_come_back() {
    let damaged = Damaged::with(300);
    let mut store = Store::open(&damaged.path()).unwrap();
    let db = store.begin(Durability::Full).unwrap();
    db.execute_batch(
        "UPDATE message SET position = 1000 + key WHERE key <= 150;
         DELETE FROM operation WHERE ordinal <= 299;
         DELETE FROM message WHERE key > 150 AND key <= 299;",
    )
    .unwrap();
    db.commit().unwrap();
    store.note_unsent();
    drop(store);
    damaged.change(|bytes| bytes[..PAGE].fill(0));
    let (salvage, unsent) = damaged.rebuilt();
    assert_eq!((unsent, salvage.operations), (vec![299], 1));
}

#[test]
fn without_a_marker_nothing_that_was_confirmed_comes_back() {
    let damaged = Damaged::with(300);
    let mut store = Store::open(&damaged.path()).unwrap();
    let db = store.begin(Durability::Full).unwrap();
    db.execute_batch(
        "UPDATE message SET position = 1000 + key WHERE key <= 299;
         DELETE FROM operation WHERE ordinal <= 299;",
    )
    .unwrap();
    db.commit().unwrap();
    drop(store);
    fs::remove_file(suffixed(&damaged.path(), ".unsent")).unwrap();
    damaged.change(|bytes| bytes[..PAGE].fill(0));
    let (_, unsent) = damaged.rebuilt();
    assert_eq!(unsent, [299]);
}

#[test]
fn noise_anywhere_never_panics_and_what_is_salvaged_is_whole() {
    let whole = Damaged::with(25);
    let bytes = fs::read(whole.path()).unwrap();
    let marker = fs::read(suffixed(&whole.path(), ".unsent")).unwrap();
    for seed in 0..30 {
        let mut noise = fastrand::Rng::with_seed(seed);
        let damaged = Damaged {
            folder: tempfile::tempdir().unwrap(),
            count: 25,
        };
        let mut bytes = bytes.clone();
        for _ in 0..noise.usize(1..4) {
            let begin = noise.usize(..bytes.len());
            let end = bytes.len().min(begin + noise.usize(1..3 * PAGE));
            bytes[begin..end].fill_with(|| noise.u8(..));
        }
        if noise.bool() {
            bytes.truncate(noise.usize(..bytes.len()));
        }
        fs::write(damaged.path(), &bytes).unwrap();
        fs::write(suffixed(&damaged.path(), ".unsent"), &marker).unwrap();
        let salvage = rebuild(&damaged.path()).unwrap();
        assert!(salvage.operations <= 25, "seed {seed}");
    }
}

/// Every column of every table that is saved.
fn columns_of_all(path: &Path) -> Vec<(&'static str, String)> {
    let connection = Connection::open(path).unwrap();
    let of = |(table, _): &(&'static str, &str)| {
        let names = columns(&connection, table).into_iter();
        names.map(|name| (*table, name)).collect::<Vec<_>>()
    };
    TABLES.iter().flat_map(of).collect()
}

/// Opens what was rebuilt, and looks at it.
fn works(path: &Path) -> std::result::Result<usize, String> {
    let now = crate::Now {
        wall: Timestamp(2),
        mono: crate::Mono(1),
        entropy: 1,
    };
    let device = fulmar_protocol::DeviceId::new("phone").unwrap();
    let store = Store::open(path).map_err(|error| error.to_string())?;
    let opened = crate::Engine::open(store, crate::Config::default(), device, now);
    let (mut engine, _) = opened.map_err(|error| error.to_string())?;
    let online = crate::Input::Network(crate::NetworkState::Available);
    let _ = engine
        .handle(vec![online], now)
        .map_err(|error| error.to_string())?;
    let said = |error: crate::StoreError| error.to_string();
    let reader = engine.reader();
    let list =
        crate::query::conversations(reader, None, crate::query::ConversationFilter::default(), 9);
    for item in list.map_err(said)? {
        let id = item.conversation_id;
        crate::query::timeline(reader, &id, None, crate::query::Window::Newest).map_err(said)?;
    }
    let outbox = crate::query::outbox(reader, crate::FailurePolicy::Hold);
    Ok(outbox.map_err(said)?.len())
}

#[test]
fn whatever_one_value_of_a_row_is_the_rebuilt_store_works_and_at_most_that_row_is_lost() {
    let columns = columns_of_all(&Damaged::with(1).path());
    assert!(columns.len() > 60, "{}", columns.len());
    let mut broken = Vec::new();
    for (table, column) in columns {
        for value in [
            "-9000000000000000000",
            "'a' || char(7)",
            "'{\"at\": 7}'",
            "x'00'",
        ] {
            let damaged = Damaged::with(9);
            let connection = Store::adopt(Connection::open(damaged.path()).unwrap())
                .unwrap()
                .into_connection();
            connection
                .execute_batch(
                    "PRAGMA ignore_check_constraints = TRUE; PRAGMA foreign_keys = FALSE;",
                )
                .unwrap();
            let sql = format!(
                "UPDATE {table} SET {column} = {value} WHERE rowid = (SELECT min(rowid) FROM {table})"
            );
            // The types of the table forbid some.
            if connection.execute(&sql, []).is_err() {
                continue;
            }
            drop(connection);
            let salvage = rebuild(&damaged.path()).unwrap();
            let what = format!("{table}.{column} = {value}");
            match works(&damaged.path()) {
                // Three messages wait in each conversation: one that is nowhere takes them along.
                Ok(waiting) if waiting == salvage.operations && waiting >= 6 => {}
                found => broken.push(format!("{what}: {found:?}, {} saved", salvage.operations)),
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

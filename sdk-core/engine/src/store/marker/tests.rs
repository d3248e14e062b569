//! What is noticed when a store went back in time, and that nothing else is.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::store::{Store, rebuild};

struct Directory {
    folder: tempfile::TempDir,
}

impl Directory {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("a.db")
    }

    fn marker(&self) -> String {
        fs::read_to_string(path(&self.store())).unwrap()
    }

    /// How many unsent operations are missed at open.
    fn missed(&self) -> Option<u32> {
        match Store::open(&self.store()) {
            Ok(_) => None,
            Err(OpenError::LostUnsent { count }) => Some(count),
            Err(other) => panic!("{other}"),
        }
    }

    /// A copy of the files as they are now, as a crash would leave them.
    fn crashed(&self, leave_out: &str) -> Self {
        let copy = Self::new();
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name() != leave_out {
                fs::copy(entry.path(), copy.folder.path().join(entry.file_name())).unwrap();
            }
        }
        copy
    }
}

/// Hands over so many operations, in one commit.
fn hand_over(store: &mut Store, count: u8, durability: Durability) {
    let db = store.begin(durability).unwrap();
    db.execute_batch(
        "INSERT OR IGNORE INTO conversation (key, id, kind, created_at, activity_at)
         VALUES (1, 'c-1', 'group', 1, 1)",
    )
    .unwrap();
    for _ in 0..count {
        db.execute_batch(
            r#"INSERT INTO operation (operation_key, lane, method, holds_lane, params, state, created_at)
             VALUES (randomblob(16), 1, 'message.send', 1,
                     '{"conversationId": "c-1", "text": "hello"}', 'queued', 1)"#,
        )
        .unwrap();
    }
    db.commit().unwrap();
    store.note_unsent();
}

/// The server has confirmed the oldest.
fn confirm(store: &mut Store, count: u8) {
    let db = store.begin(Durability::Normal).unwrap();
    db.execute(
        "DELETE FROM operation WHERE ordinal IN (SELECT ordinal FROM operation ORDER BY ordinal LIMIT ?1)",
        [count],
    )
    .unwrap();
    db.commit().unwrap();
    store.note_unsent();
}

#[test]
fn a_deleted_log_is_noticed_with_what_was_in_it() {
    let directory = Directory::new();
    drop(Store::open(&directory.store()).unwrap());
    let mut store = Store::open(&directory.store()).unwrap();
    hand_over(&mut store, 2, Durability::Full);
    store
        .reader()
        .connection()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    hand_over(&mut store, 3, Durability::Full);
    let whole = directory.crashed("");
    let halved = directory.crashed("a.db-wal");
    assert_eq!(whole.missed(), None);
    assert_eq!(halved.missed(), Some(3));
    // Until it is rebuilt, with what is left.
    assert_eq!(halved.missed(), Some(3));
    let salvage = rebuild(&halved.store()).unwrap();
    assert_eq!(salvage.operations, 2);
    assert_eq!(halved.missed(), None);
}

#[test]
fn an_emptied_or_deleted_store_is_noticed_and_left_as_it_is() {
    let directory = Directory::new();
    let mut store = Store::open(&directory.store()).unwrap();
    hand_over(&mut store, 5, Durability::Full);
    confirm(&mut store, 1);
    drop(store);
    fs::write(directory.store(), b"").unwrap();
    assert_eq!(directory.missed(), Some(4));
    assert_eq!(fs::read(directory.store()).unwrap(), b"");
    fs::remove_file(directory.store()).unwrap();
    assert_eq!(directory.missed(), Some(4));
    assert!(!directory.store().exists());
    rebuild(&directory.store()).unwrap();
    assert_eq!(directory.missed(), None);
}

#[test]
fn a_store_without_anything_unsent_may_be_emptied() {
    let directory = Directory::new();
    let mut store = Store::open(&directory.store()).unwrap();
    hand_over(&mut store, 2, Durability::Full);
    confirm(&mut store, 2);
    drop(store);
    fs::remove_file(directory.store()).unwrap();
    assert_eq!(directory.missed(), None);
}

#[test]
fn a_crash_before_the_marker_is_written_is_no_loss() {
    let directory = Directory::new();
    let mut store = Store::open(&directory.store()).unwrap();
    hand_over(&mut store, 1, Durability::Full);
    let older = directory.marker();
    hand_over(&mut store, 4, Durability::Full);
    confirm(&mut store, 5);
    let newer = directory.marker();
    let crashed = directory.crashed("");
    for marker in [
        older.as_str(),
        newer.as_str(),
        "",
        &newer[..20],
        "0 1 2 3",
        "\u{0}\u{0}",
    ] {
        fs::write(path(&crashed.store()), marker).unwrap();
        assert_eq!(crashed.missed(), None, "{marker:?}");
    }
}

#[test]
fn what_a_power_cut_may_take_back_is_not_promised() {
    let directory = Directory::new();
    let mut store = Store::open(&directory.store()).unwrap();
    hand_over(&mut store, 1, Durability::Full);
    let before_the_cut = directory.crashed("");
    hand_over(&mut store, 2, Durability::Normal);
    // The power takes the commit of normal durability, and not the marker, which happened to be written.
    fs::copy(path(&directory.store()), path(&before_the_cut.store())).unwrap();
    assert_eq!(before_the_cut.missed(), None);
    // The next durable commit makes them durable, too.
    hand_over(&mut store, 1, Durability::Full);
    fs::copy(path(&directory.store()), path(&before_the_cut.store())).unwrap();
    assert_eq!(before_the_cut.missed(), Some(3));
}

#[test]
fn the_marker_is_overwritten_in_place() {
    let directory = Directory::new();
    let mut store = Store::open(&directory.store()).unwrap();
    let empty = directory.marker();
    hand_over(&mut store, 9, Durability::Full);
    assert_eq!(directory.marker().len(), empty.len());
    assert_eq!(empty.len(), 86);
    let promised = Promise::from_text(&directory.marker()).unwrap();
    assert_eq!((promised.ordinal, promised.unsent), (9, 9));
}

use std::collections::BTreeSet;

use rusqlite::{Connection, ErrorCode};

use super::Disk;

/// So many power cuts are tried.
const SEEDS: u64 = 60;

#[test]
fn what_was_synced_survives_and_of_the_rest_a_beginning() {
    let mut left = BTreeSet::new();
    for seed in 0..SEEDS {
        let disk = Disk::new(seed);
        let db = opened(&disk, "FULL");
        for number in 1..=20 {
            insert(&db, number).unwrap();
        }
        db.pragma_update(None, "synchronous", "NORMAL").unwrap();
        for number in 21..=40 {
            insert(&db, number).unwrap();
        }
        disk.lose_power();
        drop(db);
        let rows = rows(&disk);
        assert_eq!(rows, (1..=rows.len() as i64).collect::<Vec<_>>(), "{seed}");
        assert!(rows.len() >= 20, "{seed}: {}", rows.len());
        left.insert(rows.len());
    }
    let (least, most) = (left.first().unwrap(), left.last().unwrap());
    assert!(*least == 20 && *most == 40 && left.len() > 3, "{left:?}");
}

#[test]
fn what_sqlite_does_not_sync_may_be_lost_in_any_order() {
    let damaged = (0..SEEDS).any(|seed| {
        let disk = Disk::new(seed);
        let db = opened(&disk, "OFF");
        for number in 1..=600 {
            insert(&db, number).unwrap();
        }
        db.query_row("PRAGMA wal_checkpoint", [], |_| Ok(()))
            .unwrap();
        disk.lose_power();
        drop(db);
        let db = disk.connect().unwrap();
        let intact: Result<String, _> =
            db.query_row("PRAGMA integrity_check", [], |row| row.get(0));
        intact.as_deref() != Ok("ok")
    });
    assert!(damaged);
}

#[test]
fn the_power_may_fail_in_the_midst_of_any_write() {
    for writes in 0..120 {
        let disk = Disk::new(u64::from(writes));
        let db = opened(&disk, "FULL");
        // What was committed of so many is in the log: the checkpoint is in the midst of it as well.
        db.pragma_update(None, "wal_autocheckpoint", 8).unwrap();
        disk.lose_power_after(Some(writes));
        let inserted = (1..=60).take_while(|number| insert(&db, *number).is_ok());
        let kept = inserted.count();
        assert!(disk.lost_power(), "{writes}");
        drop(db);
        let rows = rows(&disk);
        assert_eq!(rows, (1..=rows.len() as i64).collect::<Vec<_>>());
        // The one that failed may be there all the same.
        assert!((kept..=kept + 1).contains(&rows.len()), "{writes}: {kept}");
    }
}

#[test]
fn the_power_may_fail_while_the_database_is_made() {
    for writes in 0..60 {
        let disk = Disk::new(u64::from(writes));
        disk.lose_power_after(Some(writes));
        let _ = try_open(&disk, "FULL");
        disk.lose_power_after(None);
        disk.lose_power();
        let db = opened(&disk, "FULL");
        insert(&db, 1).unwrap();
        drop(db);
        assert_eq!(rows(&disk), [1], "{writes}");
    }
}

#[test]
fn a_full_disk_says_so_and_keeps_what_it_has() {
    let disk = Disk::new(1);
    let db = opened(&disk, "FULL");
    insert(&db, 1).unwrap();
    disk.limit(Some(disk.used() + 100));
    let error = insert(&db, 2).unwrap_err();
    assert_eq!(error.sqlite_error_code(), Some(ErrorCode::DiskFull));
    assert_eq!(disk.failures(), 1);
    drop(db);
    assert_eq!(rows(&disk), [1]);
    disk.limit(None);
    insert(&disk.connect().unwrap(), 3).unwrap();
    assert_eq!(rows(&disk), [1, 3]);
}

#[test]
fn a_disk_without_space_for_shared_memory_says_so() {
    let disk = Disk::new(1);
    let db = opened(&disk, "FULL");
    insert(&db, 1).unwrap();
    disk.kill();
    drop(db);
    disk.limit(Some(disk.used()));
    let db = disk.connect().unwrap();
    let error = db.query_row("SELECT number FROM row", [], |_| Ok(()));
    let error = error.unwrap_err().sqlite_error().copied().unwrap();
    assert_eq!(
        error.extended_code,
        rusqlite::ffi::SQLITE_IOERR_SHMSIZE,
        "{error}"
    );
}

#[test]
fn a_disk_that_fails_says_so() {
    let disk = Disk::new(1);
    let db = opened(&disk, "FULL");
    disk.fail(1_000);
    let error = insert(&db, 1).unwrap_err();
    assert_eq!(
        error.sqlite_error_code(),
        Some(ErrorCode::SystemIoFailure),
        "{error}"
    );
    disk.fail(0);
    drop(db);
    insert(&disk.connect().unwrap(), 2).unwrap();
    assert_eq!(rows(&disk), [2]);
}

#[test]
fn a_process_that_is_killed_leaves_what_it_has_written() {
    let disk = Disk::new(1);
    let db = opened(&disk, "OFF");
    insert(&db, 1).unwrap();
    disk.kill();
    insert(&db, 2).unwrap_err();
    let used = disk.used();
    drop(db);
    assert_eq!(disk.used(), used, "the log is still there");
    assert_eq!(rows(&disk), [1]);
}

#[test]
fn the_same_seed_loses_the_same() {
    let lost = |seed| {
        let disk = Disk::new(seed);
        let db = opened(&disk, "FULL");
        db.pragma_update(None, "synchronous", "NORMAL").unwrap();
        for number in 1..=30 {
            insert(&db, number).unwrap();
        }
        disk.lose_power();
        drop(db);
        rows(&disk)
    };
    for seed in 0..10 {
        assert_eq!(lost(seed), lost(seed));
    }
}

fn opened(disk: &Disk, synchronous: &str) -> Connection {
    try_open(disk, synchronous).unwrap()
}

fn try_open(disk: &Disk, synchronous: &str) -> rusqlite::Result<Connection> {
    let db = disk.connect()?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", synchronous)?;
    db.execute_batch("CREATE TABLE IF NOT EXISTS row (number INTEGER PRIMARY KEY, text TEXT)")?;
    Ok(db)
}

fn insert(db: &Connection, number: i64) -> rusqlite::Result<()> {
    let text = "x".repeat(100);
    db.execute("INSERT INTO row VALUES (?1, ?2)", (number, text))?;
    Ok(())
}

fn rows(disk: &Disk) -> Vec<i64> {
    let db = disk.connect().unwrap();
    let intact: String = db
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(intact, "ok");
    let mut statement = db
        .prepare("SELECT number FROM row ORDER BY number")
        .unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

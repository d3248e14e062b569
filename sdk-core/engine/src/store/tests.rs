//! Tests of opening, refusing and migrating stores.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::connection::{Role, set_pragmas};
use super::{Durability, OpenError, Reader, Store, migrations, pushed};

fn pragma(connection: &Connection, name: &str) -> String {
    connection
        .pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0))
        .map(|value| format!("{value:?}"))
        .unwrap()
}

fn text(value: &str) -> String {
    format!("{:?}", rusqlite::types::Value::Text(value.to_owned()))
}

fn number(value: i64) -> String {
    format!("{:?}", rusqlite::types::Value::Integer(value))
}

#[test]
fn every_connection_has_its_pragmas() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut store = Store::open(&path).unwrap();
    let reader = Reader::open(&path).unwrap();
    let writer = store.reader().connection();
    assert_eq!(pragma(writer, "query_only"), number(0));
    assert_eq!(pragma(reader.connection(), "query_only"), number(1));
    for connection in [writer, reader.connection()] {
        assert_eq!(pragma(connection, "journal_mode"), text("wal"));
        assert_eq!(pragma(connection, "foreign_keys"), number(1));
        assert_eq!(pragma(connection, "trusted_schema"), number(0));
        assert_eq!(pragma(connection, "busy_timeout"), number(5000));
        assert_eq!(pragma(connection, "temp_store"), number(2));
        assert_eq!(pragma(connection, "cell_size_check"), number(1));
    }
    let beside = pushed::open_beside(&path).unwrap();
    for connection in [writer, &beside] {
        assert_eq!(pragma(connection, "secure_delete"), number(1));
    }
    // NORMAL is 1, FULL is 2.
    for (durability, level) in [
        (Durability::Full, 2),
        (Durability::Normal, 1),
        (Durability::Full, 2),
    ] {
        let transaction = store.begin(durability).unwrap();
        assert_eq!(pragma(&transaction, "synchronous"), number(level));
    }
}

/// SQLite writes and syncs the log only when a page changes: the second transaction has to change one.
#[test]
fn what_is_made_durable_is_written_with_full_durability() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let mut store = Store::open(&path).unwrap();
    let version = pragma(store.reader().connection(), "user_version");
    store.begin(Durability::Normal).unwrap().commit().unwrap();
    let written = || {
        std::fs::metadata(folder.path().join("a.db-wal"))
            .unwrap()
            .len()
    };
    let before = written();
    store.make_durable().unwrap();
    assert!(written() > before);
    let writer = store.reader().connection();
    assert_eq!(pragma(writer, "synchronous"), number(2));
    assert_eq!(pragma(writer, "user_version"), version);
}

#[test]
fn a_reader_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let _store = Store::open(&path).unwrap();
    let reader = Reader::open(&path).unwrap();
    assert!(
        reader
            .connection()
            .execute("DELETE FROM account", [])
            .is_err()
    );
}

#[test]
fn a_second_store_on_the_same_file_is_refused_until_the_first_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let first = Store::open(&path).unwrap();
    assert!(matches!(
        Store::open(&path),
        Err(OpenError::AlreadyOpen { .. })
    ));
    drop(first);
    Store::open(&path).unwrap();
}

/// The schema as SQLite has it, by name, without what makes no difference: white space, comments, and quotes around names.
fn schema(connection: &Connection) -> Vec<String> {
    let mut statement = connection
        .prepare(
            "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1",
        )
        .unwrap();
    let rows = statement
        .query_map([], |row| row.get::<_, String>(0))
        .unwrap();
    rows.map(|row| bare(&row.unwrap())).collect()
}

fn bare(sql: &str) -> String {
    let lines = sql.lines().map(|line| line.split("--").next().unwrap());
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    let line = words.join(" ").replace('"', "");
    line.replace(" ,", ",")
        .replace("( ", "(")
        .replace(" )", ")")
}

/// All rows of all tables, by table, but for the blocks of the index of the search, and for SQLite's own counters: one
/// that has not counted is like none.
fn rows(connection: &Connection) -> Vec<String> {
    let mut statement = connection
        .prepare(
            "SELECT name FROM sqlite_schema
             WHERE type = 'table' AND name NOT IN ('message_text_data', 'sqlite_sequence')
             ORDER BY name",
        )
        .unwrap();
    let tables = statement.query_map([], |row| row.get::<_, String>("name"));
    let tables: Vec<String> = tables.unwrap().map(Result::unwrap).collect();
    let of_table = |table: &String| {
        let mut statement = connection
            .prepare(&format!("SELECT * FROM {table}"))
            .unwrap();
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let value = |column| row.get::<_, rusqlite::types::Value>(column);
            (0..columns)
                .map(value)
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        let rows = statement.query_map([], row).unwrap().map(Result::unwrap);
        rows.map(|row| format!("{table}: {row:?}"))
            .collect::<Vec<_>>()
    };
    tables.iter().flat_map(of_table).collect()
}

#[test]
fn a_new_store_is_what_the_steps_make_of_an_empty_one() {
    let fresh = Store::adopt(Connection::open_in_memory().unwrap()).unwrap();
    let connection = Connection::open_in_memory().unwrap();
    set_pragmas(&connection, Role::Writer).unwrap();
    connection
        .execute_batch(&migrations::STEPS.concat())
        .unwrap();
    assert_eq!(schema(&connection), schema(fresh.reader().connection()));
    let rows = rows(&connection);
    assert!(rows.iter().any(|row| row.contains("secure-delete")));
    assert_eq!(rows, self::rows(fresh.reader().connection()));
}

/// A store of every version that was ever released, with something unsent in it.
fn fixtures() -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores");
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    found
}

#[test]
fn every_earlier_version_becomes_the_newest_and_keeps_what_is_unsent() {
    let fixtures = fixtures();
    assert_eq!(fixtures.len() as i64, migrations::NEWEST, "one per version");
    let fresh = Store::adopt(Connection::open_in_memory().unwrap()).unwrap();
    for fixture in fixtures {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(&fs::read_to_string(&fixture).unwrap())
            .unwrap();
        let store = Store::adopt(connection).unwrap();
        let connection = store.reader().connection();
        assert_eq!(
            schema(connection),
            schema(fresh.reader().connection()),
            "{fixture:?}"
        );
        let unsent: Vec<String> = connection
            .prepare(
                "SELECT text FROM operation JOIN message USING (operation_key) ORDER BY ordinal",
            )
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap();
        assert_eq!(unsent, ["unsent one", "unsent two"], "{fixture:?}");
    }
}

#[test]
fn a_damaged_store_of_every_earlier_version_gives_up_what_is_unsent() {
    for fixture in fixtures() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(&fs::read_to_string(&fixture).unwrap())
            .unwrap();
        drop(old);
        let salvage = super::rebuild(&path).unwrap();
        assert_eq!(salvage.operations, 2, "{fixture:?}");
        assert!(salvage.session && !salvage.incomplete, "{fixture:?}");
        let store = Store::open(&path).unwrap();
        let items = crate::query::timeline(
            store.reader(),
            &fulmar_protocol::ConversationId::new("c-1").unwrap(),
            None,
            crate::query::Window::Newest,
        )
        .unwrap()
        .items;
        let texts: Vec<_> = items
            .iter()
            .filter_map(crate::query::TimelineItem::message)
            .map(crate::query::MessageItem::text)
            .collect();
        assert_eq!(texts, ["unsent one", "unsent two"], "{fixture:?}");
    }
}

#[test]
fn why_an_operation_was_refused_is_read_from_version_1() {
    let connection = Connection::open_in_memory().unwrap();
    let first = fs::read_to_string(fixtures().first().unwrap()).unwrap();
    connection.execute_batch(&first).unwrap();
    let refused = r#"{"refused":{"code":"message.tooLong","title":"Too long","status":422}}"#;
    connection
        .execute(
            "UPDATE operation SET state = 'failed', failure = ?1 WHERE ordinal =
                 (SELECT min(ordinal) FROM operation)",
            [refused],
        )
        .unwrap();
    let store = Store::adopt(connection).unwrap();
    let items = crate::query::timeline(
        store.reader(),
        &fulmar_protocol::ConversationId::new("c-1").unwrap(),
        None,
        crate::query::Window::Newest,
    )
    .unwrap()
    .items;
    assert!(
        items
            .iter()
            .filter_map(crate::query::TimelineItem::message)
            .any(|item| matches!(
                &item.state,
                crate::query::MessageState::Failed {
                    reason: crate::FailureReason::Refused { problem }
                } if problem.title == "Too long"
            ))
    );
}

#[test]
fn a_failed_migration_leaves_the_file_as_it_was() {
    let connection = Connection::open_in_memory().unwrap();
    // A table that the first step wants to make, in a file that says it is ours and empty.
    connection
        .execute_batch("CREATE TABLE quarantine (x)")
        .unwrap();
    connection
        .pragma_update(None, "application_id", migrations::APPLICATION_ID)
        .unwrap();
    let mut connection = connection;
    assert!(migrations::migrate(&mut connection).is_err());
    assert_eq!(schema(&connection).len(), 1);
    assert_eq!(pragma(&connection, "user_version"), number(0));
}

#[test]
fn a_full_disk_at_open_is_called_that_and_leaves_the_file_as_it_was() {
    let connection = Connection::open_in_memory().unwrap();
    let first = fs::read_to_string(fixtures().first().unwrap()).unwrap();
    connection.execute_batch(&first).unwrap();
    let before = schema(&connection);
    // As large as it is, it cannot be brought to the newest version.
    let pages: i64 = connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .unwrap();
    connection
        .pragma_update(None, "max_page_count", pages)
        .unwrap();
    set_pragmas(&connection, Role::Writer).unwrap();
    let mut connection = connection;
    let error = migrations::migrate(&mut connection).unwrap_err();
    assert!(matches!(error, OpenError::DiskFull), "{error}");
    assert_eq!(schema(&connection), before);
    assert_eq!(pragma(&connection, "user_version"), number(1));
}

//! What is unsent, out of a file that SQLite cannot read: its schema is damaged, or a part of it is missing.
//!
//! Each leaf of each b-tree is looked at, and a row is known by its values: their number and types are those of
//! one table only, and the new store checks the rest, as it checks every row. Which pages are those of the
//! outbox now, and not of some earlier time, the marker knows; without it, what was confirmed meanwhile is left
//! out, and what was discarded may come back.

use std::collections::{BTreeMap, BTreeSet};

use fulmar_protocol::{ConversationId, OperationKey};
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::image::{Image, PageNumber};
use super::tree::{self, Record};

/// A column of a table of the new store.
#[derive(Debug)]
struct Column {
    name: String,
    kind: String,
    may_be_null: bool,
    is_row_number: bool,
    has_default: bool,
}

/// A table of the new store: how its rows look.
#[derive(Debug)]
struct Shape {
    columns: Vec<Column>,
}

impl Shape {
    fn of(db: &Connection, table: &str) -> rusqlite::Result<Self> {
        let mut statement = db.prepare(
            "SELECT name, type, \"notnull\", pk, dflt_value IS NOT NULL AS has_default
             FROM pragma_table_info(?1) ORDER BY cid",
        )?;
        let columns = statement.query_map([table], |row| {
            let kind: String = row.get("type")?;
            let is_key = row.get::<_, i64>("pk")? > 0;
            Ok(Column {
                name: row.get("name")?,
                may_be_null: !row.get::<_, bool>("notnull")?,
                is_row_number: is_key && kind == "INTEGER",
                has_default: row.get("has_default")?,
                kind,
            })
        })?;
        Ok(Self {
            columns: columns.collect::<rusqlite::Result<_>>()?,
        })
    }

    /// The values of a row of this table by column, when it is one. Columns that were added later may be
    /// missing at its end.
    fn read(&self, record: &Record) -> Option<BTreeMap<String, Value>> {
        let there = record.values.len();
        let later = self.columns.get(there..)?;
        if there < 2
            || !later
                .iter()
                .all(|column| column.has_default || column.may_be_null)
        {
            return None;
        }
        let mut row = BTreeMap::new();
        for (column, value) in self.columns.iter().zip(&record.values) {
            let value = match (value, column.is_row_number, record.row) {
                (Value::Null, true, Some(number)) => Value::Integer(number),
                (_, true, Some(_)) => return None,
                _ => value.clone(),
            };
            let fits = match &value {
                Value::Null => column.may_be_null,
                Value::Integer(_) => column.kind == "INTEGER",
                Value::Text(_) => column.kind == "TEXT",
                Value::Blob(_) => column.kind == "BLOB",
                Value::Real(_) => false,
            };
            if !fits {
                return None;
            }
            row.insert(column.name.clone(), value);
        }
        Some(row)
    }
}

type Row = BTreeMap<String, Value>;

/// What was found, by table.
#[derive(Debug, Default)]
struct Found {
    rows: BTreeMap<&'static str, Vec<Row>>,
    /// The keys of messages that the server has confirmed.
    confirmed: BTreeSet<Vec<u8>>,
}

impl Found {
    fn of(&self, table: &str) -> &[Row] {
        self.rows.get(table).map_or(&[], Vec::as_slice)
    }
}

/// How much came into the new store.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scanned {
    pub(super) operations: usize,
    pub(super) accounts: usize,
}

/// Puts what can be found of `tables` into the new store; what is there already stays. `outbox` is the root of the outbox.
pub(super) fn scan(
    image: &mut Image,
    new: &Connection,
    tables: &[&'static str],
    outbox: Option<PageNumber>,
) -> rusqlite::Result<Scanned> {
    let found = find(image, new, tables, outbox)?;
    let mut scanned = Scanned::default();
    let lanes: BTreeSet<i64> = found
        .of("operation")
        .iter()
        .filter_map(|row| integer(row, "lane"))
        .collect();
    for row in found.of("account") {
        scanned.accounts += insert(new, "account", row);
    }
    let is_lane = |key: Option<i64>| key.is_some_and(|key| lanes.contains(&key));
    for row in found.of("conversation") {
        if is_lane(integer(row, "key")) {
            insert(new, "conversation", row);
        }
    }
    for row in found.of("conversation_alias") {
        // The index of the ids that the server gave looks the same.
        let ours = text(row, "local_id").is_some_and(|id| {
            let is_server_id = |row: &Row| text(row, "id") == Some(id);
            id.parse::<OperationKey>().is_ok() && !found.of("conversation").iter().any(is_server_id)
        });
        if ours && is_lane(integer(row, "conversation")) {
            insert(new, "conversation_alias", row);
        }
    }
    let unsent: Vec<&Row> = found
        .of("operation")
        .iter()
        .filter(|row| !blob(row, "operation_key").is_some_and(|key| found.confirmed.contains(key)))
        .collect();
    for operation in &unsent {
        insert_missing_lane(new, operation);
    }
    for row in found.of("message") {
        insert(new, "message", row);
    }
    for operation in unsent {
        scanned.operations += insert(new, "operation", operation);
    }
    for row in found.of("upload") {
        insert(new, "upload", row);
    }
    Ok(scanned)
}

fn find(
    image: &mut Image,
    new: &Connection,
    tables: &[&'static str],
    outbox: Option<PageNumber>,
) -> rusqlite::Result<Found> {
    let mut shapes = Vec::new();
    for table in tables {
        shapes.push((*table, Shape::of(new, table)?));
    }
    let outbox = outbox.and_then(|root| pages_of_outbox(image, &shapes, root));
    let mut found = Found::default();
    for number in image.page_numbers() {
        for record in tree::records(image, number) {
            let Some((table, row)) = known(&shapes, &record) else {
                continue;
            };
            let is_earlier = |pages: &BTreeSet<PageNumber>| !pages.contains(&number);
            if table == "operation" && outbox.as_ref().is_some_and(is_earlier) {
                continue;
            }
            if table == "message" && integer(&row, "position").is_some() {
                found
                    .confirmed
                    .extend(blob(&row, "operation_key").map(<[u8]>::to_vec));
            } else {
                found.rows.entry(table).or_default().push(row);
            }
        }
    }
    Ok(found)
}

/// The table that a row is of, and its values.
fn known(shapes: &[(&'static str, Shape)], record: &Record) -> Option<(&'static str, Row)> {
    shapes
        .iter()
        .filter(|(table, _)| record.row.is_none() == (*table == "conversation_alias"))
        .find_map(|(table, shape)| Some((*table, shape.read(record)?)))
}

/// The pages that hold the outbox now. `None` when what the marker says is not so.
fn pages_of_outbox(
    image: &mut Image,
    shapes: &[(&'static str, Shape)],
    root: PageNumber,
) -> Option<BTreeSet<PageNumber>> {
    let pages = tree::reachable(image, root)?;
    let all = pages.iter().all(|number| {
        tree::records(image, *number)
            .iter()
            .all(|record| known(shapes, record).is_some_and(|(table, _)| table == "operation"))
    });
    all.then_some(pages)
}

/// How many rows went in: none when it is there already, or when the schema does not take it.
fn insert(db: &Connection, table: &str, row: &Row) -> usize {
    let names: Vec<&str> = row.keys().map(String::as_str).collect();
    let places = vec!["?"; names.len()].join(", ");
    let sql = format!(
        "INSERT OR IGNORE INTO {table} ({}) VALUES ({places})",
        names.join(", ")
    );
    db.prepare_cached(&sql)
        .and_then(|mut statement| statement.execute(params_from_iter(row.values())))
        .unwrap_or_default()
}

/// An operation whose conversation cannot be read says where it goes; the rest comes from the server.
fn insert_missing_lane(db: &Connection, operation: &Row) {
    let (Some(lane), Some(params)) = (integer(operation, "lane"), text(operation, "params")) else {
        return;
    };
    let id = serde_json::from_str::<serde_json::Value>(params)
        .ok()
        .and_then(|params| ConversationId::new(params.get("conversationId")?.as_str()?).ok());
    if let Some(id) = id {
        // Where it is there already, or the id is another's, nothing goes in.
        let inserted = db.execute(
            "INSERT OR IGNORE INTO conversation (key, id, kind, created_at, activity_at)
             VALUES (?1, ?2, 'group', 0, 0)",
            params![lane, id.as_str()],
        );
        if let Err(error) = inserted {
            tracing::warn!(%error, "the place of an unsent operation is lost");
        }
    }
}

fn integer(row: &Row, column: &str) -> Option<i64> {
    match row.get(column) {
        Some(Value::Integer(number)) => Some(*number),
        _ => None,
    }
}

fn text<'a>(row: &'a Row, column: &str) -> Option<&'a str> {
    match row.get(column) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

fn blob<'a>(row: &'a Row, column: &str) -> Option<&'a [u8]> {
    match row.get(column) {
        Some(Value::Blob(bytes)) => Some(bytes),
        _ => None,
    }
}

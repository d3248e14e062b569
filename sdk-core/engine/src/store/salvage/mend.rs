//! Rows that were saved, and in which something is damaged that SQLite does not see: each is made readable, or goes.
//! Otherwise the new store would fail where the old one did, at each open or each look at a screen.
//!
//! It must not change a row that can be read, and never makes anything up: what it resets gets the value that a new row
//! has.

use fulmar_protocol::{ConversationId, OperationKey, UserId};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::Value;

use crate::store::read::{list, outbox};
use crate::store::{
    ConversationKey, UploadKey, account, conversations, messages, operations, reading, uploads,
};

/// A table of what is saved.
struct Table {
    name: &'static str,
    /// The column that numbers its rows.
    number: &'static str,
    /// Whether the row of this number can be read, by all who read it.
    reads: fn(&Connection, i64) -> bool,
}

/// Parents after their children: what cannot be read takes its children along.
const TABLES: [Table; 5] = [
    Table {
        name: "account",
        number: "only_row",
        reads: |db, _| account::load(db, None).is_ok(),
    },
    Table {
        name: "upload",
        number: "key",
        reads: |db, number| uploads::find(db, UploadKey(number)).is_ok(),
    },
    Table {
        name: "message",
        number: "key",
        reads: reads_message,
    },
    Table {
        name: "operation",
        number: "ordinal",
        reads: reads_operation,
    },
    Table {
        name: "conversation",
        number: "key",
        reads: reads_conversation,
    },
];

/// Makes all rows readable. True when some could not be, and went.
pub(super) fn mend(db: &Connection) -> rusqlite::Result<bool> {
    let transaction = db.unchecked_transaction()?;
    let mut gone = mend_names(&transaction)?;
    for table in &TABLES {
        gone |= mend_table(&transaction, table)?;
    }
    transaction.commit()?;
    Ok(gone)
}

/// A conversation that the server does not know has the key of its creation for a name.
fn mend_names(db: &Connection) -> rusqlite::Result<bool> {
    let mut gone = false;
    let names: Vec<String> = db
        .prepare("SELECT local_id FROM conversation_alias")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for name in names
        .iter()
        .filter(|name| ConversationId::new(name.as_str()).is_err())
    {
        db.execute("DELETE FROM conversation_alias WHERE local_id = ?1", [name])?;
        gone = true;
    }
    let mut nameless = db.prepare(
        "SELECT lane, operation_key FROM operation JOIN conversation AS c ON c.key = lane
         WHERE method = 'conversation.create' AND c.id IS NULL AND length(operation_key) = 16
           AND NOT EXISTS (SELECT 1 FROM conversation_alias WHERE conversation = lane)",
    )?;
    let created: Vec<(i64, [u8; 16])> = nameless
        .query_map([], |row| Ok((row.get("lane")?, row.get("operation_key")?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (lane, key) in created {
        let name = OperationKey::from_bytes(key).to_string();
        db.execute(
            "INSERT OR IGNORE INTO conversation_alias (local_id, conversation) VALUES (?1, ?2)",
            params![name, lane],
        )?;
    }
    Ok(gone)
}

fn mend_table(db: &Connection, table: &Table) -> rusqlite::Result<bool> {
    let Table { name, number, .. } = table;
    let numbers: Vec<i64> = db
        .prepare(&format!("SELECT {number} FROM {name}"))?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let resets = resets(db, name)?;
    let mut gone = false;
    for row in numbers {
        if !is_good(db, table, row)? && !mend_row(db, table, &resets, row)? {
            drop_row(db, table, row)?;
            gone = true;
        }
    }
    Ok(gone)
}

/// How each column that has a value of its own in a new row gets it back.
fn resets(db: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    db.prepare(
        "SELECT name || ' = ' || coalesce(dflt_value, 'NULL') FROM pragma_table_info(?1)
         WHERE pk = 0 AND (dflt_value IS NOT NULL OR \"notnull\" = 0)",
    )?
    .query_map([table], |row| row.get(0))?
    .collect()
}

/// The fewest columns that have to be reset: one of them, or else all.
fn mend_row(db: &Connection, table: &Table, resets: &[String], row: i64) -> rusqlite::Result<bool> {
    let all = resets.join(", ");
    for reset in resets.iter().chain([&all]) {
        db.execute_batch("SAVEPOINT mend")?;
        let sql = format!(
            "UPDATE {} SET {reset} WHERE {} = ?1",
            table.name, table.number
        );
        // A constraint may forbid it.
        if db.execute(&sql, [row]).is_ok() && is_good(db, table, row)? {
            db.execute_batch("RELEASE mend")?;
            return Ok(true);
        }
        db.execute_batch("ROLLBACK TO mend; RELEASE mend")?;
    }
    Ok(false)
}

fn drop_row(db: &Connection, table: &Table, row: i64) -> rusqlite::Result<()> {
    if table.name == "conversation" {
        db.execute(
            "DELETE FROM message WHERE operation_key IN (SELECT operation_key FROM operation WHERE lane = ?1)",
            [row],
        )?;
        db.execute("DELETE FROM operation WHERE lane = ?1", [row])?;
    }
    if table.name == "operation" {
        db.execute(
            "DELETE FROM message
             WHERE operation_key IN (SELECT operation_key FROM operation WHERE ordinal = ?1)",
            [row],
        )?;
    }
    db.execute(
        &format!("DELETE FROM {} WHERE {} = ?1", table.name, table.number),
        [row],
    )?;
    Ok(())
}

/// Whether it can be read, and has no negative number: none of ours is.
fn is_good(db: &Connection, table: &Table, row: i64) -> rusqlite::Result<bool> {
    let numbers: Vec<String> = db
        .prepare_cached("SELECT name FROM pragma_table_info(?1) WHERE type = 'INTEGER' AND pk = 0")?
        .query_map([table.name], |row| row.get::<_, String>(0))?
        .map(|name| name.map(|name| format!("{name} < 0")))
        .collect::<rusqlite::Result<_>>()?;
    let odd = match numbers.is_empty() {
        true => "FALSE".to_owned(),
        false => numbers.join(" OR "),
    };
    let sql = format!(
        "SELECT {odd} FROM {} WHERE {} = ?1",
        table.name, table.number
    );
    let odd: Option<Option<bool>> = db
        .prepare_cached(&sql)?
        .query_row([row], |row| row.get(0))
        .optional()?;
    Ok(odd.flatten() != Some(true) && (table.reads)(db, row))
}

/// The operation key of a row; nothing where that is none.
fn key_of(db: &Connection, sql: &str, number: i64) -> Option<OperationKey> {
    let key = db.query_row(sql, [number], |row| row.get::<_, [u8; 16]>(0));
    key.ok().map(OperationKey::from_bytes)
}

fn reads_message(db: &Connection, number: i64) -> bool {
    let sql = "SELECT thread_root FROM message WHERE key = ?1";
    let root = db.query_row(sql, [number], |row| row.get::<_, Option<[u8; 16]>>(0));
    let sql = "SELECT operation_key FROM message WHERE key = ?1";
    root.is_ok() && key_of(db, sql, number).is_some_and(|key| messages::find(db, key).is_ok())
}

fn reads_operation(db: &Connection, number: i64) -> bool {
    let about = db.query_row(
        "SELECT message_key FROM operation WHERE ordinal = ?1",
        [number],
        |row| row.get::<_, Option<[u8; 16]>>(0),
    );
    let key = key_of(
        db,
        "SELECT operation_key FROM operation WHERE ordinal = ?1",
        number,
    );
    about.is_ok()
        && key.is_some_and(|key| {
            operations::find(db, key).is_ok() && outbox::state_of(db, key).is_ok()
        })
}

fn reads_conversation(db: &Connection, number: i64) -> bool {
    let key = ConversationKey(number);
    let shown = list::one(db, "", key);
    shown.is_ok_and(|row| row.is_none_or(|row| reads_preview(row.preview.as_deref())))
        && conversations::public_id(db, key).is_ok()
        && conversations::server_id(db, key).is_ok()
        && conversations::server_profile(db, key).is_ok()
        && conversations::server_settings(db, key).is_ok()
        && conversations::revision(db, key).is_ok()
        && reading::head(db, key).is_ok()
        && reading::own_read_to(db, key).is_ok()
}

/// Whether the newest message of a row of the list has somebody who sent it, and something that it says.
fn reads_preview(stored: Option<&str>) -> bool {
    let Some(stored) = stored else {
        return true;
    };
    let Ok(preview) = serde_json::from_str::<Value>(stored) else {
        return false;
    };
    let sender = preview.get("sender").and_then(Value::as_str);
    let sender = sender.is_some_and(|id| UserId::new(id).is_ok());
    sender && preview.get("content").is_some_and(Value::is_object)
}

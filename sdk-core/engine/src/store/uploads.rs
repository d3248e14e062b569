//! Upload rows: the files that messages of the outbox carry, until the message is confirmed. A file is up
//! when the server has named it and has all of it.

use std::collections::BTreeSet;

use fulmar_protocol::{Attachment, ContentHash, FileId, OperationKey};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns::columns;
use super::{Result, StoreError};

/// Names an upload on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UploadKey(pub(crate) i64);

/// A file on its way.
#[derive(Debug, Clone)]
pub(crate) struct UploadRow {
    pub(crate) key: UploadKey,
    pub(crate) message: OperationKey,
    pub(crate) content: ContentHash,
    pub(crate) size: u64,
    /// How the server calls it, once it does.
    pub(crate) file_id: Option<FileId>,
    /// How much of it the server is known to have.
    pub(crate) sent: u64,
}

/// How much of the files of a message is at the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) sent: u64,
    pub(crate) total: u64,
}

columns![key, operation_key, sha256, size, file_id, sent];

/// What is true of an upload that is not at its end.
pub(crate) const OPEN: &str = "(upload.file_id IS NULL OR upload.sent < upload.size)";

pub(crate) fn insert(
    db: &Connection,
    message: OperationKey,
    attachments: &[Attachment],
) -> Result<()> {
    for (place, attachment) in attachments.iter().enumerate() {
        db.prepare_cached(
            "INSERT INTO upload (operation_key, place, sha256, size) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            message.to_bytes(),
            place,
            attachment.sha256.to_bytes(),
            attachment.size
        ])?;
    }
    Ok(())
}

pub(crate) fn find(db: &Connection, key: UploadKey) -> Result<Option<UploadRow>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM upload WHERE key = ?1"))?
        .query_row([key.0], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

/// What is to go up, the oldest first: of messages that wait.
pub(crate) fn open(db: &Connection, limit: u32) -> Result<Vec<UploadRow>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM upload
         WHERE {OPEN} AND EXISTS (SELECT 1 FROM operation AS o
                                  WHERE o.operation_key = upload.operation_key
                                    AND o.state = 'queued')
         ORDER BY key LIMIT ?1"
    ))?;
    let rows = statement.query_map([limit], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// The files of a message, in their order.
pub(crate) fn of_message(db: &Connection, message: OperationKey) -> Result<Vec<UploadRow>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM upload WHERE operation_key = ?1 ORDER BY place"
    ))?;
    let rows = statement.query_map([message.to_bytes()], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// How far the files of a message are; `None` when all of them are up.
pub(crate) fn sum(db: &Connection, message: OperationKey) -> Result<Option<Sum>> {
    let (sum, open): (Sum, bool) = db
        .prepare_cached(&format!(
            "SELECT coalesce(sum(sent), 0) AS sent, coalesce(sum(size), 0) AS total,
                    coalesce(max({OPEN}), 0) AS open
             FROM upload WHERE operation_key = ?1"
        ))?
        .query_row([message.to_bytes()], |row| {
            let sum = Sum {
                sent: row.get("sent")?,
                total: row.get("total")?,
            };
            Ok((sum, row.get("open")?))
        })?;
    Ok(open.then_some(sum))
}

/// The server has named it, and has nothing of it yet.
pub(crate) fn begun(db: &Connection, key: UploadKey, file: &FileId) -> Result<()> {
    db.prepare_cached("UPDATE upload SET file_id = ?2, sent = 0 WHERE key = ?1")?
        .execute(params![key.0, file.as_str()])?;
    Ok(())
}

pub(crate) fn set_sent(db: &Connection, key: UploadKey, sent: u64) -> Result<()> {
    db.prepare_cached("UPDATE upload SET sent = ?2 WHERE key = ?1")?
        .execute(params![key.0, sent])?;
    Ok(())
}

/// The server has nothing of it any more.
pub(crate) fn begin_anew(db: &Connection, key: UploadKey) -> Result<()> {
    db.prepare_cached("UPDATE upload SET file_id = NULL, sent = 0 WHERE key = ?1")?
        .execute([key.0])?;
    Ok(())
}

/// Every file on its way.
pub(crate) fn keys(db: &Connection) -> Result<BTreeSet<UploadKey>> {
    let mut statement = db.prepare_cached("SELECT key FROM upload")?;
    let rows = statement.query_map([], |row| row.get(0).map(UploadKey))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Files that have to stay on this device, because they are not confirmed at the server.
pub(crate) fn contents(db: &Connection) -> Result<Vec<ContentHash>> {
    let mut statement = db.prepare_cached("SELECT DISTINCT sha256 FROM upload")?;
    let rows = statement.query_map([], |row| row.get(0).map(ContentHash::from_bytes))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn read(row: &Row<'_>) -> Result<UploadRow> {
    Ok(UploadRow {
        key: UploadKey(row.get(column::key)?),
        message: OperationKey::from_bytes(row.get(column::operation_key)?),
        content: ContentHash::from_bytes(row.get(column::sha256)?),
        size: row.get(column::size)?,
        file_id: row
            .get::<_, Option<String>>(column::file_id)?
            .map(FileId::new)
            .transpose()
            .map_err(|error| StoreError::damaged("upload", error))?,
        sent: row.get(column::sent)?,
    })
}

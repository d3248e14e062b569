//! What the room `files` writes here, and nobody else.

use fulmar_protocol::{ContentHash, FileId, MessageId, Timestamp, UserId};
use rusqlite::{Connection, params};

use super::File;
use crate::error::Result;

pub(crate) fn insert(db: &Connection, file: &File) -> Result<()> {
    db.execute(
        "INSERT INTO file (file_id, user_id, size, received, sha256, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            file.id.as_str(),
            file.owner.as_ref().map(UserId::as_str),
            file.size,
            file.received,
            file.sha256.map(ContentHash::to_bytes),
            file.expires_at.map(|at| at.0),
        ],
    )?;
    Ok(())
}

pub(crate) fn append(
    db: &Connection,
    file: &File,
    bytes: &[u8],
    expires_at: Timestamp,
) -> Result<()> {
    if !bytes.is_empty() {
        db.prepare_cached("INSERT INTO file_part (file_id, start, bytes) VALUES (?1, ?2, ?3)")?
            .execute(params![file.id.as_str(), file.received, bytes])?;
    }
    db.prepare_cached(
        "UPDATE file SET received = received + ?2, expires_at = ?3 WHERE file_id = ?1",
    )?
    .execute(params![file.id.as_str(), bytes.len(), expires_at.0])?;
    Ok(())
}

pub(crate) fn set_hash(db: &Connection, id: &FileId, sha256: ContentHash) -> Result<()> {
    db.execute(
        "UPDATE file SET sha256 = ?2 WHERE file_id = ?1",
        params![id.as_str(), sha256.to_bytes()],
    )?;
    Ok(())
}

pub(crate) fn delete(db: &Connection, id: &FileId) -> Result<()> {
    db.execute("DELETE FROM file WHERE file_id = ?1", [id.as_str()])?;
    Ok(())
}

/// From now on a message carries the file, and so it stays.
pub(crate) fn attach(db: &Connection, message: &MessageId, id: &FileId) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO attached (message_id, file_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    )?
    .execute(params![message.as_str(), id.as_str()])?;
    db.prepare_cached("UPDATE file SET expires_at = NULL WHERE file_id = ?1")?
        .execute([id.as_str()])?;
    Ok(())
}

/// A message carries nothing any more. Files that no other one carries go.
pub(crate) fn detach(db: &Connection, message: &MessageId) -> Result<()> {
    let mut statement =
        db.prepare_cached("DELETE FROM attached WHERE message_id = ?1 RETURNING file_id")?;
    let released =
        statement.query_map([message.as_str()], |row| row.get::<_, String>("file_id"))?;
    let released: Vec<String> = released.collect::<rusqlite::Result<_>>()?;
    for file in released {
        db.prepare_cached(
            "DELETE FROM file WHERE file_id = ?1
             AND NOT EXISTS (SELECT 1 FROM attached WHERE attached.file_id = file.file_id)",
        )?
        .execute([file])?;
    }
    Ok(())
}

/// What somebody uploaded and no message carries.
pub(crate) fn delete_unattached(db: &Connection, owner: &UserId) -> Result<()> {
    db.execute(
        "DELETE FROM file WHERE user_id = ?1 AND expires_at IS NOT NULL",
        [owner.as_str()],
    )?;
    Ok(())
}

pub(crate) fn delete_expired(db: &Connection, now: Timestamp) -> Result<()> {
    db.execute("DELETE FROM file WHERE expires_at <= ?1", [now.0])?;
    Ok(())
}

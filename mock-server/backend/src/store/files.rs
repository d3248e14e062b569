//! Files and their bytes, and which messages carry them.

use fulmar_protocol::{ContentHash, FileId, MessageId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{Result, Stop};

/// A file, without its bytes.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) id: FileId,
    /// Who uploaded it, or is about to; nobody, when they are gone.
    pub(crate) owner: Option<UserId>,
    pub(crate) size: u64,
    pub(crate) received: u64,
    /// What was announced; once the file is whole, what it is.
    pub(crate) sha256: Option<ContentHash>,
    /// When it goes, unless a message carries it.
    pub(crate) expires_at: Option<Timestamp>,
}

impl File {
    pub(crate) fn is_whole(&self) -> bool {
        self.received == self.size
    }
}

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

pub(crate) fn find(db: &Connection, id: &FileId, now: Timestamp) -> Result<Option<File>> {
    let found = db
        .prepare_cached(
            "SELECT user_id, size, received, sha256, expires_at FROM file
             WHERE file_id = ?1 AND (expires_at IS NULL OR expires_at > ?2)",
        )?
        .query_row(params![id.as_str(), now.0], |row| {
            Ok((
                row.get::<_, Option<String>>(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get::<_, Option<[u8; 32]>>(3)?,
                row.get::<_, Option<i64>>(4)?,
            ))
        })
        .optional()?;
    let Some((owner, size, received, sha256, expires_at)) = found else {
        return Ok(None);
    };
    Ok(Some(File {
        id: id.clone(),
        owner: owner.map(UserId::new).transpose()?,
        size,
        received,
        sha256: sha256.map(ContentHash::from_bytes),
        expires_at: expires_at.map(Timestamp),
    }))
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

/// Hands the bytes from `start` on, and before `end`, to `take`, piece by piece.
pub(crate) fn read(
    db: &Connection,
    id: &FileId,
    start: u64,
    end: u64,
    mut take: impl FnMut(&[u8]),
) -> Result<()> {
    let mut statement = db.prepare_cached(
        "SELECT start, bytes FROM file_part
         WHERE file_id = ?1 AND start < ?3 AND start + length(bytes) > ?2 ORDER BY start",
    )?;
    let mut rows = statement.query(params![id.as_str(), start, end])?;
    while let Some(row) = rows.next()? {
        let at: u64 = row.get(0)?;
        let bytes = row
            .get_ref(1)?
            .as_blob()
            .map_err(|error| Stop::Internal(error.to_string()))?;
        let inside = |place: u64| -> usize {
            let place = usize::try_from(place.saturating_sub(at)).unwrap_or(usize::MAX);
            place.min(bytes.len())
        };
        take(&bytes[inside(start)..inside(end)]);
    }
    Ok(())
}

pub(crate) fn delete(db: &Connection, id: &FileId) -> Result<()> {
    db.execute("DELETE FROM file WHERE file_id = ?1", [id.as_str()])?;
    Ok(())
}

/// Whether some message that this user can see carries the file.
pub(crate) fn is_shown_to(db: &Connection, id: &FileId, user: &UserId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (
                 SELECT 1 FROM attached
                 JOIN message USING (message_id)
                 JOIN participant USING (conversation_id)
                 WHERE file_id = ?1 AND participant.user_id = ?2)",
        )?
        .query_row(params![id.as_str(), user.as_str()], |row| row.get(0))?)
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
    let released = db.execute(
        "DELETE FROM attached WHERE message_id = ?1",
        [message.as_str()],
    )?;
    if released > 0 {
        db.execute(
            "DELETE FROM file WHERE expires_at IS NULL
             AND NOT EXISTS (SELECT 1 FROM attached WHERE attached.file_id = file.file_id)",
            [],
        )?;
    }
    Ok(())
}

/// What somebody uploaded and no message carries.
pub(crate) fn delete_loose(db: &Connection, owner: &UserId) -> Result<()> {
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

//! Files and their bytes, and which messages carry them.

pub(crate) mod write;

use fulmar_protocol::{ContentHash, FileId, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::{Error, Result};

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

pub(crate) fn find(db: &Connection, id: &FileId, now: Timestamp) -> Result<Option<File>> {
    let found = db
        .prepare_cached(
            "SELECT user_id, size, received, sha256, expires_at FROM file
             WHERE file_id = ?1 AND (expires_at IS NULL OR expires_at > ?2)",
        )?
        .query_row(params![id.as_str(), now.0], |row| {
            Ok((
                row.get::<_, Option<String>>("user_id")?,
                row.get("size")?,
                row.get("received")?,
                row.get::<_, Option<[u8; 32]>>("sha256")?,
                row.get::<_, Option<i64>>("expires_at")?,
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

/// What somebody has at the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Storage {
    /// The bytes of all their files, also of those that were only announced.
    pub(crate) bytes: u64,
    /// How many of the files no message carries.
    pub(crate) waiting: u64,
}

pub(crate) fn storage(db: &Connection, user: &UserId) -> Result<Storage> {
    let found = db
        .prepare_cached("SELECT bytes, waiting FROM storage WHERE user_id = ?1")?
        .query_row([user.as_str()], |row| {
            Ok(Storage {
                bytes: row.get("bytes")?,
                waiting: row.get("waiting")?,
            })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
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
        let at: u64 = row.get("start")?;
        let bytes = row
            .get_ref("bytes")?
            .as_blob()
            .map_err(|error| Error::Internal(error.to_string()))?;
        let inside = |place: u64| -> usize {
            let place = usize::try_from(place.saturating_sub(at)).unwrap_or(usize::MAX);
            place.min(bytes.len())
        };
        take(&bytes[inside(start)..inside(end)]);
    }
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

//! What a second process was told of by a push notification: a row each, until the engine takes it over.
//! The second process writes nothing else, because the engine is the only writer.

use std::path::Path;
use std::time::Duration;

use fulmar_protocol::PushPayload;
use rusqlite::{Connection, OpenFlags, params};

use super::connection::check_identity;
use super::error::{OpenError, Result, StoreError, open_error};
use super::{migrations, place};

/// How long a second process waits for the first one's transaction. Those are short.
const PATIENCE: Duration = Duration::from_secs(10);
/// More than this waits for nobody: the app has not been opened for very long.
const MOST_KEPT: u32 = 1_000;

/// Opens a store that the app may have open, to write one row.
pub(crate) fn open_beside(path: &Path) -> std::result::Result<Connection, OpenError> {
    let real = place::real_path(path).map_err(|error| place::unusable(path, &error))?;
    place::check(&real)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(&real, flags).map_err(open_error)?;
    db.busy_timeout(PATIENCE).map_err(open_error)?;
    // What it deletes is overwritten as by the app.
    db.pragma_update(None, "secure_delete", true)
        .map_err(open_error)?;
    check_identity(&db)?;
    let version: i64 = db
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(open_error)?;
    if version == migrations::NEWEST {
        Ok(db)
    } else {
        // The app brings it to this version when it is next opened.
        Err(OpenError::Unusable {
            reason: format!("the store has version {version}: open the app first"),
        })
    }
}

/// Keeps what a push tells for the app.
pub(crate) fn add(db: &Connection, payload: &PushPayload) -> Result<()> {
    let text =
        serde_json::to_string(payload).map_err(|error| StoreError::damaged("pushed", error))?;
    db.execute(
        "INSERT INTO pushed (message_key, payload) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        params![payload.message_key.to_bytes(), text],
    )?;
    db.execute(
        "DELETE FROM pushed WHERE ordinal <= (SELECT max(ordinal) FROM pushed) - ?1",
        [MOST_KEPT],
    )?;
    Ok(())
}

/// What came meanwhile, in its order.
pub(crate) fn all(db: &Connection) -> Result<Vec<PushPayload>> {
    let mut statement = db.prepare_cached("SELECT payload FROM pushed ORDER BY ordinal")?;
    let texts = statement
        .query_map([], |row| row.get::<_, String>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    // One that a later version wrote comes with the log.
    Ok(texts
        .iter()
        .filter_map(|text| serde_json::from_str(text).ok())
        .collect())
}

/// All of it was taken over.
pub(crate) fn forget_all(db: &Connection) -> Result<()> {
    db.execute("DELETE FROM pushed", [])?;
    Ok(())
}

//! What a second process was told of by a push notification: a row each, until the engine takes it over.
//! The second process writes nothing else, because the engine is the only writer.

use std::path::Path;
use std::time::Duration;

use fulmar_protocol::{PushPayload, Timestamp};
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use super::{
    OpenError, Result, StoreError, account, check_identity, migrations, open_error, place,
};
use crate::command_error::CommandError;
use crate::push::{PushNotification, check_owner, notification};

/// How long a second process waits for the first one's transaction. Those are short.
const PATIENCE: Duration = Duration::from_secs(10);
/// More than this waits for nobody: the app has not been opened for very long.
const MOST_KEPT: u32 = 1_000;

/// Why a push could not be taken beside the app.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The payload cannot be read, so it is none of Fulmar's.
    #[error("this is no push notification of Fulmar: {reason}")]
    Unreadable {
        /// What is wrong with it.
        reason: String,
    },
    /// The store is for somebody else, or nobody is signed in.
    #[error(transparent)]
    NotTheirs(CommandError),
    /// The store cannot be used. The app gets the message from the server all the same.
    #[error(transparent)]
    Store(#[from] OpenError),
}

impl From<StoreError> for PushError {
    fn from(error: StoreError) -> Self {
        Self::Store(error.into())
    }
}

/// Takes a push in a second process, beside the app or while it is away: keeps the message for it, and
/// says what to show. Waits for the app's transactions instead of failing, and never for the network.
pub fn handle_push_beside(
    path: &Path,
    payload: &str,
    now: Timestamp,
) -> std::result::Result<PushNotification, PushError> {
    let payload = read(payload)?;
    let real = place::real_path(path).map_err(|error| place::unusable(path, &error))?;
    place::check(&real)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut db = Connection::open_with_flags(&real, flags).map_err(open_error)?;
    db.busy_timeout(PATIENCE).map_err(open_error)?;
    check_identity(&db)?;
    let version: i64 = db
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(open_error)?;
    if version != migrations::NEWEST {
        // The app brings it to this version when it is next opened.
        return Err(OpenError::Unusable {
            reason: format!("the store has version {version}: open the app first"),
        }
        .into());
    }
    let transaction = db
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(open_error)?;
    let owner = account::owner(&transaction)?;
    check_owner(&payload, owner.as_ref()).map_err(PushError::NotTheirs)?;
    add(&transaction, &payload)?;
    let notification = notification(&transaction, &payload, now)?;
    transaction.commit().map_err(open_error)?;
    Ok(notification)
}

/// A payload as it came with a notification.
pub fn read(payload: &str) -> std::result::Result<PushPayload, PushError> {
    serde_json::from_str(payload).map_err(|error| PushError::Unreadable {
        // The library quotes what it found, which may be what somebody wrote.
        reason: format!("line {}, column {}", error.line(), error.column()),
    })
}

fn add(db: &Connection, payload: &PushPayload) -> Result<()> {
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

/// What came meanwhile, in its order; it is gone from here then.
pub(crate) fn take(db: &Connection) -> Result<Vec<PushPayload>> {
    let mut statement = db.prepare_cached("SELECT payload FROM pushed ORDER BY ordinal")?;
    let texts = statement
        .query_map([], |row| row.get::<_, String>(0))?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    if !texts.is_empty() {
        db.execute("DELETE FROM pushed", [])?;
    }
    // One that a later version wrote comes with the log.
    Ok(texts
        .iter()
        .filter_map(|text| serde_json::from_str(text).ok())
        .collect())
}

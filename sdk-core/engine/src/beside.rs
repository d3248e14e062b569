//! Push notifications: what they show, and how a second process takes one beside the app (PROTOCOL.md §7.8).
//!
//! The second process (a notification extension) writes one row into a table of its own and nothing else,
//! because the engine is the only writer.

use std::path::Path;

use fulmar_protocol::{PushPayload, Timestamp, UserId};
use rusqlite::{Connection, TransactionBehavior};

use crate::io::{Attention, CommandError, PushNotification};
#[cfg(feature = "defects")]
use crate::store::Store;
use crate::store::{
    OpenError, Result, StoreError, account, conversations, open_error, pushed, reading,
};

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

/// Takes a push in a second process, beside the app or while it is away: keeps the message for it, and says
/// what to show. Waits for the app's transactions instead of failing, and never for the network.
pub fn handle_push_beside(
    path: &Path,
    payload: &str,
    now: Timestamp,
) -> std::result::Result<PushNotification, PushError> {
    let payload = read_push(payload)?;
    take(&mut pushed::open_beside(path)?, &payload, now)
}

fn take(
    db: &mut Connection,
    payload: &PushPayload,
    now: Timestamp,
) -> std::result::Result<PushNotification, PushError> {
    let transaction = db
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(open_error)?;
    let owner = account::owner(&transaction)?;
    check_owner(payload, owner.as_ref()).map_err(PushError::NotTheirs)?;
    pushed::add(&transaction, payload)?;
    let notification = notification(&transaction, payload, now)?;
    transaction.commit().map_err(open_error)?;
    Ok(notification)
}

/// The same for a store that is in memory, as simulated ones are: the second process comes between two transactions of
/// the first, as the lock of a file would have it.
#[cfg(feature = "defects")]
impl Store {
    /// Takes a push as a second process would.
    ///
    /// # Errors
    /// When the push is for somebody else, or the store cannot be used.
    pub fn push_beside(
        &mut self,
        payload: &PushPayload,
        now: Timestamp,
    ) -> std::result::Result<PushNotification, PushError> {
        take(self.connection_mut(), payload, now)
    }
}

/// A payload as it came with a notification.
pub fn read_push(payload: &str) -> std::result::Result<PushPayload, PushError> {
    serde_json::from_str(payload).map_err(|error| PushError::Unreadable {
        // The library quotes what it found, which may be what somebody wrote.
        reason: format!("line {}, column {}", error.line(), error.column()),
    })
}

/// What to show of a push, as far as this device knows.
pub(crate) fn notification(
    db: &Connection,
    payload: &PushPayload,
    now: Timestamp,
) -> Result<PushNotification> {
    let mut attention = Attention::Alert;
    if let Some(key) = conversations::find(db, &payload.conversation_id)? {
        let muted = conversations::server_settings(db, key)?.muted_until;
        let read = reading::own_read_to(db, key)? >= payload.position;
        if read || muted.is_some_and(|until| until > now) {
            attention = Attention::Quiet;
        }
    }
    Ok(PushNotification {
        title: payload.title.clone(),
        body: payload.body.clone(),
        conversation_id: payload.conversation_id.clone(),
        message: payload.message_key,
        unread_count: payload.unread_count,
        unread_total: payload.unread_total,
        attention,
    })
}

/// Whether a push is for the owner of a store.
pub(crate) fn check_owner(
    payload: &PushPayload,
    owner: Option<&UserId>,
) -> std::result::Result<(), CommandError> {
    match owner {
        Some(owner) if *owner == payload.user_id => Ok(()),
        Some(owner) => Err(CommandError::OtherUser {
            owner: owner.clone(),
        }),
        None => Err(CommandError::SignedOut),
    }
}

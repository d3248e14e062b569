//! What the list shows of a conversation, computed when something of it changed, so that the list is
//! one indexed query.

use fulmar_protocol::{ConversationProfile, Settings, Timestamp, UserId};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::messages::{self, MessageRow};
use super::{
    ConversationKey, Result, StoreError, conversations, operations, participants, reading,
};
use crate::message_content::MessageContent;
use crate::pending;

/// The newest message of a conversation, for its row in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Who sent it.
    pub sender: UserId,
    /// What it says.
    pub content: MessageContent,
}

impl Preview {
    /// What it says in words; empty when it was deleted.
    #[must_use]
    pub fn text(&self) -> &str {
        self.content.text()
    }
}

/// Computes the row again: what the server said, and over it what the outbox is about to change.
pub(crate) fn refresh(db: &Connection, key: ConversationKey, own: Option<&UserId>) -> Result<()> {
    let changes = operations::changes_of_lane(db, key)?;
    let unsent = newest_unsent(db, key)?;
    let mut profile: ConversationProfile = conversations::server_profile(db, key)?;
    pending::of_profile(&mut profile, &changes);
    let mut settings: Settings = conversations::server_settings(db, key)?;
    let newest_send = unsent.as_ref().map(|(ordinal, _)| *ordinal);
    pending::of_settings(&mut settings, &changes);
    let head = reading::head(db, key)?;
    let hidden = pending::hides(&settings, head, &changes, newest_send);
    let mut people = participants::all(db, key)?;
    pending::of_participants(&mut people, &changes);
    let listed = match (hidden || pending::leaves(&changes), settings.archived) {
        (true, _) => "nowhere",
        (_, true) => "archive",
        _ => "inbox",
    };
    let (preview, active_at) = preview(db, key, own, unsent.map(|(_, row)| row), &changes)?;
    let json = |error| StoreError::damaged("conversation", error);
    // Unread is integer arithmetic: what the server counted, or, when this device has read further
    // than the server knows, the positions after that but for own messages and notices.
    db.prepare_cached(
        "UPDATE conversation
         SET unread = CASE WHEN local_read_to > server_read_to
                 THEN min(server_unread,
                          max(0, head - local_read_to
                              - (SELECT count(*) FROM message
                                 WHERE conversation = ?1 AND position > local_read_to
                                   AND position <= head AND (sender_id = ?2 OR notice))))
                 ELSE server_unread END,
             unread_mentions = CASE WHEN local_read_to > server_read_to
                 THEN min(server_mentions,
                          (SELECT count(*) FROM message
                           WHERE conversation = ?1 AND position > local_read_to
                             AND position <= head AND mentions_me AND sender_id <> ?2))
                 ELSE server_mentions END,
             profile = ?3, settings = ?4, pinned = ?5, listed = ?6, participant_count = ?7,
             preview = ?8, activity_at = coalesce(?9, created_at)
         WHERE key = ?1",
    )?
    .execute(params![
        key.0,
        own.map_or("", UserId::as_str),
        serde_json::to_string(&profile).map_err(json)?,
        serde_json::to_string(&settings).map_err(json)?,
        settings.pinned,
        listed,
        people.len(),
        preview
            .map(|preview| serde_json::to_string(&preview))
            .transpose()
            .map_err(json)?,
        active_at.map(|at| at.0),
    ])?;
    Ok(())
}

/// The last message in the outbox for this conversation, with its place there.
fn newest_unsent(db: &Connection, key: ConversationKey) -> Result<Option<(i64, MessageRow)>> {
    let mut statement = db.prepare_cached(
        "SELECT ordinal, operation_key FROM operation
         WHERE lane = ?1 AND method = 'message.send' ORDER BY ordinal DESC LIMIT 1",
    )?;
    let mut rows = statement.query([key.0])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let ordinal = row.get(0)?;
    let message = fulmar_protocol::OperationKey::from_bytes(row.get(1)?);
    Ok(messages::find(db, message)?.map(|row| (ordinal, row)))
}

/// The newest message that is shown, and when the newest of all came.
fn preview(
    db: &Connection,
    key: ConversationKey,
    own: Option<&UserId>,
    unsent: Option<MessageRow>,
    changes: &[operations::OperationRow],
) -> Result<(Option<Preview>, Option<Timestamp>)> {
    let mut active_at = unsent.as_ref().map(|row| row.at);
    if let Some(preview) = unsent.and_then(|row| shown(row, own, changes)) {
        return Ok((Some(preview), active_at));
    }
    let mut statement = db.prepare_cached(&format!(
        "SELECT {} FROM message WHERE conversation = ?1 AND position IS NOT NULL
         ORDER BY position DESC",
        messages::COLUMNS
    ))?;
    let mut rows = statement.query([key.0])?;
    while let Some(row) = rows.next()? {
        let row = messages::read(row)?;
        active_at = active_at.or(Some(row.at));
        if let Some(preview) = shown(row, own, changes) {
            return Ok((Some(preview), active_at));
        }
    }
    Ok((None, active_at))
}

fn shown(
    mut row: MessageRow,
    own: Option<&UserId>,
    changes: &[operations::OperationRow],
) -> Option<Preview> {
    pending::of_message(&mut row, own, changes);
    (!row.hidden).then(|| Preview {
        sender: row.sender.clone(),
        content: MessageContent::of(row.content, row.deleted),
    })
}

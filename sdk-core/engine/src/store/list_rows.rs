//! What the list shows of a conversation, as it is stored in its row. Computed by `view`, which alone writes it.

use fulmar_protocol::{ConversationProfile, OperationKey, Settings, Timestamp, Unread, UserId};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::messages::{self, MessageRow};
use super::{ConversationKey, Result, StoreError};
use crate::defects::{self, Defect};

/// What the list shows of a conversation.
pub(crate) struct ListRow<'a> {
    pub(crate) profile: &'a ConversationProfile,
    pub(crate) settings: &'a Settings,
    pub(crate) listed: &'static str,
    pub(crate) participant_count: u64,
    pub(crate) preview: Option<String>,
    pub(crate) active_at: Option<Timestamp>,
    /// What the server counts as unread and the outbox is about to hide.
    pub(crate) about_to_hide: Unread,
}

pub(crate) fn write(
    db: &Connection,
    key: ConversationKey,
    own: Option<&UserId>,
    row: &ListRow<'_>,
) -> Result<()> {
    let json = |error| StoreError::damaged("conversation", error);
    // Unread is integer arithmetic: what the server counted, or, when this device has read further
    // than the server knows, the positions after that but for own messages, notices and what is hidden.
    // What is about to be hidden does not count any more. Of a message that was changed before it came here,
    // nobody here knows whether it once mentioned: no more mention than are unread.
    db.prepare_cached(
        "UPDATE conversation
         SET (unread, unread_mentions) = (
                 SELECT max(0, unread), max(0, min(unread, mentions))
                 FROM (SELECT
                     CASE WHEN local_read_to > server_read_to
                     THEN min(server_unread,
                              head - local_read_to
                                  - (SELECT count(*) FROM message
                                     WHERE conversation = ?1 AND position > local_read_to
                                       AND position <= head AND (sender_id = ?2 OR (notice AND ?12) OR hidden)))
                     ELSE server_unread END - ?10 AS unread,
                     CASE WHEN local_read_to > server_read_to
                     THEN min(server_mentions,
                              (SELECT count(*) FROM message
                               WHERE conversation = ?1 AND position > local_read_to
                                 AND position <= head AND mentions_me AND sender_id <> ?2
                                 AND NOT hidden))
                     ELSE server_mentions END - ?11 AS mentions)),
             profile = ?3, settings = ?4, pinned = ?5, listed = ?6, participant_count = ?7,
             preview = ?8, activity_at = coalesce(?9, created_at)
         WHERE key = ?1",
    )?
    .execute(params![
        key.0,
        own.map_or("", UserId::as_str),
        serde_json::to_string(row.profile).map_err(json)?,
        serde_json::to_string(row.settings).map_err(json)?,
        row.settings.pinned,
        row.listed,
        row.participant_count,
        row.preview,
        row.active_at.map(|at| at.0),
        row.about_to_hide.unread_count,
        row.about_to_hide.unread_mentions,
        !defects::active(Defect::NoticesUnread),
    ])?;
    Ok(())
}

/// The last message in the outbox for this conversation, with its place there.
pub(crate) fn newest_unsent(
    db: &Connection,
    key: ConversationKey,
) -> Result<Option<(i64, MessageRow)>> {
    let mut statement = db.prepare_cached(
        "SELECT ordinal, operation_key FROM operation
         WHERE lane = ?1 AND method = 'message.send' ORDER BY ordinal DESC LIMIT 1",
    )?;
    let mut rows = statement.query([key.0])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let ordinal = row.get("ordinal")?;
    let message = OperationKey::from_bytes(row.get("operation_key")?);
    Ok(messages::find(db, message)?.map(|row| (ordinal, row)))
}

/// Looks at the confirmed messages from the newest on, until one is taken.
pub(crate) fn newest_first<T>(
    db: &Connection,
    key: ConversationKey,
    mut take: impl FnMut(MessageRow) -> Option<T>,
) -> Result<Option<T>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {} FROM message WHERE conversation = ?1 AND position IS NOT NULL
         ORDER BY position DESC",
        messages::COLUMNS
    ))?;
    let mut rows = statement.query([key.0])?;
    while let Some(row) = rows.next()? {
        if let Some(taken) = take(messages::read(row)?) {
            return Ok(Some(taken));
        }
    }
    Ok(None)
}

/// What of these messages the server counts as unread.
pub(crate) fn counted(
    db: &Connection,
    key: ConversationKey,
    own: Option<&UserId>,
    messages: &[OperationKey],
) -> Result<Unread> {
    let mut unread = Unread::default();
    let mut statement = db.prepare_cached(
        "SELECT mentions_me FROM message JOIN conversation ON conversation.key = conversation
         WHERE operation_key = ?1 AND conversation = ?2 AND sender_id <> ?3 AND NOT notice AND NOT hidden
           AND position > max(server_read_to, local_read_to) AND position <= head",
    )?;
    for message in messages {
        let bound = params![message.to_bytes(), key.0, own.map_or("", UserId::as_str)];
        let mentions: Option<u64> = statement
            .query_row(bound, |row| row.get("mentions_me"))
            .optional()?;
        unread.unread_count += u64::from(mentions.is_some());
        unread.unread_mentions += mentions.unwrap_or_default();
    }
    Ok(unread)
}

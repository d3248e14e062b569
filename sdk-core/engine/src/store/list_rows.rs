//! What the list shows of a conversation, computed when something of it changed, so that the list is
//! one indexed query.

use std::collections::BTreeSet;

use fulmar_protocol::{
    ConversationProfile, Method, OperationKey, Settings, Timestamp, Unread, UserId,
};
use rusqlite::{Connection, OptionalExtension as _, params};
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
    let about_to_hide = about_to_hide(db, key, own, &changes)?;
    // Unread is integer arithmetic: what the server counted, or, when this device has read further
    // than the server knows, the positions after that but for own messages, notices and what is hidden.
    // What is about to be hidden does not count any more.
    db.prepare_cached(
        "UPDATE conversation
         SET unread = max(0, CASE WHEN local_read_to > server_read_to
                 THEN min(server_unread,
                          head - local_read_to
                              - (SELECT count(*) FROM message
                                 WHERE conversation = ?1 AND position > local_read_to
                                   AND position <= head AND (sender_id = ?2 OR notice OR hidden)))
                 ELSE server_unread END - ?10),
             unread_mentions = max(0, CASE WHEN local_read_to > server_read_to
                 THEN min(server_mentions,
                          (SELECT count(*) FROM message
                           WHERE conversation = ?1 AND position > local_read_to
                             AND position <= head AND mentions_me AND sender_id <> ?2
                             AND NOT hidden))
                 ELSE server_mentions END - ?11),
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
        about_to_hide.unread_count,
        about_to_hide.unread_mentions,
    ])?;
    Ok(())
}

/// What the server counts as unread and the outbox is about to hide.
fn about_to_hide(
    db: &Connection,
    key: ConversationKey,
    own: Option<&UserId>,
    changes: &[operations::OperationRow],
) -> Result<Unread> {
    let hides: BTreeSet<OperationKey> = changes
        .iter()
        .filter(|change| matches!(change.method, Method::MessageHide(_)))
        .filter_map(|change| change.method.message_key())
        .collect();
    let mut unread = Unread::default();
    let mut statement = db.prepare_cached(
        "SELECT mentions_me FROM message JOIN conversation ON conversation.key = conversation
         WHERE operation_key = ?1 AND conversation = ?2 AND sender_id <> ?3 AND NOT notice AND NOT hidden
           AND position > max(server_read_to, local_read_to) AND position <= head",
    )?;
    for hide in hides {
        let bound = params![hide.to_bytes(), key.0, own.map_or("", UserId::as_str)];
        let mentions: Option<u64> = statement
            .query_row(bound, |row| row.get("mentions_me"))
            .optional()?;
        unread.unread_count += u64::from(mentions.is_some());
        unread.unread_mentions += mentions.unwrap_or_default();
    }
    Ok(unread)
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

#[cfg(test)]
mod tests {
    use fulmar_protocol::{ConversationId, Position, Timestamp};

    use super::*;
    use crate::store::Store;

    const KEY: ConversationKey = ConversationKey(1);

    /// Five unread messages of another, of which the last mentions the user.
    fn store() -> Store {
        let store = Store::adopt(Connection::open_in_memory().unwrap()).unwrap();
        let db = store.reader().connection();
        db.execute_batch(
            "INSERT INTO conversation (key, id, kind, created_at, activity_at, head, server_unread,
                                       server_mentions)
             VALUES (1, 'c-1', 'group', 1, 1, 5, 5, 1)",
        )
        .unwrap();
        for position in 1..=5_u8 {
            db.execute(
                "INSERT INTO message (operation_key, conversation, position, sender_id, text, at,
                                      mentions_me)
                 VALUES (?1, 1, ?2, 'bob', 'x', ?2, ?2 = 5)",
                params![[position; 16], position],
            )
            .unwrap();
        }
        store
    }

    fn hide(db: &Connection, position: u8) {
        let method = Method::MessageHide(fulmar_protocol::MessageHide {
            conversation_id: ConversationId::new("c-1").unwrap(),
            message_key: OperationKey::from_bytes([position; 16]),
        });
        let own_key = OperationKey::from_bytes([100 + position; 16]);
        operations::enqueue(db, own_key, KEY, &method, Timestamp(9)).unwrap();
    }

    fn unread(db: &Connection) -> (u64, u64) {
        let own = UserId::new("alice").unwrap();
        refresh(db, KEY, Some(&own)).unwrap();
        db.query_row(
            "SELECT unread, unread_mentions FROM conversation",
            [],
            |row| Ok((row.get("unread")?, row.get("unread_mentions")?)),
        )
        .unwrap()
    }

    #[test]
    fn what_is_hidden_is_not_unread() {
        let store = store();
        let db = store.reader().connection();
        assert_eq!(unread(db), (5, 1));
        hide(db, 2);
        hide(db, 5);
        assert_eq!(unread(db), (3, 0));
        // Twice is once.
        db.execute("UPDATE operation SET state = 'applied'", [])
            .unwrap();
        assert_eq!(unread(db), (3, 0));
        // The server takes the mention away, and says so.
        db.execute("UPDATE message SET hidden = 1 WHERE position = 5", [])
            .unwrap();
        let told = Unread {
            unread_count: 4,
            unread_mentions: 0,
        };
        reading::tell_unread(db, KEY, told).unwrap();
        assert_eq!(unread(db), (3, 0));
        // A hide that is refused is rolled back.
        db.execute("UPDATE operation SET state = 'failed'", [])
            .unwrap();
        assert_eq!(unread(db), (4, 0));
    }

    #[test]
    fn what_is_hidden_is_not_unread_when_this_device_has_read_further() {
        let store = store();
        let db = store.reader().connection();
        reading::set_local_read(db, KEY, Position(1)).unwrap();
        assert_eq!(unread(db), (4, 1));
        hide(db, 1);
        hide(db, 2);
        assert_eq!(unread(db), (3, 1));
        db.execute("UPDATE message SET hidden = 1 WHERE position = 5", [])
            .unwrap();
        assert_eq!(unread(db), (2, 0));
    }
}

//! What the list shows of a conversation, computed when something of it changed, so that the list is one
//! indexed query.

use fulmar_protocol::{OperationKey, Timestamp, UserId};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::content::MessageContent;
use crate::operation::overlay;
use crate::store::list_rows::{self, ListRow};
use crate::store::messages::MessageRow;
use crate::store::operations::{self, OperationRow};
use crate::store::{
    ConversationKey, Result, StoreError, conversations, participants, reached, reading,
};

/// The newest message of a conversation, for its row in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Who sent it.
    pub sender: UserId,
    /// The content of the message.
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
    let changes = operations::changes_of_lane(db, key.lane())?;
    let unsent = list_rows::newest_unsent(db, key)?;
    let mut profile = conversations::server_profile(db, key)?;
    overlay::profile(&mut profile, &changes);
    let mut settings = conversations::server_settings(db, key)?;
    let newest_send = unsent.as_ref().map(|(ordinal, _)| *ordinal);
    overlay::settings(&mut settings, &changes);
    let head = reading::head(db, key)?;
    let hidden = overlay::hides(&settings, head, &changes, newest_send);
    let listed = if hidden || overlay::leaves(&changes) {
        "nowhere"
    } else if settings.archived {
        "archive"
    } else {
        "inbox"
    };
    let (preview, active_at) = preview(db, key, own, unsent.map(|(_, row)| row), &changes)?;
    let preview = preview
        .map(|preview| serde_json::to_string(&preview))
        .transpose()
        .map_err(|error| StoreError::damaged("conversation", error))?;
    let mut hides: Vec<OperationKey> = changes
        .iter()
        .filter(|change| change.method.name() == "message.hide")
        .filter_map(|change| change.method.message_key())
        .collect();
    hides.sort_unstable();
    hides.dedup();
    let about_to_hide = list_rows::counted(db, key, own, &hides)?;
    list_rows::write(
        db,
        key,
        own,
        &ListRow {
            profile: &profile,
            settings: &settings,
            listed,
            participant_count: people(db, key, &changes)?,
            preview,
            active_at,
            about_to_hide,
        },
    )
}

/// How many take part, with those who are about to come, and without those who are about to go. Reads only these.
fn people(db: &Connection, key: ConversationKey, changes: &[OperationRow]) -> Result<u64> {
    let told = reached::people(db, key)?;
    let mut changed = participants::among(db, key, overlay::people(changes))?;
    let before = changed.len() as u64;
    overlay::participants(&mut changed, changes);
    Ok(told.saturating_sub(before) + changed.len() as u64)
}

/// The newest message that is shown, and when the newest of all came.
fn preview(
    db: &Connection,
    key: ConversationKey,
    own: Option<&UserId>,
    unsent: Option<MessageRow>,
    changes: &[OperationRow],
) -> Result<(Option<Preview>, Option<Timestamp>)> {
    let mut active_at = unsent.as_ref().map(|row| row.at);
    if let Some(preview) = unsent.and_then(|row| shown(row, own, changes)) {
        return Ok((Some(preview), active_at));
    }
    let preview = list_rows::newest_first(db, key, |row| {
        active_at = active_at.or(Some(row.at));
        shown(row, own, changes)
    })?;
    Ok((preview, active_at))
}

fn shown(mut row: MessageRow, own: Option<&UserId>, changes: &[OperationRow]) -> Option<Preview> {
    overlay::message(&mut row, own, changes);
    (!row.hidden).then(|| Preview {
        sender: row.sender.clone(),
        content: MessageContent::of(row.content, row.deleted),
    })
}

#[cfg(test)]
mod tests {
    use fulmar_protocol::{
        ConversationId, Method, OperationKey, Position, Timestamp, Unread, UserId,
    };
    use rusqlite::{Connection, params};

    use super::refresh;
    use crate::store::operations::{self, NewOperation};
    use crate::store::{ConversationKey, Store, reading};

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
        operations::enqueue(
            db,
            &NewOperation {
                operation_key: own_key,
                lane: KEY.lane(),
                method: &method,
                holds_lane: false,
                now: Timestamp(9),
            },
        )
        .unwrap();
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

    #[test]
    fn no_more_mention_than_are_unread() {
        let store = store();
        let db = store.reader().connection();
        // It was deleted before it came here: that it mentioned, the server alone knows.
        db.execute("UPDATE message SET mentions_me = 0", [])
            .unwrap();
        for position in 1..=4 {
            hide(db, position);
        }
        assert_eq!(unread(db), (1, 1));
        hide(db, 5);
        assert_eq!(unread(db), (0, 0));
    }
}

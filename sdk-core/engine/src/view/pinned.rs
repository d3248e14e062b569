//! The pinned messages of a conversation (PROTOCOL.md §4.9).

use std::collections::BTreeSet;

use fulmar_protocol::ConversationId;

use super::message_item::{MessageItem, View};
use crate::store::{ConversationKey, Reader, Result, conversations, messages, reading};

/// The pinned messages of a conversation at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedSnapshot {
    /// The conversation's key, which tells watchers what to wait for; `None` when there is no such
    /// conversation here.
    pub conversation: Option<ConversationKey>,
    /// The newest pin first; with those that are about to be pinned, and without those that are about to be
    /// unpinned, deleted or hidden.
    pub messages: Vec<MessageItem>,
}

/// Reads the pinned messages of a conversation. What the outbox is about to pin comes first: the server pins it
/// later than all that it has told of. Never touches the network.
pub fn pinned_messages(reader: &Reader, id: &ConversationId) -> Result<PinnedSnapshot> {
    let transaction = reader.connection().unchecked_transaction()?;
    let Some(key) = conversations::find(&transaction, id)? else {
        return Ok(PinnedSnapshot {
            conversation: None,
            messages: Vec::new(),
        });
    };
    let view = View::of(&transaction, key, reading::head(&transaction, key)?)?;
    let confirmed = messages::pinned(&transaction, key)?;
    let pinned: BTreeSet<_> = confirmed.iter().map(|row| row.key).collect();
    let mut rows = Vec::with_capacity(confirmed.len());
    for key in view.about_to_pin() {
        if !pinned.contains(&key) {
            rows.extend(messages::find(&transaction, key)?);
        }
    }
    rows.extend(confirmed);
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let state = view.state(&row)?;
        let item = view.item(row, state)?;
        items.extend(item.filter(|item| item.pinned.is_some()));
    }
    Ok(PinnedSnapshot {
        conversation: Some(key),
        messages: items,
    })
}

#[cfg(test)]
mod tests {
    use fulmar_protocol::{MessageHide, MessagePin, Method, OperationKey, Timestamp};
    use rusqlite::{Connection, params};

    use super::*;
    use crate::operation;
    use crate::store::Store;
    use crate::store::operations::{self, NewOperation};

    fn key(number: u8) -> OperationKey {
        OperationKey::from_bytes([number; 16])
    }

    fn here() -> ConversationId {
        ConversationId::new("c-1").unwrap()
    }

    /// A conversation with five messages, of which these are pinned at these times.
    fn store(pinned: &[(u8, i64)]) -> Store {
        let store = Store::adopt(Connection::open_in_memory().unwrap()).unwrap();
        let db = store.reader().connection();
        db.execute_batch(
            "INSERT INTO account (only_row, device_id, user_id) VALUES (1, 'phone-1', 'alice');
             INSERT INTO conversation (key, id, kind, created_at, activity_at, head)
             VALUES (1, 'c-1', 'group', 1, 1, 5)",
        )
        .unwrap();
        for number in 1..=5 {
            let at = pinned.iter().find(|(pinned, _)| *pinned == number);
            db.execute(
                "INSERT INTO message (operation_key, conversation, position, sender_id, text, at, content,
                                      pinned_at, pinned_by)
                 VALUES (?1, 1, ?2, 'bob', 'x', ?2, '{}', ?3, ?4)",
                params![key(number).to_bytes(), number, at.map(|at| at.1), at.map(|_| "bob")],
            )
            .unwrap();
        }
        store
    }

    fn enqueue(store: &Store, number: u8, method: &Method) {
        let new = NewOperation {
            operation_key: key(number),
            lane: ConversationKey(1).lane(),
            method,
            holds_lane: operation::of(method).holds_lane(),
            now: Timestamp(3),
        };
        operations::enqueue(store.reader().connection(), &new).unwrap();
    }

    fn pin(message: u8, pinned: bool) -> Method {
        Method::MessagePin(MessagePin {
            conversation_id: here(),
            message_key: key(message),
            pinned,
        })
    }

    fn shown(store: &Store) -> Vec<OperationKey> {
        let snapshot = pinned_messages(store.reader(), &here()).unwrap();
        let messages = snapshot.messages.into_iter();
        messages.map(|message| message.key).collect()
    }

    #[test]
    fn the_newest_pin_comes_first_and_of_two_at_once_the_later_message() {
        let store = store(&[(1, 30), (2, 10), (4, 10)]);
        assert_eq!(shown(&store), [1, 4, 2].map(key));
    }

    #[test]
    fn what_is_about_to_be_pinned_comes_before_all_others_whatever_the_clock_says() {
        let store = store(&[(1, 1_000)]);
        enqueue(&store, 101, &pin(3, true));
        enqueue(&store, 102, &pin(2, true));
        // Somebody else has pinned it meanwhile.
        enqueue(&store, 103, &pin(1, true));
        assert_eq!(shown(&store), [2, 3, 1].map(key));
    }

    #[test]
    fn what_is_about_to_be_unpinned_or_hidden_is_not_there() {
        let store = store(&[(1, 10), (2, 20), (3, 30)]);
        enqueue(&store, 101, &pin(1, false));
        let hide = MessageHide {
            conversation_id: here(),
            message_key: key(2),
        };
        enqueue(&store, 102, &Method::MessageHide(hide));
        enqueue(&store, 103, &pin(4, true));
        enqueue(&store, 104, &pin(4, false));
        assert_eq!(shown(&store), [key(3)]);
    }

    #[test]
    fn nothing_is_pinned_where_there_is_no_conversation() {
        let elsewhere = ConversationId::new("c-2").unwrap();
        let snapshot = pinned_messages(store(&[(1, 1)]).reader(), &elsewhere).unwrap();
        assert_eq!(snapshot.conversation, None);
        assert!(snapshot.messages.is_empty());
    }
}

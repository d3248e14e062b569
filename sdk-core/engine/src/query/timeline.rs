//! The timeline of a conversation: confirmed messages by position, then what is not confirmed yet in
//! the order in which it was sent.

use fulmar_protocol::{ConversationId, MessageId, OperationKey, Position, Timestamp, UserId};
use rusqlite::{Connection, Row, params};

use crate::outbox::failure::FailureReason;
use crate::outbox::transition::State;
use crate::store::{ConversationKey, Reader, Result, StoreError, conversations};

/// How many messages a page of history has.
pub const PAGE: u32 = 50;

/// A message on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineItem {
    /// The list key: the same from the first optimistic insert to the end, on every device.
    pub key: OperationKey,
    /// The id at the server, once it has one.
    pub message_id: Option<MessageId>,
    /// The place in the conversation, once the server has given one.
    pub position: Option<Position>,
    /// Who sent it.
    pub sender: UserId,
    /// What it says.
    pub text: String,
    /// When the server took it; until then, when it was handed over here.
    pub at: Timestamp,
    /// How far it has come.
    pub state: MessageState,
}

/// How far a message has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageState {
    /// On this device, durably; it goes out when it can.
    Pending,
    /// Handed to the network; no answer yet.
    Sending,
    /// The server has it. Every message of others is this.
    Sent,
    /// It will not go out until the app retries it, and by default nothing behind it either.
    Failed {
        /// Why.
        reason: FailureReason,
    },
}

/// Which part of a conversation a watcher shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Window {
    /// The newest page, and whatever comes after it.
    #[default]
    Newest,
    /// Everything from this position on.
    From(Position),
}

/// Whether there is something older than what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Older {
    /// No: this is the beginning of the conversation.
    Nothing,
    /// Yes, on this device.
    Cached,
    /// Yes, at the server: everything before this position.
    AtServer(Position),
}

/// A timeline at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineSnapshot {
    /// The conversation's key, which tells watchers what to wait for; `None` when there is no such
    /// conversation here.
    pub conversation: Option<ConversationKey>,
    /// The messages, oldest first.
    pub items: Vec<TimelineItem>,
    /// The position from which on everything is shown.
    pub from: Position,
    /// What lies before that.
    pub older: Older,
}

/// Reads a timeline. Confirmed messages are shown without holes: where the cache has one, the
/// timeline begins after it, and [`Older::AtServer`] says so. Never touches the network.
pub fn timeline(reader: &Reader, id: &ConversationId, window: Window) -> Result<TimelineSnapshot> {
    let db = reader.connection();
    // One snapshot for all queries: a commit in between would show halves of two states.
    let transaction = db.unchecked_transaction()?;
    let Some(key) = conversations::find(&transaction, id)? else {
        return Ok(TimelineSnapshot {
            conversation: None,
            items: Vec::new(),
            from: Position::ZERO,
            older: Older::Nothing,
        });
    };
    let head = conversations::head(&transaction, key)?;
    let from = match window {
        Window::Newest => Position((head.0 + 1).saturating_sub(u64::from(PAGE)).max(1)),
        Window::From(position) => position,
    };
    let mut items = dense_down_from(&transaction, key, head, from)?;
    let begins = match items.first().and_then(|item| item.position) {
        Some(position) => position,
        None => head.next(),
    };
    let older = match begins {
        Position(0 | 1) => Older::Nothing,
        _ if is_cached(&transaction, key, Position(begins.0 - 1))? => Older::Cached,
        _ => Older::AtServer(begins),
    };
    items.extend(ahead_of(&transaction, key, head)?);
    items.extend(unsent(&transaction, key)?);
    Ok(TimelineSnapshot {
        conversation: Some(key),
        items,
        from,
        older,
    })
}

const COLUMNS: &str = "operation_key, message_id, position, sender_id, text, at";

/// The confirmed messages from the newest down to `from`, or to the first hole; oldest first.
fn dense_down_from(
    db: &Connection,
    key: ConversationKey,
    head: Position,
    from: Position,
) -> Result<Vec<TimelineItem>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message
         WHERE conversation = ?1 AND position BETWEEN ?2 AND ?3
         ORDER BY position DESC"
    ))?;
    let mut rows = statement.query(params![key.0, from.0, head.0])?;
    let mut items = Vec::new();
    let mut expected = head;
    while let Some(row) = rows.next()? {
        let item = read(row, MessageState::Sent)?;
        if item.position != Some(expected) {
            break;
        }
        expected = Position(expected.0.saturating_sub(1));
        items.push(item);
    }
    items.reverse();
    Ok(items)
}

/// Own messages whose outcome came before the events up to them. They wait behind everything that
/// is known, so that no hole is shown.
fn ahead_of(db: &Connection, key: ConversationKey, head: Position) -> Result<Vec<TimelineItem>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message
         WHERE conversation = ?1 AND position > ?2
         ORDER BY position"
    ))?;
    let mut rows = statement.query(params![key.0, head.0])?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        items.push(read(row, MessageState::Sent)?);
    }
    Ok(items)
}

/// What the outbox holds for this conversation, in the order in which it was handed over.
fn unsent(db: &Connection, key: ConversationKey) -> Result<Vec<TimelineItem>> {
    let mut statement = db.prepare_cached(
        "SELECT operation_key, message_id, position, sender_id, text, at, state, failure
         FROM operation JOIN message USING (operation_key)
         WHERE lane = ?1 AND method = 'message.send' AND position IS NULL
         ORDER BY ordinal",
    )?;
    let mut rows = statement.query([key.0])?;
    let mut items = Vec::new();
    while let Some(row) = rows.next()? {
        let state: String = row.get(6)?;
        let state = match State::from_name(&state) {
            Some(State::Queued) => MessageState::Pending,
            Some(State::InFlight) => MessageState::Sending,
            Some(State::Failed) => MessageState::Failed {
                reason: read_failure(row.get::<_, Option<String>>(7)?)?,
            },
            None => return Err(StoreError::damaged("operation", format!("state {state}"))),
        };
        items.push(read(row, state)?);
    }
    Ok(items)
}

pub(super) fn read_failure(text: Option<String>) -> Result<FailureReason> {
    serde_json::from_str(&text.unwrap_or_default())
        .map_err(|error| StoreError::damaged("operation", error))
}

fn is_cached(db: &Connection, key: ConversationKey, position: Position) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM message WHERE conversation = ?1 AND position = ?2)",
        )?
        .query_row(params![key.0, position.0], |row| row.get(0))?)
}

fn read(row: &Row<'_>, state: MessageState) -> Result<TimelineItem> {
    let bad = |error: fulmar_protocol::IdError| StoreError::damaged("message", error);
    let message_id: Option<String> = row.get(1)?;
    let sender: String = row.get(3)?;
    Ok(TimelineItem {
        key: OperationKey::from_bytes(row.get(0)?),
        message_id: message_id.map(MessageId::new).transpose().map_err(bad)?,
        position: row.get::<_, Option<u64>>(2)?.map(Position),
        sender: UserId::new(sender).map_err(bad)?,
        text: row.get(4)?,
        at: Timestamp(row.get(5)?),
        state,
    })
}

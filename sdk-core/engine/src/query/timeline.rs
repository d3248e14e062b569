//! The timeline of a conversation: confirmed messages by position, then what is not confirmed yet in
//! the order in which it was sent.

use fulmar_protocol::{
    ConversationId, MessageId, OperationKey, Participant, Position, Reaction, Timestamp, UserId,
};
use rusqlite::{Connection, params};

use crate::message_content::MessageContent;
use crate::outbox::failure::FailureReason;
use crate::outbox::transition::State;
use crate::pending;
use crate::store::messages::{self, MessageRow};
use crate::store::operations::{self, OperationRow};
use crate::store::{
    ConversationKey, Reader, Result, StoreError, account, conversations, participants, reading,
};

/// How many messages a page of history has.
pub const PAGE: u32 = 50;

/// A message on the screen: what the server said, and over it what the outbox is about to change.
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
    pub content: MessageContent,
    /// When the server took it; until then, when it was handed over here.
    pub at: Timestamp,
    /// How far it has come.
    pub state: MessageState,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// The message that it answers.
    pub reply_to: Option<Quote>,
    /// Who wrote it first, when it was forwarded.
    pub forwarded_from: Option<UserId>,
    /// Who reacted with what, in the order in which each emoji was first used.
    pub reactions: Vec<Reaction>,
    /// How many of the others have it; only for own messages that the server has.
    pub receipts: Option<Receipts>,
}

impl TimelineItem {
    /// What it says in words; empty when it was deleted.
    #[must_use]
    pub fn text(&self) -> &str {
        self.content.text()
    }
}

/// A message that another one answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Its list key.
    pub key: OperationKey,
    /// What it is; `None` while it is not on this device.
    pub message: Option<QuotedMessage>,
}

/// What is known of a message that another one answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotedMessage {
    /// Who sent it.
    pub sender: UserId,
    /// What it says.
    pub content: MessageContent,
}

/// How many of the others a message has reached (PROTOCOL.md §4.3). Who they are, the participants'
/// pointers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipts {
    /// How many others take part.
    pub others: u32,
    /// How many of them have it on a device.
    pub delivered: u32,
    /// How many of them have read it.
    pub read: u32,
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
    let head = reading::head(&transaction, key)?;
    let from = match window {
        Window::Newest => Position((head.0 + 1).saturating_sub(u64::from(PAGE)).max(1)),
        Window::From(position) => position,
    };
    let own = account::owner(&transaction)?;
    let view = View {
        db: &transaction,
        key,
        changes: operations::changes_of_lane(&transaction, key)?,
        others: participants::all(&transaction, key)?
            .into_iter()
            .filter(|participant| Some(&participant.user_id) != own.as_ref())
            .collect(),
        own,
    };
    let (begins, mut items) = view.dense_down_from(head, from)?;
    let older = match begins {
        Position(0 | 1) => Older::Nothing,
        _ if is_cached(&transaction, key, Position(begins.0 - 1))? => Older::Cached,
        _ => Older::AtServer(begins),
    };
    items.extend(view.ahead_of(head)?);
    items.extend(view.unsent()?);
    Ok(TimelineSnapshot {
        conversation: Some(key),
        items,
        from,
        older,
    })
}

/// A conversation with all that is put over its messages.
struct View<'a> {
    db: &'a Connection,
    key: ConversationKey,
    own: Option<UserId>,
    others: Vec<Participant>,
    changes: Vec<OperationRow>,
}

impl View<'_> {
    /// The confirmed messages from the newest down to `from`, or to the first hole, oldest first; and
    /// where they begin. Hidden ones have a place, but are not shown.
    fn dense_down_from(
        &self,
        head: Position,
        from: Position,
    ) -> Result<(Position, Vec<TimelineItem>)> {
        let mut statement = self.db.prepare_cached(&format!(
            "SELECT {} FROM message
             WHERE conversation = ?1 AND position BETWEEN ?2 AND ?3
             ORDER BY position DESC",
            messages::COLUMNS
        ))?;
        let mut rows = statement.query(params![self.key.0, from.0, head.0])?;
        let mut items = Vec::new();
        let mut begins = head.next();
        while let Some(row) = rows.next()? {
            let row = messages::read(row)?;
            if row.position.map(Position::next) != Some(begins) {
                break;
            }
            begins = Position(begins.0 - 1);
            items.extend(self.item(row, MessageState::Sent)?);
        }
        items.reverse();
        Ok((begins, items))
    }

    /// Own messages whose outcome came before the events up to them. They wait behind everything that
    /// is known, so that no hole is shown.
    fn ahead_of(&self, head: Position) -> Result<Vec<TimelineItem>> {
        let mut statement = self.db.prepare_cached(&format!(
            "SELECT {} FROM message
             WHERE conversation = ?1 AND position > ?2 AND sender_id = ?3
             ORDER BY position",
            messages::COLUMNS
        ))?;
        let own = self.own.as_ref().map_or("", UserId::as_str);
        let mut rows = statement.query(params![self.key.0, head.0, own])?;
        let mut items = Vec::new();
        while let Some(row) = rows.next()? {
            items.extend(self.item(messages::read(row)?, MessageState::Sent)?);
        }
        Ok(items)
    }

    /// What the outbox holds for this conversation, in the order in which it was handed over.
    fn unsent(&self) -> Result<Vec<TimelineItem>> {
        let mut statement = self.db.prepare_cached(
            "SELECT operation_key, state, failure FROM operation
             WHERE lane = ?1 AND method = 'message.send'
             ORDER BY ordinal",
        )?;
        let mut rows = statement.query([self.key.0])?;
        let mut items = Vec::new();
        while let Some(row) = rows.next()? {
            let message = messages::find(self.db, OperationKey::from_bytes(row.get(0)?))?;
            let Some(message) = message.filter(|message| message.position.is_none()) else {
                continue;
            };
            let state: String = row.get(1)?;
            let state = match State::from_name(&state) {
                Some(State::Queued) => MessageState::Pending,
                Some(State::InFlight) => MessageState::Sending,
                Some(State::Failed) => MessageState::Failed {
                    reason: read_failure(row.get::<_, Option<String>>(2)?)?,
                },
                // A message is confirmed by its outcome, at once.
                Some(State::Applied) | None => {
                    return Err(StoreError::damaged("operation", format!("state {state}")));
                }
            };
            items.extend(self.item(message, state)?);
        }
        Ok(items)
    }

    /// A row as it is shown; `None` when the user has hidden it.
    fn item(&self, mut row: MessageRow, state: MessageState) -> Result<Option<TimelineItem>> {
        pending::of_message(&mut row, self.own.as_ref(), &self.changes);
        if row.hidden {
            return Ok(None);
        }
        let reply_to = match row.content.reply_to {
            Some(key) => Some(self.quote(key)?),
            None => None,
        };
        let own = Some(&row.sender) == self.own.as_ref();
        Ok(Some(TimelineItem {
            key: row.key,
            message_id: row.message_id,
            position: row.position,
            receipts: row
                .position
                .filter(|_| own)
                .map(|position| self.receipts(position)),
            sender: row.sender,
            at: row.at,
            state,
            edited_at: row.edited_at,
            reply_to,
            forwarded_from: row.content.forwarded_from.clone(),
            reactions: row.reactions,
            content: MessageContent::of(row.content, row.deleted),
        }))
    }

    fn receipts(&self, position: Position) -> Receipts {
        let count = |pointer: fn(&Participant) -> Position| {
            let reached = self
                .others
                .iter()
                .filter(|other| pointer(other) >= position);
            u32::try_from(reached.count()).unwrap_or(u32::MAX)
        };
        Receipts {
            others: count(|_| Position(u64::MAX)),
            delivered: count(|other| other.delivered_to),
            read: count(|other| other.read_to),
        }
    }

    fn quote(&self, key: OperationKey) -> Result<Quote> {
        let row = messages::find(self.db, key)?.filter(|row| row.conversation == self.key);
        let message = row.and_then(|mut row| {
            pending::of_message(&mut row, self.own.as_ref(), &self.changes);
            (!row.hidden).then(|| QuotedMessage {
                sender: row.sender.clone(),
                content: MessageContent::of(row.content, row.deleted),
            })
        });
        Ok(Quote { key, message })
    }
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

//! A message as a screen shows it: what the server said, and over it what the outbox is about to change.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use fulmar_protocol::{
    MessageId, Method, OperationKey, Pin, Position, Reaction, Timestamp, UserId,
};
use rusqlite::Connection;

use super::content::MessageContent;
use crate::operation::overlay;
use crate::store::messages::{self, MessageRow};
use crate::store::operations::{self, OperationRow};
use crate::store::reached::Reached;
use crate::store::read;
use crate::store::runs::{self, Ahead};
use crate::store::state::FailureReason;
use crate::store::state::OperationState as State;
use crate::store::uploads::{self, Sum};
use crate::store::{ConversationKey, Result, StoreError, account};

/// A message on the screen: what the server said, and over it what the outbox is about to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageItem {
    /// The list key: the same from the first optimistic insert to the end, on every device.
    pub key: OperationKey,
    /// The id at the server, once it has one.
    pub message_id: Option<MessageId>,
    /// The place in the conversation, once the server has given one.
    pub position: Option<Position>,
    /// Who sent it.
    pub sender: UserId,
    /// The content of the message.
    pub content: MessageContent,
    /// When the server took it; until then, when it was handed over here.
    pub at: Timestamp,
    /// How far it has come.
    pub state: MessageState,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// Since when it is pinned, and who pinned it; with what is not sent yet.
    pub pinned: Option<Pin>,
    /// The message that it answers.
    pub reply_to: Option<Quote>,
    /// The message in whose thread it is.
    pub thread_root: Option<OperationKey>,
    /// The thread under it, when there is one; with what is not sent yet.
    pub thread: Option<ThreadOverview>,
    /// Who wrote it first, when it was forwarded.
    pub forwarded_from: Option<UserId>,
    /// Who reacted with what, in the order in which each emoji was first used.
    pub reactions: Vec<Reaction>,
    /// How many of the others have it; only for own messages that the server has.
    pub receipts: Option<Receipts>,
}

impl MessageItem {
    /// What it says in words; empty when it was deleted.
    #[must_use]
    pub fn text(&self) -> &str {
        self.content.text()
    }
}

/// A message that another one answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The list key of the message.
    pub key: OperationKey,
    /// What it is; `None` while it is not on this device.
    pub message: Option<QuotedMessage>,
}

/// What is known of a message that another one answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotedMessage {
    /// Who sent it.
    pub sender: UserId,
    /// The content of the message.
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
    /// On this device, durably; its files go up first, as soon as they can.
    Uploading {
        /// How many bytes of them are at the server.
        sent: u64,
        /// How many bytes they have.
        total: u64,
    },
    /// Handed to the network; no answer yet.
    Sending,
    /// Handed to the network, and no answer came: it may be at the server already. It is tried again by itself
    /// under the same key, which the server recognises; until then it cannot be given up on this device alone.
    Unconfirmed,
    /// The server has it. Every message of others is this.
    Sent,
    /// It will not go out until the app retries it, and by default nothing behind it either.
    Failed {
        /// Why it failed, and with that what the app can do.
        reason: FailureReason,
    },
}

/// What is under a message that has a thread (PROTOCOL.md §4.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadOverview {
    /// How many messages it has.
    pub count: u64,
    /// When the newest was written.
    pub last_at: Timestamp,
}

/// A conversation with all that is put over its messages.
pub(super) struct View<'a> {
    pub(super) db: &'a Connection,
    pub(super) key: ConversationKey,
    pub(super) own: Option<UserId>,
    /// How far others are, from the lowest place on that was asked about.
    reached: RefCell<Option<Reached>>,
    changes: Vec<OperationRow>,
    /// What the threads have beside what the log told of.
    ahead: BTreeMap<OperationKey, Ahead>,
}

impl<'a> View<'a> {
    pub(super) fn of(db: &'a Connection, key: ConversationKey, head: Position) -> Result<Self> {
        let own = account::owner(db)?;
        Ok(Self {
            db,
            key,
            changes: operations::changes_of_lane(db, key.lane())?,
            reached: RefCell::default(),
            ahead: runs::threads_ahead(db, key, head)?
                .into_iter()
                .map(|ahead| (ahead.root, ahead))
                .collect(),
            own,
        })
    }

    /// The messages that the outbox is about to hide.
    pub(super) fn about_to_hide(&self) -> BTreeSet<OperationKey> {
        self.changes
            .iter()
            .filter_map(|change| {
                if let Method::MessageHide(hide) = &change.method {
                    Some(hide.message_key)
                } else {
                    None
                }
            })
            .collect()
    }

    /// The messages that the outbox is about to pin, the newest pin first.
    pub(super) fn about_to_pin(&self) -> Vec<OperationKey> {
        self.changes
            .iter()
            .rev()
            .filter_map(|change| {
                if let Method::MessagePin(pin) = &change.method {
                    pin.pinned.then_some(pin.message_key)
                } else {
                    None
                }
            })
            .collect()
    }

    /// How far a message has come.
    pub(super) fn state(&self, row: &MessageRow) -> Result<MessageState> {
        if row.position.is_some() {
            return Ok(MessageState::Sent);
        }
        let state = state_of(read::outbox::state_of(self.db, row.key)?)?;
        if state == MessageState::Pending
            && let Some(Sum { sent, total }) = uploads::sum(self.db, row.key)?
        {
            return Ok(MessageState::Uploading { sent, total });
        }
        Ok(state)
    }

    /// A row as it is shown; `None` when the user has hidden it.
    pub(super) fn item(
        &self,
        mut row: MessageRow,
        state: MessageState,
    ) -> Result<Option<MessageItem>> {
        overlay::message(&mut row, self.own.as_ref(), &self.changes);
        if row.hidden {
            return Ok(None);
        }
        let own = Some(&row.sender) == self.own.as_ref();
        let thread = self.thread(&row);
        // All columns: a new one does not compile until it is shown.
        let MessageRow {
            key,
            conversation: _,
            message_id,
            position,
            sender,
            at,
            content,
            thread_position: _,
            thread: _,
            edited_at,
            deleted,
            pinned,
            hidden: _,
            reactions,
        } = row;
        let reply_to = match content.reply_to {
            Some(key) => Some(self.quote(key)?),
            None => None,
        };
        Ok(Some(MessageItem {
            key,
            message_id,
            position,
            receipts: match position {
                Some(place) if own => Some(self.receipts(place)?),
                Some(_) | None => None,
            },
            thread_root: content.thread_root,
            thread,
            sender,
            at,
            state,
            edited_at,
            pinned,
            reply_to,
            forwarded_from: content.forwarded_from.clone(),
            reactions,
            content: MessageContent::of(content, deleted),
        }))
    }

    fn thread(&self, row: &MessageRow) -> Option<ThreadOverview> {
        let told = row.thread.map_or(0, |thread| thread.count.0);
        let told_at = row.thread.map_or(Timestamp(0), |thread| thread.last_at);
        let ahead = self.ahead.get(&row.key);
        let count = told.max(ahead.map_or(0, |ahead| ahead.place.0))
            + ahead.map_or(0, |ahead| ahead.unsent);
        (count > 0).then(|| ThreadOverview {
            count,
            last_at: told_at.max(ahead.map_or(Timestamp(0), |ahead| ahead.at)),
        })
    }

    fn receipts(&self, place: Position) -> Result<Receipts> {
        let mut reached = self.reached.borrow_mut();
        let reached = match &mut *reached {
            Some(reached) if reached.knows(place) => reached,
            lower => lower.insert(Reached::from(self.db, self.key, self.own.as_ref(), place)?),
        };
        let count = |people| u32::try_from(people).unwrap_or(u32::MAX);
        Ok(Receipts {
            others: count(reached.others),
            delivered: count(reached.delivered(place)),
            read: count(reached.read(place)),
        })
    }

    fn quote(&self, key: OperationKey) -> Result<Quote> {
        let row = messages::find(self.db, key)?.filter(|row| row.conversation == self.key);
        let message = row.and_then(|mut row| {
            overlay::message(&mut row, self.own.as_ref(), &self.changes);
            (!row.hidden).then(|| QuotedMessage {
                sender: row.sender.clone(),
                content: MessageContent::of(row.content, row.deleted),
            })
        });
        Ok(Quote { key, message })
    }
}

/// What the outbox says of a message that is not confirmed.
fn state_of(stored: Option<(State, Option<FailureReason>)>) -> Result<MessageState> {
    let lost = || StoreError::damaged("operation", "a message in no state");
    let (state, failure) = stored.ok_or_else(lost)?;
    match state {
        State::Queued => Ok(MessageState::Pending),
        State::InFlight => Ok(MessageState::Sending),
        State::Unconfirmed => Ok(MessageState::Unconfirmed),
        State::Failed => Ok(MessageState::Failed {
            reason: reason(failure)?,
        }),
        // A message is confirmed by its outcome, at once.
        State::Applied => Err(lost()),
    }
}

/// What has failed has a reason.
pub(super) fn reason(failure: Option<FailureReason>) -> Result<FailureReason> {
    failure.ok_or_else(|| StoreError::damaged("operation", "a failure without a reason"))
}

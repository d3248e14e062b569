//! Messages on the screen.

use fulmar::{MessageId, OperationKey, Position, Timestamp, UserId};

use crate::{ByteCount, Count, MessageContent, Problem, Quote, Reaction, Receipts};

/// A message on the screen.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
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

impl From<fulmar::MessageItem> for MessageItem {
    fn from(item: fulmar::MessageItem) -> Self {
        let fulmar::MessageItem {
            key,
            message_id,
            position,
            sender,
            content,
            at,
            state,
            edited_at,
            pinned,
            reply_to,
            thread_root,
            thread,
            forwarded_from,
            reactions,
            receipts,
        } = item;
        Self {
            key,
            message_id,
            position,
            sender,
            content: content.into(),
            at,
            state: state.into(),
            edited_at,
            pinned: pinned.map(Into::into),
            reply_to: reply_to.map(Into::into),
            thread_root,
            thread: thread.map(Into::into),
            forwarded_from,
            reactions: reactions.into_iter().map(Into::into).collect(),
            receipts: receipts.map(Into::into),
        }
    }
}

/// That a message is pinned.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Pin {
    /// When it was pinned.
    pub at: Timestamp,
    /// Who pinned it.
    pub by: UserId,
}

impl From<fulmar::Pin> for Pin {
    fn from(pin: fulmar::Pin) -> Self {
        let fulmar::Pin { at, by } = pin;
        Self { at, by }
    }
}

/// What is under a message that has a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct ThreadOverview {
    /// How many messages it has.
    pub count: Count,
    /// When the newest was written.
    pub last_at: Timestamp,
}

impl From<fulmar::ThreadOverview> for ThreadOverview {
    fn from(thread: fulmar::ThreadOverview) -> Self {
        let fulmar::ThreadOverview { count, last_at } = thread;
        Self {
            count: Count(count),
            last_at,
        }
    }
}

/// How far a message has come.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum MessageState {
    /// On this device, durably; it goes out when it can.
    Pending,
    /// On this device, durably; its files go up first, as soon as they can.
    Uploading {
        /// How many bytes of them are at the server.
        sent: ByteCount,
        /// How many bytes they have.
        total: ByteCount,
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

impl From<fulmar::MessageState> for MessageState {
    fn from(state: fulmar::MessageState) -> Self {
        match state {
            fulmar::MessageState::Pending => Self::Pending,
            fulmar::MessageState::Uploading { sent, total } => Self::Uploading {
                sent: ByteCount(sent),
                total: ByteCount(total),
            },
            fulmar::MessageState::Sending => Self::Sending,
            fulmar::MessageState::Unconfirmed => Self::Unconfirmed,
            fulmar::MessageState::Sent => Self::Sent,
            fulmar::MessageState::Failed { reason } => Self::Failed {
                reason: reason.into(),
            },
        }
    }
}

/// Why an operation stopped for good until the app says something.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum FailureReason {
    /// The server refused it with a permanent code. It changed nothing; it can be retried or
    /// discarded.
    Refused {
        /// What the server said.
        problem: Problem,
    },
    /// It was tried, and no answer came. By now it is older than the server remembers operation keys, or the server
    /// took a later try for something that it cannot read. It may have been applied: what to do is the app's decision.
    OutcomeUnknown,
    /// It is a reply in a thread under a message that was given up before it was sent. Only giving the reply
    /// up is left.
    RootGivenUp,
    /// A file of the message is not on this device any more, and not at the server. Only giving the message
    /// up is left.
    FileLost,
}

impl From<fulmar::FailureReason> for FailureReason {
    fn from(reason: fulmar::FailureReason) -> Self {
        match reason {
            fulmar::FailureReason::Refused { problem } => Self::Refused {
                problem: problem.into(),
            },
            fulmar::FailureReason::OutcomeUnknown => Self::OutcomeUnknown,
            fulmar::FailureReason::RootGivenUp => Self::RootGivenUp,
            fulmar::FailureReason::FileLost => Self::FileLost,
        }
    }
}

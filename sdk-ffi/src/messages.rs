//! Messages on the screen.

use fulmar::{MessageId, OperationKey, Position, Timestamp, UserId};

use crate::{MessageContent, Problem, Quote, Reaction, Receipts};

/// A message on the screen.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
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

impl From<fulmar::TimelineItem> for TimelineItem {
    fn from(item: fulmar::TimelineItem) -> Self {
        let fulmar::TimelineItem {
            key,
            message_id,
            position,
            sender,
            content,
            at,
            state,
            edited_at,
            reply_to,
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
            reply_to: reply_to.map(Into::into),
            forwarded_from,
            reactions: reactions.into_iter().map(Into::into).collect(),
            receipts: receipts.map(Into::into),
        }
    }
}

/// How far a message has come.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
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

impl From<fulmar::MessageState> for MessageState {
    fn from(state: fulmar::MessageState) -> Self {
        match state {
            fulmar::MessageState::Pending => Self::Pending,
            fulmar::MessageState::Sending => Self::Sending,
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
    /// It was tried, no answer came, and by now it is older than the server remembers operation
    /// keys. Trying again could apply it twice, so that is the app's decision.
    OutcomeUnknown,
}

impl From<fulmar::FailureReason> for FailureReason {
    fn from(reason: fulmar::FailureReason) -> Self {
        match reason {
            fulmar::FailureReason::Refused { problem } => Self::Refused {
                problem: problem.into(),
            },
            fulmar::FailureReason::OutcomeUnknown => Self::OutcomeUnknown,
        }
    }
}

/// Whether somebody is looking at a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Visibility {
    /// Nobody, or the app marks what was read by itself.
    Hidden,
    /// What it shows is on a screen: it is marked as read.
    Visible,
}

impl From<Visibility> for fulmar::Visibility {
    fn from(visibility: Visibility) -> Self {
        match visibility {
            Visibility::Hidden => Self::Hidden,
            Visibility::Visible => Self::Visible,
        }
    }
}

/// Whether there was older history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum History {
    /// There was; the next change shows it.
    More,
    /// There is none: the timeline begins with the first message.
    Beginning,
}

impl From<fulmar::History> for History {
    fn from(history: fulmar::History) -> Self {
        match history {
            fulmar::History::More => Self::More,
            fulmar::History::Beginning => Self::Beginning,
        }
    }
}

//! Messages on the screen.

use fulmar::{MessageId, OperationKey, Position, Timestamp, UserId};

use crate::{Count, Problem};

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
    pub text: String,
    /// When the server took it; until then, when it was handed over here.
    pub at: Timestamp,
    /// How far it has come.
    pub state: MessageState,
}

impl From<fulmar::TimelineItem> for TimelineItem {
    fn from(item: fulmar::TimelineItem) -> Self {
        let fulmar::TimelineItem {
            key,
            message_id,
            position,
            sender,
            text,
            at,
            state,
        } = item;
        Self {
            key,
            message_id,
            position,
            sender,
            text,
            at,
            state: state.into(),
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

/// One step from what a timeline showed to what it shows. Indices are those of the list at that
/// step.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum TimelineChange {
    /// The list is this now. The first change of every watcher.
    Reset {
        /// All of it.
        items: Vec<TimelineItem>,
    },
    /// A new item.
    Insert {
        /// Where it is now.
        index: Count,
        /// The item.
        item: TimelineItem,
    },
    /// The item at this place has new content; its key is the same.
    Update {
        /// Where it is.
        index: Count,
        /// The item.
        item: TimelineItem,
    },
    /// An item changed its place.
    Move {
        /// Where it was.
        from: Count,
        /// Where it is after it was taken out and put in again.
        to: Count,
    },
    /// An item is gone.
    Remove {
        /// Where it was.
        index: Count,
    },
}

impl From<fulmar::Change<fulmar::TimelineItem>> for TimelineChange {
    fn from(change: fulmar::Change<fulmar::TimelineItem>) -> Self {
        use fulmar::Change;
        match change {
            Change::Reset { items } => Self::Reset {
                items: items.into_iter().map(Into::into).collect(),
            },
            Change::Insert { index, item } => Self::Insert {
                index: index.into(),
                item: item.into(),
            },
            Change::Update { index, item } => Self::Update {
                index: index.into(),
                item: item.into(),
            },
            Change::Move { from, to } => Self::Move {
                from: from.into(),
                to: to.into(),
            },
            Change::Remove { index } => Self::Remove {
                index: index.into(),
            },
        }
    }
}

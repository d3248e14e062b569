//! A timeline at one moment: its rows, and what lies before and after them. It is made in `timeline`, and
//! reads nothing itself.

use fulmar_protocol::{OperationKey, Position};

use crate::store::ConversationKey;
use crate::view::message_item::MessageItem;

/// One row of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // nearly all rows are messages
pub enum TimelineItem {
    /// A message.
    Message(MessageItem),
    /// Messages that are not on this device.
    Gap(GapRange),
}

impl TimelineItem {
    /// What to list it by. A message's never changes.
    #[must_use]
    pub fn key(&self) -> TimelineKey {
        match self {
            Self::Message(message) => TimelineKey::Message(message.key),
            Self::Gap(gap) => TimelineKey::Gap(gap.from),
        }
    }

    /// The message, if it is one.
    #[must_use]
    pub fn message(&self) -> Option<&MessageItem> {
        match self {
            Self::Message(message) => Some(message),
            Self::Gap(_) => None,
        }
    }
}

/// What to list the rows of a timeline by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimelineKey {
    /// A message: the same from the first optimistic insert to the end, on every device.
    Message(OperationKey),
    /// A gap: the first place that is missing.
    Gap(Position),
}

/// Messages between two others that are not on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GapRange {
    /// The place of the first that is missing.
    pub from: Position,
    /// The place of the last one.
    pub to: Position,
}

impl GapRange {
    /// How many places it has. Hidden messages, and in a conversation those of threads, have one too.
    #[must_use]
    pub fn count(&self) -> u64 {
        places_between(self.from, self.to)
    }
}

/// How many places there are from one to another, both included.
pub(super) fn places_between(from: Position, to: Position) -> u64 {
    to.next().0.saturating_sub(from.0)
}

/// Which part of a timeline a watcher shows, by places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Window {
    /// The newest page, and whatever comes after it.
    #[default]
    Newest,
    /// Everything from this place on.
    From(Position),
    /// Everything from one place to another, both included: somewhere in the past.
    Between(Position, Position),
}

impl Window {
    /// Whether it shows what is at the head of the conversation, and what comes after that.
    pub(super) fn reaches(self, head: Position) -> bool {
        match self {
            Self::Newest | Self::From(_) => true,
            Self::Between(_, last) => last >= head,
        }
    }
}

/// Whether there is something older than what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Older {
    /// No: this is the beginning.
    Nothing,
    /// Yes, on this device.
    Cached,
    /// Yes, at the server: everything before this place.
    AtServer(Position),
}

/// Whether there is something newer than what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newer {
    /// No, and what comes will be shown.
    Nothing,
    /// Yes, on this device.
    Cached,
    /// Yes, at the server: everything after this place.
    AtServer(Position),
}

/// A timeline at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineSnapshot {
    /// The conversation's key, which tells watchers what to wait for; `None` when there is no such
    /// conversation here.
    pub conversation: Option<ConversationKey>,
    /// The rows, oldest first.
    pub items: Vec<TimelineItem>,
    /// The place from which on everything is shown.
    pub from: Position,
    /// The newest place that is shown, or has nothing to show.
    pub to: Position,
    /// What lies before that.
    pub older: Older,
    /// What lies after it.
    pub newer: Newer,
}

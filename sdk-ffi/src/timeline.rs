//! Timelines: what is in them, and how much of a conversation or a thread they show.

use std::sync::Arc;

use fulmar::{OperationKey, Position, Timestamp};

use crate::cancel::{CancelHandle, cancellable};
use crate::{CommandError, Count, MessageItem, TimelineWatcher};

/// One row of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
#[allow(clippy::large_enum_variant)] // nearly all rows are messages
pub enum TimelineItem {
    /// A message.
    Message {
        /// The message.
        item: MessageItem,
    },
    /// Messages that are not on this device.
    Gap {
        /// The places that are missing on this device.
        range: GapRange,
    },
}

impl From<fulmar::TimelineItem> for TimelineItem {
    fn from(item: fulmar::TimelineItem) -> Self {
        match item {
            fulmar::TimelineItem::Message(message) => Self::Message {
                item: message.into(),
            },
            fulmar::TimelineItem::Gap(gap) => Self::Gap { range: gap.into() },
        }
    }
}

/// Messages between two others that are not on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct GapRange {
    /// The place of the first that is missing.
    pub from: Position,
    /// The place of the last one.
    pub to: Position,
    /// How many places it has. Hidden messages, and in a conversation those of threads, have one too.
    pub count: Count,
}

impl From<fulmar::GapRange> for GapRange {
    fn from(gap: fulmar::GapRange) -> Self {
        let fulmar::GapRange { from, to } = gap;
        Self {
            from,
            to,
            count: Count(gap.count()),
        }
    }
}

/// The end of a gap from which it is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum GapEnd {
    /// The oldest messages that are missing: for a user who scrolls down.
    Oldest,
    /// The newest that are missing: for a user who scrolls up.
    Newest,
}

impl From<GapEnd> for fulmar::GapEnd {
    fn from(end: GapEnd) -> Self {
        match end {
            GapEnd::Oldest => Self::Oldest,
            GapEnd::Newest => Self::Newest,
        }
    }
}

/// A message to jump to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Anchor {
    /// The one at this position.
    At {
        /// The position to open at.
        position: Position,
    },
    /// The one of this key.
    Message {
        /// The list key of the message.
        key: OperationKey,
    },
    /// The first that was sent at this time or later, or else the newest.
    Time {
        /// The time to open at.
        time: Timestamp,
    },
}

impl From<Anchor> for fulmar::Anchor {
    fn from(anchor: Anchor) -> Self {
        match anchor {
            Anchor::At { position } => Self::At(position),
            Anchor::Message { key } => Self::Message(key),
            Anchor::Time { time } => Self::Time(time),
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

/// What asking for a page came to: of a timeline, a list or a search. The next change shows what was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct PageResult {
    /// Whether another call may load more. `false` is certain; `true` may turn out to be an empty page.
    pub has_more: bool,
}

impl From<fulmar::PageResult> for PageResult {
    fn from(page: fulmar::PageResult) -> Self {
        let fulmar::PageResult { has_more } = page;
        Self { has_more }
    }
}

/// A stretch of a conversation, for any number of watchers.
#[derive(Debug, uniffi::Object)]
pub struct TimelineHandle {
    timeline: fulmar::Timeline,
}

impl TimelineHandle {
    pub(crate) fn of(timeline: fulmar::Timeline) -> Arc<Self> {
        Arc::new(Self { timeline })
    }
}

#[uniffi::export]
impl TimelineHandle {
    /// One more watcher of this stretch.
    pub fn watch(&self) -> Result<Arc<TimelineWatcher>, CommandError> {
        Ok(TimelineWatcher::of(self.timeline.clone()))
    }

    /// Says whether somebody is looking, so that what is shown is marked as read.
    pub fn set_visibility(&self, visibility: Visibility) -> Result<(), CommandError> {
        self.timeline.set_visibility(visibility.into());
        Ok(())
    }

    /// Asks for 50 older messages; every watcher is told of them.
    pub async fn load_older(
        &self,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<PageResult, CommandError> {
        let page = cancellable(cancel, self.timeline.load_older()).await?;
        Ok(page.into())
    }

    /// Asks for 50 newer messages, in a timeline that was opened around an older one.
    pub async fn load_newer(
        &self,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<PageResult, CommandError> {
        let page = cancellable(cancel, self.timeline.load_newer()).await?;
        Ok(page.into())
    }

    /// Asks for up to 50 messages of a gap.
    pub async fn load_gap(
        &self,
        gap: GapRange,
        end: GapEnd,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), CommandError> {
        let GapRange { from, to, count: _ } = gap;
        let gap = fulmar::GapRange { from, to };
        cancellable(cancel, self.timeline.load_gap(gap, end.into())).await
    }
}

//! What changed in a list that is watched: one type per kind of item, because there are no generic
//! types on the way across.

use crate::{
    ConversationItem, Count, MessageItem, OutboxItem, Participant, SearchHit, TimelineItem,
};

macro_rules! changes {
    ($(#[$doc:meta])* $name:ident of $item:ident from $core:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
        pub enum $name {
            /// The list is this now. The first change of every watcher.
            Reset {
                /// All items, in order.
                items: Vec<$item>,
            },
            /// A new item.
            Insert {
                /// Where it is now.
                index: Count,
                /// The item as it is now.
                item: $item,
            },
            /// The item at this place has new content; its key is the same.
            Update {
                /// The index that it has.
                index: Count,
                /// The item as it is now.
                item: $item,
            },
            /// An item changed its place.
            Move {
                /// The index that it had before.
                from: Count,
                /// Where it is after it was taken out and put in again.
                to: Count,
            },
            /// An item is gone.
            Remove {
                /// The index that it had.
                index: Count,
            },
        }

        impl From<fulmar::Change<$core>> for $name {
            fn from(change: fulmar::Change<$core>) -> Self {
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
    };
}

changes! {
    /// One step from what a timeline showed to what it shows. Indices are those of the list at that
    /// step.
    TimelineChange of TimelineItem from fulmar::TimelineItem
}
changes! {
    /// One step from what a list of conversations showed to what it shows. Indices are those of the
    /// list at that step.
    ConversationListChange of ConversationItem from fulmar::ConversationItem
}
changes! {
    /// One step from what a list of participants showed to what it shows. Indices are those of the
    /// list at that step.
    ParticipantListChange of Participant from fulmar::Participant
}
changes! {
    /// One step from what a list of pinned messages showed to what it shows. Indices are those of the list at that
    /// step.
    PinnedMessagesChange of MessageItem from fulmar::MessageItem
}
changes! {
    /// One step from what the outbox showed to what it shows. Indices are those of the list at that
    /// step.
    OutboxChange of OutboxItem from fulmar::OutboxItem
}
changes! {
    /// One step from what a search showed to what it shows. Indices are those of the list at that step.
    SearchChange of SearchHit from fulmar::SearchHit
}

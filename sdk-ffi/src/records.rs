//! What crosses: plain records and enums. Ids cross as strings, times as integer milliseconds.

use fulmar::TimelineItem;

/// A message on the screen.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Message {
    /// The list key: the same from the first optimistic insert to the end, on every device.
    pub key: String,
    /// The id at the server, once it has one.
    pub message_id: Option<String>,
    /// The place in the conversation, once the server has given one.
    pub position: Option<u64>,
    /// Who sent it.
    pub sender: String,
    /// What it says.
    pub text: String,
    /// When the server took it, in milliseconds since 1970; until then, when it was handed over.
    pub at_ms: i64,
    /// How far it has come.
    pub state: MessageState,
}

/// How far a message has come.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum MessageState {
    /// On this device, durably.
    Pending,
    /// Handed to the network.
    Sending,
    /// The server has it.
    Sent,
    /// It will not go out until the app retries it.
    Failed {
        /// Why.
        reason: String,
    },
}

/// One step from what the screen showed to what it shows. Indices are those of the list at that step.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Change {
    /// The list is this now.
    Reset {
        /// All of it.
        items: Vec<Message>,
    },
    /// A new item.
    Insert {
        /// Where it is now.
        index: u32,
        /// The item.
        item: Message,
    },
    /// New content at this place.
    Update {
        /// Where it is.
        index: u32,
        /// The item.
        item: Message,
    },
    /// An item changed its place.
    Move {
        /// Where it was.
        from: u32,
        /// Where it is.
        to: u32,
    },
    /// An item is gone.
    Remove {
        /// Where it was.
        index: u32,
    },
}

/// Whether there was older history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum OlderHistory {
    /// There was; the next change shows it.
    More,
    /// The timeline begins with the first message.
    Beginning,
}

impl From<TimelineItem> for Message {
    fn from(item: TimelineItem) -> Self {
        Self {
            key: item.key.to_string(),
            message_id: item.message_id.map(String::from),
            position: item.position.map(|position| position.0),
            sender: item.sender.into(),
            text: item.text,
            at_ms: item.at.0,
            state: match item.state {
                fulmar::MessageState::Pending => MessageState::Pending,
                fulmar::MessageState::Sending => MessageState::Sending,
                fulmar::MessageState::Sent => MessageState::Sent,
                fulmar::MessageState::Failed { reason } => MessageState::Failed {
                    reason: reason.to_string(),
                },
            },
        }
    }
}

impl From<fulmar::Change<TimelineItem>> for Change {
    fn from(change: fulmar::Change<TimelineItem>) -> Self {
        match change {
            fulmar::Change::Reset { items } => Self::Reset {
                items: items.into_iter().map(Message::from).collect(),
            },
            fulmar::Change::Insert { index, item } => Self::Insert {
                index: place(index),
                item: item.into(),
            },
            fulmar::Change::Update { index, item } => Self::Update {
                index: place(index),
                item: item.into(),
            },
            fulmar::Change::Move { from, to } => Self::Move {
                from: place(from),
                to: place(to),
            },
            fulmar::Change::Remove { index } => Self::Remove {
                index: place(index),
            },
        }
    }
}

/// Lists are far shorter than this.
fn place(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

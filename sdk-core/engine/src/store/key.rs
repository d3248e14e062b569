//! By what rows of other tables name a conversation.

/// The integer by which the store knows a conversation: stable from its creation on this device,
/// also while the server does not know it yet. A list key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationKey(pub i64);

impl ConversationKey {
    /// The lane in which the operations of this conversation wait.
    pub(crate) const fn lane(self) -> LaneId {
        LaneId(self.0)
    }
}

/// An outbox lane. Each conversation has one, under the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneId(pub i64);

impl LaneId {
    /// The conversation whose operations wait in this lane.
    pub(crate) const fn conversation(self) -> ConversationKey {
        ConversationKey(self.0)
    }
}

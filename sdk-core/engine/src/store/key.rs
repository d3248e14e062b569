//! By what rows of other tables name a conversation.

/// The integer by which the store knows a conversation: stable from its creation on this device,
/// also while the server does not know it yet. A list key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConversationKey(pub i64);

/// An outbox lane: there is one per conversation.
pub type LaneId = ConversationKey;

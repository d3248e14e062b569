//! What an app shows of a push notification.

use fulmar_protocol::{ConversationId, OperationKey};

/// What an app shows of a push notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushNotification {
    /// The other person, or the title of the group.
    pub title: String,
    /// The beginning of the text; in a group with who wrote it.
    pub body: String,
    /// Where to go when it is tapped.
    pub conversation_id: ConversationId,
    /// The message, by its list key.
    pub message: OperationKey,
    /// How many messages are unread in that conversation.
    pub unread_count: u64,
    /// How many are unread in all: the number on the app's icon.
    pub unread_total: u64,
    /// Whether to call for attention.
    pub attention: Attention,
}

/// Whether a notification calls for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attention {
    /// A notification with sound or banner.
    Alert,
    /// No: the conversation is muted, or this user has read the message by now.
    Quiet,
}

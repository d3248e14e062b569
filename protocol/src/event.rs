//! Events: the only way in which a client learns of changes (PROTOCOL.md §6).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event_list::UNREADABLE;
use crate::{
    BlockList, Conversation, ConversationId, ConversationProfile, Lenient, Message, Participant,
    Position, Role, Seq, Settings, Timestamp, UserId,
};

/// Why an event or an operation has no meaning to this version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Its type or method is not known here.
    #[error("unknown type {0:?}")]
    Unknown(String),
    /// Its type is known, its content does not fit. Says what is wrong without quoting it.
    #[error("malformed: {0}")]
    Malformed(String),
}

impl Unreadable {
    /// The library quotes what it found, which may be what somebody wrote: that goes into no log.
    pub(crate) fn malformed(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        Self::Malformed(match (text.find('"'), text.rfind('"')) {
            (Some(first), Some(last)) => format!("{}…{}", &text[..first], &text[last + 1..]),
            _ => text,
        })
    }
}

/// One entry of a user's log.
///
/// The content stays raw until [`Event::read`], so that one event that cannot be understood does
/// not take the others of its frame with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its place in the log.
    pub seq: Seq,
    /// When it happened.
    pub at: Timestamp,
    /// What kind it is, such as `message.created`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its content; the shape depends on the type.
    #[serde(default)]
    pub data: Value,
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident($data:ty) = $text:literal;)*) => {
        /// The events of this version.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum EventData {
            $($(#[$doc])* $name($data),)*
        }

        impl EventData {
            /// The type of every event, as it travels.
            pub const TYPES: &'static [&'static str] = &[$($text,)*];

            /// The type as it travels.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => $text,)*
                }
            }

            /// The content as it travels.
            #[must_use]
            pub fn to_value(&self) -> Value {
                let data = match self {
                    $(Self::$name(data) => serde_json::to_value(data),)*
                };
                // Structs of strings and integers always have a JSON form.
                data.unwrap_or_default()
            }

            fn read(kind: &str, data: &Value) -> Result<Self, Unreadable> {
                match kind {
                    $($text => <$data>::deserialize(data).map(Self::$name),)*
                    other => return Err(Unreadable::Unknown(other.to_owned())),
                }
                .map_err(|error| Unreadable::malformed(&error))
            }
        }
    };
}

events! {
    /// The user has a conversation that they did not have.
    ConversationCreated(Conversation) = "conversation.created";
    /// What everyone sees of a conversation has changed.
    ConversationUpdated(ConversationUpdated) = "conversation.updated";
    /// The user takes no part in a conversation any more.
    ConversationRemoved(ConversationRemoved) = "conversation.removed";
    /// Others came into a conversation.
    ParticipantsAdded(ParticipantsAdded) = "participants.added";
    /// Another one is no longer in a conversation.
    ParticipantRemoved(ParticipantRemoved) = "participant.removed";
    /// Somebody has another role.
    ParticipantUpdated(ParticipantUpdated) = "participant.updated";
    /// Someone, perhaps this user, sent a message.
    MessageCreated(Message) = "message.created";
    /// A message was edited, deleted, hidden, or reacted to.
    MessageUpdated(Message) = "message.updated";
    /// Someone, perhaps this user, got or read messages.
    ReceiptUpdated(ReceiptUpdated) = "receipt.updated";
    /// The user has changed what only they see of a conversation.
    SettingsUpdated(SettingsUpdated) = "settings.updated";
    /// Somebody, perhaps this user, has another name or picture.
    UserUpdated(UserUpdated) = "user.updated";
    /// The list of the users that the user has blocked has changed.
    BlocksUpdated(BlockList) = "blocks.updated";
}

/// Content of `conversation.updated` (PROTOCOL.md §6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConversationUpdated {
    /// The conversation that changed.
    pub conversation_id: ConversationId,
    /// All that can be changed of it, as it is now.
    #[serde(flatten)]
    pub profile: ConversationProfile,
}

/// Content of `conversation.removed` (PROTOCOL.md §6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConversationRemoved {
    /// The conversation that is gone.
    pub conversation_id: ConversationId,
}

/// Content of `participants.added` (PROTOCOL.md §6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ParticipantsAdded {
    /// The group that they were added to.
    pub conversation_id: ConversationId,
    /// The people who were added.
    pub participants: Lenient<Participant>,
}

/// Content of `participant.removed` (PROTOCOL.md §6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ParticipantRemoved {
    /// The conversation that they were removed from.
    pub conversation_id: ConversationId,
    /// The participant who was removed.
    pub user_id: UserId,
}

/// Content of `participant.updated` (PROTOCOL.md §6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ParticipantUpdated {
    /// The group in which the role changed.
    pub conversation_id: ConversationId,
    /// The participant whose role changed.
    pub user_id: UserId,
    /// What they may do from now on.
    pub role: Role,
}

/// Content of `receipt.updated` (PROTOCOL.md §6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReceiptUpdated {
    /// The conversation of the pointers.
    pub conversation_id: ConversationId,
    /// The participant whose pointers moved.
    pub user_id: UserId,
    /// Where the pointer stands now.
    pub delivered_to: Position,
    /// Where the pointer stands now.
    pub read_to: Position,
    /// In the log of the user whose pointers they are: what is unread after `readTo`.
    #[serde(flatten)]
    pub unread: Option<Unread>,
}

/// What a user has not read in a conversation (PROTOCOL.md §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Unread {
    /// How many messages of others lie after `readTo`; notices do not count.
    pub unread_count: u64,
    /// How many of those mention the user.
    #[serde(default)]
    pub unread_mentions: u64,
}

/// Content of `user.updated` (PROTOCOL.md §6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UserUpdated {
    /// The user whose profile changed.
    pub user_id: UserId,
    /// The name to show.
    pub name: String,
    /// Where their picture is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
}

/// Content of `settings.updated` (PROTOCOL.md §6.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SettingsUpdated {
    /// The conversation of the settings.
    pub conversation_id: ConversationId,
    /// All of them, as they are now.
    pub settings: Settings,
}

impl Event {
    /// An event with this meaning.
    #[must_use]
    pub fn new(seq: Seq, at: Timestamp, data: &EventData) -> Self {
        Self {
            seq,
            at,
            kind: data.kind().to_owned(),
            data: data.to_value(),
        }
    }

    /// Reads what the event means.
    pub fn read(&self) -> Result<EventData, Unreadable> {
        if self.kind == UNREADABLE {
            let event = Self::deserialize(&self.data).map_err(|e| Unreadable::malformed(&e))?;
            return EventData::read(&event.kind, &event.data);
        }
        EventData::read(&self.kind, &self.data)
    }

    /// Adds what is unread now, for the log of the user who has hidden a message (PROTOCOL.md §4.3).
    #[must_use]
    pub fn with_unread(mut self, unread: Unread) -> Self {
        self.data["unreadCount"] = unread.unread_count.into();
        self.data["unreadMentions"] = unread.unread_mentions.into();
        self
    }

    /// What is unread now, if the event says so.
    #[must_use]
    pub fn unread(&self) -> Option<Unread> {
        Unread::deserialize(&self.data).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Unread, Unreadable};
    use crate::{Seq, Timestamp};
    use serde::Deserialize as _;
    use serde_json::json;

    #[test]
    fn what_is_malformed_is_described_without_its_content() {
        let text = json!("a \"secret\" text");
        let Err(error) = u64::deserialize(&text) else {
            panic!("a text is no number");
        };
        assert_eq!(
            Unreadable::malformed(&error).to_string(),
            "malformed: invalid type: string …, expected u64"
        );
    }

    #[test]
    fn an_event_may_say_what_is_unread_now() {
        let event = Event {
            seq: Seq(1),
            at: Timestamp(1),
            kind: "message.updated".to_owned(),
            data: json!({"hidden": true}),
        };
        assert_eq!(event.unread(), None);
        let unread = Unread {
            unread_count: 2,
            unread_mentions: 1,
        };
        let event = event.with_unread(unread);
        assert_eq!(
            event.data,
            json!({"hidden": true, "unreadCount": 2, "unreadMentions": 1})
        );
        assert_eq!(event.unread(), Some(unread));
    }
}

//! The methods of operations: one row for each (PROTOCOL.md §5). The row says what the operation is about, which
//! capability it needs (PROTOCOL.md §10.2), and by which requests it can be asked for over REST (PROTOCOL.md §7.9); everything that follows from that is made here.
//!
//! What a method needs stands in `params.rs`. Nobody else lists the methods.

use serde::Deserialize;
use serde_json::Value;

use crate::params::{
    ConversationCreate, ConversationLeave, ConversationUpdate, MessageDelete, MessageEdit,
    MessageHide, MessagePin, MessageSend, ParticipantAdd, ParticipantRemove, ParticipantUpdate,
    ReactionAdd, ReactionRemove, ReceiptUpdate, SettingsUpdate,
};
use crate::{Capability, ConversationId, OperationKey, Unreadable};

/// What a method needs beyond what every backend does, by its name (PROTOCOL.md §10.2); nothing where there is no such
/// method.
#[must_use]
pub fn capability_of_method(name: &str) -> Option<Capability> {
    Method::capability_of(name)
}

/// A request that means one operation (PROTOCOL.md §7.9).
#[derive(Debug, Clone, Copy)]
pub struct WriteRequest {
    /// The verb, in upper case.
    pub verb: &'static str,
    /// The path. A part in braces is the param of that name; `messageId` stands for the message and its
    /// conversation.
    pub path: &'static str,
    /// The name of the method.
    pub operation: &'static str,
    /// What is needed for the method.
    pub capability: Option<Capability>,
    /// What it does, in one sentence.
    pub summary: &'static str,
    /// The shape of the params.
    #[cfg(feature = "schema")]
    pub params: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

/// The conversation of the params of a method that is about one.
macro_rules! conversation_of {
    (nothing $params:ident) => {{
        let _ = $params;
        None
    }};
    ($about:ident $params:ident) => {
        Some(&mut $params.conversation_id)
    };
}

/// The message of the params of a method that is about one.
macro_rules! message_of {
    (message $params:ident) => {
        Some($params.message_key)
    };
    ($about:ident $params:ident) => {{
        let _ = $params;
        None
    }};
}

/// What a method needs beyond what every backend does.
macro_rules! capability {
    (nothing) => {
        None
    };
    ($needs:ident) => {
        Some(Capability::$needs)
    };
}

macro_rules! methods {
    ($(#[doc = $doc:literal] $name:ident = $text:literal, about: $about:ident,
       needs: $needs:ident, rest: [$($verb:ident $path:literal),*];)*) => {
        /// The methods of this version.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Method {
            $(#[doc = $doc] $name($name),)*
        }

        impl Method {
            /// The name of every method, as it travels.
            pub const NAMES: &'static [&'static str] = &[$($text,)*];

            /// The requests that mean an operation (PROTOCOL.md §7.9).
            pub const REQUESTS: &'static [WriteRequest] = &[$($(WriteRequest {
                verb: stringify!($verb),
                path: $path,
                operation: $text,
                capability: capability!($needs),
                summary: $doc.trim_ascii_start(),
                #[cfg(feature = "schema")]
                params: <$name as schemars::JsonSchema>::json_schema,
            },)*)*];

            /// The name of the method as it travels.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => $text,)*
                }
            }

            /// What the method of this name needs; nothing where there is no such method.
            fn capability_of(name: &str) -> Option<Capability> {
                match name {
                    $($text => capability!($needs),)*
                    _ => None,
                }
            }

            /// What a backend without which does not know the method at all (`method.unknown`, PROTOCOL.md §10.2).
            #[must_use]
            pub fn capability(&self) -> Option<Capability> {
                Self::capability_of(self.name())
            }

            /// The conversation that the operation is about; a creation has none yet.
            pub fn conversation_id_mut(&mut self) -> Option<&mut ConversationId> {
                match self {
                    $(Self::$name(params) => conversation_of!($about params),)*
                }
            }

            /// The message that the operation changes, if it changes one.
            #[must_use]
            pub fn message_key(&self) -> Option<OperationKey> {
                match self {
                    $(Self::$name(params) => message_of!($about params),)*
                }
            }

            pub(crate) fn params(&self) -> Value {
                let params = match self {
                    $(Self::$name(params) => serde_json::to_value(params),)*
                };
                // Structs of strings and integers always have a JSON form.
                params.unwrap_or_default()
            }

            pub(crate) fn read(name: &str, params: &Value) -> Result<Self, Unreadable> {
                match name {
                    $($text => $name::deserialize(params).map(Self::$name),)*
                    other => return Err(Unreadable::Unknown(other.to_owned())),
                }
                .map_err(|error| Unreadable::malformed(&error))
            }
        }
    };
}

methods! {
    /// Sends a message.
    MessageSend = "message.send", about: conversation, needs: nothing,
        rest: [POST "/v1/conversations/{conversationId}/messages", POST "/v1/users/{toUserId}/messages"];
    /// Changes what an own message says.
    MessageEdit = "message.edit", about: message, needs: Editing,
        rest: [PATCH "/v1/messages/{messageId}"];
    /// Deletes a message for everyone.
    MessageDelete = "message.delete", about: message, needs: Editing,
        rest: [DELETE "/v1/messages/{messageId}"];
    /// Deletes a message for the user alone.
    MessageHide = "message.hide", about: message, needs: Editing,
        rest: [POST "/v1/messages/{messageId}/hide"];
    /// Pins a message for everyone, or unpins it.
    MessagePin = "message.pin", about: message, needs: Pins,
        rest: [PUT "/v1/messages/{messageId}/pin"];
    /// Adds a reaction of the user.
    ReactionAdd = "reaction.add", about: message, needs: Reactions,
        rest: [PUT "/v1/messages/{messageId}/reactions/{emoji}"];
    /// Removes a reaction of the user.
    ReactionRemove = "reaction.remove", about: message, needs: Reactions,
        rest: [DELETE "/v1/messages/{messageId}/reactions/{emoji}"];
    /// Says how far the user got and read the messages.
    ReceiptUpdate = "receipt.update", about: conversation, needs: nothing,
        rest: [POST "/v1/conversations/{conversationId}/receipts"];
    /// Creates a conversation.
    ConversationCreate = "conversation.create", about: nothing, needs: nothing,
        rest: [POST "/v1/conversations"];
    /// Changes what everyone sees of a conversation.
    ConversationUpdate = "conversation.update", about: conversation, needs: Administration,
        rest: [PATCH "/v1/conversations/{conversationId}"];
    /// The user leaves a conversation.
    ConversationLeave = "conversation.leave", about: conversation, needs: nothing,
        rest: [POST "/v1/conversations/{conversationId}/leave"];
    /// Adds participants.
    ParticipantAdd = "participant.add", about: conversation, needs: Administration,
        rest: [POST "/v1/conversations/{conversationId}/participants"];
    /// Removes a participant.
    ParticipantRemove = "participant.remove", about: conversation, needs: Administration,
        rest: [DELETE "/v1/conversations/{conversationId}/participants/{userId}"];
    /// Gives a participant another role.
    ParticipantUpdate = "participant.update", about: conversation, needs: Administration,
        rest: [PATCH "/v1/conversations/{conversationId}/participants/{userId}"];
    /// Changes what only the user sees of a conversation.
    SettingsUpdate = "settings.update", about: conversation, needs: Settings,
        rest: [PATCH "/v1/conversations/{conversationId}/settings"];
}

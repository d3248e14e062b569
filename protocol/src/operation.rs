//! Operations: the only way in which a client changes anything (PROTOCOL.md §5).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Conversation, ConversationId, ConversationKind, Message, OperationKey, Position, Problem,
    SubmitId, Timestamp, Unreadable, UserId,
};

/// One change that a client asks for, with the key that makes asking twice harmless.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// Made on the device; the same for every try.
    pub operation_key: OperationKey,
    /// What to do, such as `message.send`.
    pub method: String,
    /// What it needs; its shape depends on the method.
    #[serde(default)]
    pub params: Value,
}

/// The methods of this version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// `message.send`
    MessageSend(MessageSend),
    /// `receipt.update`
    ReceiptUpdate(ReceiptUpdate),
    /// `conversation.create`
    ConversationCreate(ConversationCreate),
}

/// Params of `message.send` (PROTOCOL.md §5.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageSend {
    /// Where to.
    pub conversation_id: ConversationId,
    /// What it says: not empty, at most `limits.textBytes`.
    pub text: String,
}

/// Params of `receipt.update` (PROTOCOL.md §5.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptUpdate {
    /// Where.
    pub conversation_id: ConversationId,
    /// Every message up to here has reached this device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_to: Option<Position>,
    /// The user has read every message up to here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_to: Option<Position>,
}

/// Params of `conversation.create` (PROTOCOL.md §5.6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConversationCreate {
    /// Direct or group.
    pub kind: ConversationKind,
    /// The title of a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Everyone else who takes part.
    pub participant_ids: Vec<UserId>,
}

impl Method {
    /// The name of the method as it travels.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::MessageSend(_) => "message.send",
            Self::ReceiptUpdate(_) => "receipt.update",
            Self::ConversationCreate(_) => "conversation.create",
        }
    }

    fn params(&self) -> Value {
        let params = match self {
            Self::MessageSend(params) => serde_json::to_value(params),
            Self::ReceiptUpdate(params) => serde_json::to_value(params),
            Self::ConversationCreate(params) => serde_json::to_value(params),
        };
        // Structs of strings and integers always have a JSON form.
        params.unwrap_or_default()
    }
}

impl Operation {
    /// An operation with this meaning.
    #[must_use]
    pub fn new(operation_key: OperationKey, method: &Method) -> Self {
        Self {
            operation_key,
            method: method.name().to_owned(),
            params: method.params(),
        }
    }

    /// Reads what the operation means.
    pub fn read(&self) -> Result<Method, Unreadable> {
        match self.method.as_str() {
            "message.send" => MessageSend::deserialize(&self.params).map(Method::MessageSend),
            "receipt.update" => ReceiptUpdate::deserialize(&self.params).map(Method::ReceiptUpdate),
            "conversation.create" => {
                ConversationCreate::deserialize(&self.params).map(Method::ConversationCreate)
            }
            other => return Err(Unreadable::Unknown(other.to_owned())),
        }
        .map_err(|error| Unreadable::malformed(&error))
    }
}

/// A list of operations, applied in order (PROTOCOL.md §5.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Submit {
    /// Comes back in the outcome; over HTTP it may be left out.
    #[serde(default)]
    pub submit_id: SubmitId,
    /// What to do, in this order.
    pub operations: Vec<Operation>,
}

/// What became of one operation (PROTOCOL.md §5.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Which operation.
    pub operation_key: OperationKey,
    /// What became of it.
    #[serde(flatten)]
    pub status: OutcomeStatus,
}

/// The three ways in which an operation ends a submit (PROTOCOL.md §5.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "status")]
pub enum OutcomeStatus {
    /// It is done, now or by an earlier submit of the same key.
    #[serde(rename_all = "camelCase")]
    Applied {
        /// When the server applied it, the first time.
        applied_at: Timestamp,
        /// The message that `message.send` made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Message>,
        /// The conversation that `conversation.create` made or found.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        conversation: Option<Conversation>,
    },
    /// It was refused and changed nothing.
    Failed {
        /// Why.
        problem: Problem,
    },
    /// It was not tried, because an earlier operation of its conversation failed.
    Skipped,
}

//! Operations: the only way in which a client changes anything (PROTOCOL.md §5).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Conversation, Message, Method, OperationKey, Problem, Seq, SubmitId, SubmitOrder, Timestamp,
    Unreadable,
};

/// One change that a client asks for, with the key that makes asking twice harmless.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
        Method::read(&self.method, &self.params)
    }
}

/// A list of operations, applied in order (PROTOCOL.md §5.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Submit {
    /// Comes back in the outcome; over HTTP it may be left out.
    #[serde(default, deserialize_with = "crate::lenient::null_is_default")]
    pub submit_id: SubmitId,
    /// Its place among the submits of the session; a server applies nothing of one that comes after a later one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<SubmitOrder>,
    /// What to do, in this order.
    pub operations: Vec<Operation>,
}

/// What became of one operation (PROTOCOL.md §5.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The key of the operation that this is the outcome of.
    pub operation_key: OperationKey,
    /// What became of it.
    #[serde(flatten)]
    pub status: OutcomeStatus,
}

/// The three ways in which an operation ends a submit (PROTOCOL.md §5.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", tag = "status")]
pub enum OutcomeStatus {
    /// It is done, now or by an earlier submit of the same key.
    #[serde(rename_all = "camelCase")]
    Applied {
        /// When the server applied it, the first time.
        applied_at: Timestamp,
        /// The newest event of the user's log then: who has followed it up to here has seen what
        /// the operation changed.
        #[serde(default)]
        seq: Seq,
        /// The message that `message.send` made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Box<Message>>,
        /// The conversation that `conversation.create` made or found.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        conversation: Option<Box<Conversation>>,
    },
    /// It was refused and changed nothing.
    Failed {
        /// What the server says is wrong.
        problem: Problem,
    },
    /// It was not tried, because an earlier operation of its conversation failed.
    Skipped,
}

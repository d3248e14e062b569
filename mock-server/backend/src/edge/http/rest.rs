//! REST for everyone else: each write is turned into the operation that it means (PROTOCOL.md §7.9), so
//! that there is one set of rules, one answer to repetitions and one order of events.

use fulmar_protocol::{Operation, OperationKey, OutcomeStatus, UserId};
use serde_json::{Map, Value};

use super::body::{nothing, read_body, text};
use super::exchange::ParsedRequest;
use super::url::message_id;
use crate::error::{Error, Result};
use crate::operations::apply_all;
use crate::rooms::Rooms;
use crate::tx::Tx;

/// What a request means: a method, what it is about, and what it changes.
struct Write {
    method: &'static str,
    /// Goes into the params, beside what the body says.
    about: Vec<(&'static str, Value)>,
    /// The message that it is about, by its id.
    message: Option<String>,
}

impl Write {
    fn new(method: &'static str) -> Self {
        Self {
            method,
            about: Vec::new(),
            message: None,
        }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.about.push((name, value.into()));
        self
    }

    fn in_conversation(method: &'static str, id: &str) -> Self {
        Self::new(method).with("conversationId", id)
    }

    fn to_message(method: &'static str, id: &str) -> Self {
        Self {
            message: Some(id.to_owned()),
            ..Self::new(method)
        }
    }
}

/// The operation that a request means; `None` when it is no write.
fn meaning(method: &str, path: &[&str]) -> Option<Write> {
    let there = Write::in_conversation;
    let it = Write::to_message;
    Some(match (method, path) {
        ("POST", ["conversations"]) => Write::new("conversation.create"),
        ("PATCH", ["conversations", id]) => there("conversation.update", id),
        ("POST", ["conversations", id, "leave"]) => there("conversation.leave", id),
        ("POST", ["conversations", id, "messages"]) => there("message.send", id),
        ("POST", ["users", id, "messages"]) => Write::new("message.send").with("toUserId", id),
        ("POST", ["conversations", id, "receipts"]) => there("receipt.update", id),
        ("PATCH", ["conversations", id, "settings"]) => there("settings.update", id),
        ("POST", ["conversations", id, "participants"]) => there("participant.add", id),
        ("PATCH", ["conversations", id, "participants", user]) => {
            there("participant.update", id).with("userId", user)
        }
        ("DELETE", ["conversations", id, "participants", user]) => {
            there("participant.remove", id).with("userId", user)
        }
        ("PATCH", ["messages", id]) => it("message.edit", id),
        ("DELETE", ["messages", id]) => it("message.delete", id),
        ("POST", ["messages", id, "hide"]) => it("message.hide", id),
        ("PUT", ["messages", id, "reactions", emoji]) => {
            it("reaction.add", id).with("emoji", emoji)
        }
        ("DELETE", ["messages", id, "reactions", emoji]) => {
            it("reaction.remove", id).with("emoji", emoji)
        }
        _ => return None,
    })
}

/// Carries out a write; `None` when the request is none.
pub(super) fn write(
    rooms: &Rooms,
    tx: &mut Tx<'_>,
    parsed: &ParsedRequest<'_>,
    user: &UserId,
) -> Result<Option<String>> {
    let Some(write) = meaning(parsed.method, parsed.path) else {
        return Ok(None);
    };
    let mut params: Map<String, Value> = match parsed.body {
        [] => Map::new(),
        body => read_body(body)?,
    };
    let operation_key = key_of(tx, params.remove("operationKey"))?;
    if let Some(id) = &write.message {
        let message = rooms.messages.find(tx, user, &message_id(id)?)?;
        let conversation = message.conversation_id.as_str();
        params.insert("conversationId".to_owned(), conversation.into());
        let key = message.operation_key.to_string();
        params.insert("messageKey".to_owned(), key.into());
    }
    for (name, value) in write.about {
        params.insert(name.to_owned(), value);
    }
    let operation = Operation {
        operation_key,
        method: write.method.to_owned(),
        params: Value::Object(params),
    };
    let outcome = apply_all(rooms, tx, user, &[operation])?.pop();
    let no_outcome = || Error::Internal("an operation without an outcome".to_owned());
    match outcome.ok_or_else(no_outcome)?.status {
        OutcomeStatus::Applied {
            message: Some(message),
            ..
        } => text(&message).map(Some),
        OutcomeStatus::Applied {
            conversation: Some(conversation),
            ..
        } => text(&conversation).map(Some),
        OutcomeStatus::Applied { .. } => nothing().map(Some),
        OutcomeStatus::Failed { problem } => Err(Error::Refused(problem)),
        OutcomeStatus::Skipped => Err(no_outcome()),
    }
}

/// The key that the client made, or else a new one.
fn key_of(tx: &mut Tx<'_>, given: Option<Value>) -> Result<OperationKey> {
    let Some(given) = given else {
        return Ok(tx.new_operation_key());
    };
    let key = given.as_str().and_then(|text| text.parse().ok());
    key.ok_or_else(|| Error::invalid("That is no operation key"))
}

//! REST for everyone else: each write is turned into the operation that it means (PROTOCOL.md §7.9), so
//! that there is one set of rules, one answer to repetitions and one order of events.

use fulmar_protocol::{Code, MessageId, Operation, OperationKey, OutcomeStatus, UserId};
use serde_json::{Map, Value, json};

use super::http::{HttpRequest, json as answer, read_body};
use crate::{Error, Result, Scope};

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

impl Scope<'_, '_> {
    /// Carries out a write, if the request is one.
    pub(super) fn write_over_rest(
        &mut self,
        request: &HttpRequest<'_>,
        path: &[&str],
        user: &UserId,
    ) -> Result<Option<String>> {
        let Some(write) = meaning(request.method, path) else {
            return Ok(None);
        };
        let mut params: Map<String, Value> = match request.body {
            [] => Map::new(),
            body => read_body(body)?,
        };
        let key = self.key_of(params.remove("operationKey"))?;
        if let Some(id) = &write.message {
            let (conversation, message) = self.place_of_message(user, id)?;
            params.insert("conversationId".to_owned(), conversation);
            params.insert("messageKey".to_owned(), message);
        }
        for (name, value) in write.about {
            params.insert(name.to_owned(), value);
        }
        let operation = Operation {
            operation_key: key,
            method: write.method.to_owned(),
            params: Value::Object(params),
        };
        let outcome = self.apply_all(user, &[operation])?.pop();
        match outcome.map(|outcome| outcome.status) {
            Some(OutcomeStatus::Applied {
                message: Some(message),
                ..
            }) => answer(&message).map(Some),
            Some(OutcomeStatus::Applied {
                conversation: Some(conversation),
                ..
            }) => answer(&conversation).map(Some),
            Some(OutcomeStatus::Applied { .. }) => answer(&json!({})).map(Some),
            Some(OutcomeStatus::Failed { problem }) => Err(Error::Refused(problem)),
            Some(OutcomeStatus::Skipped) | None => Err(Error::Internal(
                "an operation without an outcome".to_owned(),
            )),
        }
    }

    /// The key that the client made, or else a new one.
    fn key_of(&mut self, given: Option<Value>) -> Result<OperationKey> {
        let Some(given) = given else {
            return Ok(self.tx.new_operation_key());
        };
        let key = given.as_str().and_then(|text| text.parse().ok());
        key.ok_or_else(|| Error::refused(Code::ParamsInvalid, "That is no operation key"))
    }

    /// Where a message is, and its key, for those who may read it.
    fn place_of_message(&self, user: &UserId, id: &str) -> Result<(Value, Value)> {
        let message = self.message_by_id(user, &message_id(id)?)?;
        Ok((
            message.conversation_id.as_str().into(),
            message.operation_key.to_string().into(),
        ))
    }
}

pub(super) fn message_id(text: &str) -> Result<MessageId> {
    MessageId::new(text).map_err(|_| no_such_message())
}

fn no_such_message() -> Error {
    Error::refused(Code::MessageNotFound, "There is no such message")
}

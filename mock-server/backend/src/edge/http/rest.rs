//! REST for everyone else: each write is turned into the operation that it means (PROTOCOL.md §7.9), so
//! that there is one set of rules, one answer to repetitions and one order of events.

use fulmar_protocol::{Method, Operation, OperationKey, OutcomeStatus, UserId, WriteRequest};
use serde_json::{Map, Value};

use super::body::{nothing, read_body, text};
use super::exchange::ParsedRequest;
use super::url::message_id;
use crate::defects::{Defect, active, key_unless};
use crate::error::{Error, Result};
use crate::operations::apply_all;
use crate::rooms::Rooms;
use crate::tx::Tx;

/// What a request means: a method, and what its path says of the params.
struct Write {
    method: &'static str,
    about: Vec<(&'static str, String)>,
    /// The message that it is about, by its id.
    message: Option<String>,
}

/// The operation that a request means; `None` when it is no write.
fn meaning(verb: &str, path: &[&str]) -> Option<Write> {
    Method::REQUESTS
        .iter()
        .filter(|request| request.verb == verb)
        .find_map(|request| Write::read(request, path))
}

impl Write {
    /// Reads what the parts in braces stand for; `None` when it is another path.
    fn read(request: &'static WriteRequest, path: &[&str]) -> Option<Self> {
        let pattern: Vec<&'static str> = request.path.strip_prefix("/v1/")?.split('/').collect();
        if pattern.len() != path.len() {
            return None;
        }
        let mut write = Self {
            method: request.operation,
            about: Vec::new(),
            message: None,
        };
        for (part, value) in pattern.into_iter().zip(path) {
            let name = part
                .strip_prefix('{')
                .and_then(|part| part.strip_suffix('}'));
            match name {
                Some("messageId") => write.message = Some((*value).to_owned()),
                Some(name) => write.about.push((name, (*value).to_owned())),
                None if part == *value => {}
                None => return None,
            }
        }
        Some(write)
    }
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
        if active(Defect::BodyCounts) && params.contains_key(name) {
            continue;
        }
        params.insert(name.to_owned(), value.into());
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
    // A null is an absent field (PROTOCOL.md §2.3).
    let given = given.filter(|given| !given.is_null() && !active(Defect::RestForgetsKeys));
    let Some(given) = given else {
        return Ok(tx.new_operation_key());
    };
    let key = given.as_str().and_then(|text| text.parse().ok());
    let key = key.map(|key| key_unless(key, Defect::KeysOfRest));
    key.ok_or_else(|| Error::invalid("That is no operation key"))
}

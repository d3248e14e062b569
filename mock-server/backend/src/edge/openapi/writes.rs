//! The part of the OpenAPI document that is about writes, made from the table of methods (PROTOCOL.md §7.9).

use fulmar_protocol::{Conversation, Message, OperationKey, WriteRequest};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::request::{Body, described, names_in, needs_token};

pub(super) fn operation(request: &WriteRequest, generator: &mut SchemaGenerator) -> Value {
    let summary = format!("{} (§7.9)", request.summary.trim_end_matches('.'));
    let answer = match request.operation {
        "message.send" => generator.subschema_for::<Message>(),
        "conversation.create" => generator.subschema_for::<Conversation>(),
        _ => json_schema!({"type": "object"}),
    };
    let body = body(request, generator);
    let mut operation = described((request.verb, request.path), &summary, Some(body), answer);
    needs_token(&mut operation);
    operation
}

/// The params of the operation without what the path says, and with a key that may be given. A body may be left out
/// when nothing in it is required.
fn body(request: &WriteRequest, generator: &mut SchemaGenerator) -> Body {
    let mut schema = (request.params)(generator);
    // A path that names a message or a person says also where it is.
    let said: Vec<&str> = names_in(request.path)
        .chain(["conversationId", "messageKey"])
        .collect();
    let mut required = false;
    if let Some(object) = schema.as_object_mut() {
        if let Some(Value::Object(properties)) = object.get_mut("properties") {
            properties.retain(|name, _| !said.contains(&name.as_str()));
            let key: Schema = generator.subschema_for::<OperationKey>();
            properties.insert("operationKey".to_owned(), key.into());
        }
        if let Some(Value::Array(names)) = object.get_mut("required") {
            names.retain(|name| !said.iter().any(|there| name == there));
            required = !names.is_empty();
        }
    }
    Body { schema, required }
}

//! What the OpenAPI document says of one request, whatever it is about.

use schemars::Schema;
use serde_json::{Value, json};

/// The body of a request.
pub(super) struct Body {
    pub(super) schema: Schema,
    pub(super) required: bool,
}

/// What is said of every request; the parts in braces of its path are parameters.
pub(super) fn described(
    (method, path): (&str, &str),
    summary: &str,
    body: Option<Body>,
    answer: Schema,
) -> Value {
    let parameters: Vec<Value> = names_in(path)
        .map(|name| {
            json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})
        })
        .collect();
    let mut operation = json!({
        "operationId": format!("{method} {path}"),
        "summary": summary,
        "parameters": parameters,
        "responses": {
            "200": {
                "description": "It went well.",
                "content": {"application/json": {"schema": answer}},
            },
            "4XX": {"$ref": "#/components/responses/problem"},
        },
    });
    if let Some(Body { schema, required }) = body {
        operation["requestBody"] = json!({
            "required": required,
            "content": {"application/json": {"schema": schema}},
        });
    }
    operation
}

/// The names in braces of a path.
pub(super) fn names_in(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| {
        part.strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'))
    })
}

pub(super) fn needs_token(operation: &mut Value) {
    operation["security"] = json!([{"bearer": []}, {"query": []}]);
}

//! The part of the OpenAPI document that is about files: bodies of bytes, and answers in headers.

use fulmar_protocol::TUS_VERSION;
use serde_json::{Map, Value, json};

/// The paths below `/v1/files` (PROTOCOL.md §7.10).
pub(super) fn paths() -> Map<String, Value> {
    let tus = json!({
        "name": "Tus-Resumable", "in": "header", "required": true,
        "schema": {"type": "string", "const": TUS_VERSION},
    });
    let file =
        json!({"name": "fileId", "in": "path", "required": true, "schema": {"type": "string"}});
    let number = json!({"type": "integer", "minimum": 0, "maximum": (1_u64 << 53) - 1});
    let header = |name: &str, schema: &Value, required: bool| json!({"name": name, "in": "header", "required": required, "schema": schema});
    let told = |schema: &Value| json!({"schema": schema});
    let text = json!({"type": "string"});
    let offset = json!({"Upload-Offset": told(&number), "Tus-Resumable": told(&text)});
    let bytes =
        json!({"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}});
    let files = json!({
        "options": operation(("OPTIONS", "/v1/files"), "What of tus is spoken (§7.10)", &json!([]), &json!({
            "204": {"description": "It is in the headers.", "headers": {
                "Tus-Version": told(&text), "Tus-Extension": told(&text), "Tus-Max-Size": told(&number),
            }},
        }), Needs::Nothing),
        "post": operation(("POST", "/v1/files"), "Begins an upload (§7.10)", &json!([
            tus, header("Upload-Length", &number, true),
            header("Upload-Metadata", &json!({"type": "string", "examples": ["sha256 OWY4NmQwODE="]}), false),
        ]), &json!({
            "201": {"description": "It has begun.", "headers": {
                "Location": told(&text), "Upload-Offset": told(&number), "Upload-Expires": told(&text),
            }},
        }), Needs::Token),
    });
    let mut continued = operation(
        ("PATCH", "/v1/files/{fileId}"),
        "Continues an upload (§7.10)",
        &json!([file, tus, header("Upload-Offset", &number, true),]),
        &json!({"204": {"description": "The bytes are there.", "headers": offset}}),
        Needs::Token,
    );
    continued["requestBody"] = json!({
        "required": true,
        "content": {"application/offset+octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    });
    let one = json!({
        "head": operation(("HEAD", "/v1/files/{fileId}"), "How far an upload has come (§7.10)", &json!([file, tus]), &json!({
            "200": {"description": "It is in the headers.", "headers": {
                "Upload-Offset": told(&number), "Upload-Length": told(&number),
            }},
        }), Needs::Token),
        "patch": continued,
        "delete": operation(("DELETE", "/v1/files/{fileId}"), "Gives an upload up (§7.10)", &json!([file, tus]), &json!({
            "204": {"description": "It is gone."},
        }), Needs::Token),
        "get": operation(("GET", "/v1/files/{fileId}"), "A file, or a part of it (§7.10)", &json!([
            file, header("Range", &json!({"type": "string", "examples": ["bytes=0-1023"]}), false),
        ]), &json!({
            "200": {"description": "All of it.", "content": bytes},
            "206": {"description": "A part of it.", "content": bytes, "headers": {"Content-Range": told(&text)}},
        }), Needs::Token),
    });
    Map::from_iter([
        ("/v1/files".to_owned(), files),
        ("/v1/files/{fileId}".to_owned(), one),
    ])
}

#[derive(PartialEq, Eq)]
enum Needs {
    Token,
    Nothing,
}

fn operation(
    (method, path): (&str, &str),
    summary: &str,
    parameters: &Value,
    answers: &Value,
    needs: Needs,
) -> Value {
    let mut responses = answers.clone();
    responses["4XX"] = json!({"$ref": "#/components/responses/problem"});
    let mut operation = json!({
        "operationId": format!("{method} {path}"), "summary": summary, "parameters": parameters, "responses": responses,
    });
    if needs == Needs::Token {
        operation["security"] = json!([{"bearer": []}, {"query": []}]);
    }
    operation
}

//! What the oracle asks the server, over its public API. It looks behind no answer.

use fulmar_backend::{Backend, HttpRequest};
use fulmar_protocol::{Attachment, Timestamp};
use serde::de::DeserializeOwned;

use crate::files::hash;

/// Every user who sees a message can fetch its files, whole and unchanged.
pub(crate) fn judge_file(
    backend: &mut Backend,
    now: Timestamp,
    token: &str,
    attachment: &Attachment,
) -> Result<(), String> {
    let path = format!("/v1/files/{}", attachment.file_id);
    let request = HttpRequest {
        method: "GET",
        path: &path,
        bearer: Some(token),
        ..HttpRequest::default()
    };
    let (response, _) = backend.http(&request, now);
    let whole = response.status == 200 && hash(&response.body) == attachment.sha256;
    match whole && response.body.len() as u64 == attachment.size {
        true => Ok(()),
        false => Err(format!(
            "{path} is not the file that was sent: {response:?}"
        )),
    }
}

/// An answer of the server's public API.
pub(crate) fn ask<T: DeserializeOwned>(
    backend: &mut Backend,
    now: Timestamp,
    method: &str,
    path: &str,
    query: &str,
    bearer: Option<&str>,
    body: &serde_json::Value,
) -> Result<T, String> {
    let body = match body {
        serde_json::Value::Null => Vec::new(),
        body => body.to_string().into_bytes(),
    };
    let request = HttpRequest {
        method,
        path,
        query,
        bearer,
        body: &body,
        ..HttpRequest::default()
    };
    let (response, _) = backend.http(&request, now);
    serde_json::from_slice(&response.body).map_err(|error| format!("{path}: {error}"))
}

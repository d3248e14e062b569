//! Bodies: JSON that was sent, and JSON that goes out.

use fulmar_protocol::text::is_too_deep;
use fulmar_protocol::{Code, Problem, Submit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_json::{Value, json};

use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::shape::has_list_for_object;

pub(super) fn text(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(value)?)
}

/// `{}`
pub(super) fn nothing() -> Result<String> {
    text(&json!({}))
}

/// What is no JSON object cannot be read; a field that is missing, or is not what it should be, is a value that the
/// rules forbid.
pub(super) fn read_body<T: DeserializeOwned + Serialize>(body: &[u8]) -> Result<T> {
    check_depth(body)?;
    let sent = read_json(body)?;
    let no_value = if sent.is_object() {
        Code::ParamsInvalid
    } else {
        unreadable()
    };
    read(body, &sent, &no_value)
}

/// Operations without a method or a key make the whole submit unreadable (PROTOCOL.md §5.2).
pub(super) fn read_submit(body: &[u8]) -> Result<Submit> {
    check_depth(body)?;
    read(body, &read_json(body)?, &unreadable())
}

/// All of it, also what stands in fields that nobody knows: other readers would lose what it is in.
fn read_json(body: &[u8]) -> Result<Value> {
    serde_json::from_slice(body).map_err(|error| refused(unreadable(), &error))
}

/// What is nested deeper would be lost by readers of frames that it is in (PROTOCOL.md §2.1).
fn check_depth(body: &[u8]) -> Result<()> {
    if is_too_deep(body) {
        return Err(Error::refused(unreadable(), "The body is nested too deep"));
    }
    Ok(())
}

/// `no_value` is said of JSON that is not what it should be.
fn read<T: DeserializeOwned + Serialize>(body: &[u8], sent: &Value, no_value: &Code) -> Result<T> {
    let read: T = serde_json::from_slice(body).map_err(|error| {
        let code = match error.classify() {
            Category::Data => no_value.clone(),
            Category::Syntax | Category::Eof | Category::Io => unreadable(),
        };
        refused(code, &error)
    })?;
    if has_list_for_object(sent, &read)? {
        let title = "There is a list where an object is meant";
        return Err(Error::refused(no_value.clone(), title));
    }
    Ok(read)
}

fn refused(code: Code, error: &serde_json::Error) -> Error {
    Error::Refused(
        Problem::new(code, "The body cannot be read").with_detail(format!(
            "{:?} error at line {} column {}",
            error.classify(),
            error.line(),
            error.column()
        )),
    )
}

fn unreadable() -> Code {
    if active(Defect::NonsenseIsInvalid) {
        Code::ParamsInvalid
    } else {
        Code::RequestMalformed
    }
}

pub(super) fn unknown_route() -> Error {
    Error::refused(Code::RouteUnknown, "There is no such route")
}

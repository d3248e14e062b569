//! Bodies: JSON that was sent, and JSON that goes out.

use fulmar_protocol::text::is_too_deep;
use fulmar_protocol::{Code, Problem, Submit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_json::json;

use crate::defects::{Defect, active};
use crate::error::{Error, Result};

pub(super) fn text(value: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string(value)?)
}

/// `{}`
pub(super) fn nothing() -> Result<String> {
    text(&json!({}))
}

/// What is no JSON object cannot be read; a field that is missing, or is not what it should be, is a value that the
/// rules forbid.
pub(super) fn read_body<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    check_depth(body)?;
    read(body).map_err(|error| {
        let is_object = body.trim_ascii_start().starts_with(b"{");
        let code = match error.classify() {
            Category::Data if is_object => Code::ParamsInvalid,
            Category::Data | Category::Syntax | Category::Eof | Category::Io => unreadable(),
        };
        refused(code, &error)
    })
}

/// Operations without a method or a key make the whole submit unreadable (PROTOCOL.md §5.2).
pub(super) fn read_submit(body: &[u8]) -> Result<Submit> {
    check_depth(body)?;
    read(body).map_err(|error| refused(unreadable(), &error))
}

/// What is nested deeper would be lost by readers of frames that it is in (PROTOCOL.md §2.1).
fn check_depth(body: &[u8]) -> Result<()> {
    if is_too_deep(body) {
        return Err(Error::refused(unreadable(), "The body is nested too deep"));
    }
    Ok(())
}

fn read<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(body)
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

//! Bodies: JSON that was sent, and JSON that goes out.

use fulmar_protocol::{Code, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;
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

pub(super) fn read_body<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| {
        Error::Refused(
            Problem::new(unreadable(), "The body cannot be read").with_detail(format!(
                "{:?} error at line {} column {}",
                error.classify(),
                error.line(),
                error.column()
            )),
        )
    })
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

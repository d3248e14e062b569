//! The codes of PROTOCOL.md §8.1, and the status of each.

use serde_json::Value;

use crate::wire::{WireError, wire};

const STATUSES: [(&str, u16); 27] = [
    ("request.malformed", 400),
    ("version.unsupported", 400),
    ("credentials.invalid", 401),
    ("session.revoked", 401),
    ("token.expired", 401),
    ("token.invalid", 401),
    ("conversation.forbidden", 403),
    ("conversation.notFound", 404),
    ("message.forbidden", 403),
    ("message.notFound", 404),
    ("route.unknown", 404),
    ("user.notFound", 404),
    ("file.notFound", 404),
    ("storage.full", 507),
    ("session.notFound", 404),
    ("user.exists", 409),
    ("operation.conflict", 409),
    ("submit.overtaken", 409),
    ("upload.conflict", 409),
    ("file.damaged", 422),
    ("sync.reset", 410),
    ("request.tooLarge", 413),
    ("method.unknown", 422),
    ("params.invalid", 422),
    ("rate.limited", 429),
    ("server.error", 500),
    ("server.unavailable", 503),
];
/// Another version of tus, and a part of a file beyond its end, have statuses of HTTP of their own (§7.10).
const OF_FILES: [(&str, u16); 2] = [("version.unsupported", 412), ("params.invalid", 416)];

/// Fails where a problem has a known code and another status than the table says.
pub(crate) fn check(problem: &Value) -> Result<(), WireError> {
    let (Some(code), Some(status)) = (problem["code"].as_str(), problem["status"].as_u64()) else {
        return Ok(());
    };
    let is = |(known, its): &(&str, u16)| *known == code && u64::from(*its) == status;
    let known = STATUSES.iter().any(|(known, _)| *known == code);
    if known && !STATUSES.iter().chain(&OF_FILES).any(is) {
        return Err(wire(format!("{code} has another status than {status}")));
    }
    Ok(())
}

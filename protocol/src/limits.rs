//! What a backend states about itself in `ready`.

use serde::{Deserialize, Serialize};

/// Bounds that a backend enforces and a client keeps to (PROTOCOL.md §9).
///
/// A backend that leaves one out means the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Limits {
    /// The most operations in one submit.
    pub operations_per_submit: u32,
    /// The most bytes in one frame or one request body.
    pub frame_bytes: u32,
    /// The most bytes of UTF-8 in the text of one message.
    pub text_bytes: u32,
    /// The most messages in one page of history.
    pub page_size: u32,
    /// The most bytes of one file.
    pub file_bytes: u64,
    /// The most bytes of a file in one request.
    pub chunk_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            operations_per_submit: 100,
            frame_bytes: 1024 * 1024,
            text_bytes: 8 * 1024,
            page_size: 50,
            file_bytes: 256 * 1024 * 1024,
            chunk_bytes: 1024 * 1024,
        }
    }
}

//! What every way to the backend is held to.

use std::time::Duration;

/// More than this is no answer of the protocol (PROTOCOL.md §9).
pub(super) const LARGEST_ANSWER: usize = 16 * 1024 * 1024;
/// After this a connection attempt has failed; the engine's own time-outs are about answers.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

//! Which files have to stay on this device.

use std::collections::BTreeSet;

use fulmar_protocol::ContentHash;

use crate::store::{Reader, Result, uploads};

/// The files of messages that the server has not confirmed: they are nowhere else. Never touches the
/// network.
pub fn files_in_use(reader: &Reader) -> Result<BTreeSet<ContentHash>> {
    Ok(uploads::contents(reader.connection())?
        .into_iter()
        .collect())
}

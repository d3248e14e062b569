//! What the server can do, as far as it said.

use fulmar_protocol::Capability;

use crate::store::{Reader, StoreError, server};

/// Whether the server can do this, as it said when it was last connected; before it has said anything it may. Never
/// touches the network.
pub fn supports(reader: &Reader, capability: Capability) -> Result<bool, StoreError> {
    let known = server::load(reader.connection())?;
    Ok(server::may(known.capabilities.as_ref(), capability))
}

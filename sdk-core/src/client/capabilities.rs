//! What the server can do.

use fulmar_engine::CommandError;
use fulmar_engine::query::supports;
use fulmar_protocol::Capability;

use super::Client;

impl Client {
    /// Whether the server can do something beyond what every server does, as it said when it was last connected: a
    /// screen leaves out what it cannot. Before it has said anything, the answer is yes. Does not touch the network.
    /// What it cannot do fails with [`CommandError::Unsupported`]. PROTOCOL.md §10.2.
    ///
    /// # Errors
    /// [`CommandError::Store`], [`CommandError::Closed`].
    pub async fn supports(&self, capability: Capability) -> Result<bool, CommandError> {
        self.runtime()
            .query(move |reader| supports(reader, capability))
            .await
    }
}

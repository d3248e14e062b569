//! Figures about a running backend.

use serde::{Deserialize, Serialize};

use crate::store::{conversations, messages, users};
use crate::{Result, Scope};

/// Answer to `GET /stats`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Open sockets.
    pub connections: u64,
    /// Users who could sign in.
    pub users: u64,
    /// Conversations.
    pub conversations: u64,
    /// Messages in them.
    pub messages: u64,
}

impl Scope<'_, '_> {
    pub(crate) fn stats(&self, connections: usize) -> Result<Stats> {
        Ok(Stats {
            connections: connections as u64,
            users: users::count(self.tx.db())?,
            conversations: conversations::count(self.tx.db())?,
            messages: messages::count(self.tx.db())?,
        })
    }
}

//! What a backend can do beyond what every backend does (PROTOCOL.md §10.2).

use serde::{Deserialize, Serialize};

/// Something that a backend can do beyond what every backend does (PROTOCOL.md §10.2).
///
/// A name that this version does not know is kept as it is and changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Capability {
    /// Users delete their accounts.
    AccountDeletion,
    /// History is read around a place, a message or a time.
    Around,
    /// Users block each other.
    Blocks,
    /// Messages carry files.
    Files,
    /// Messages are forwarded.
    Forwarding,
    /// The requests are described as OpenAPI.
    Openapi,
    /// Messages are pinned for everyone.
    Pins,
    /// Users are told who is there.
    Presence,
    /// Devices without a connection get push notifications.
    Push,
    /// Clients without an outbox write with one request per operation.
    Rest,
    /// Messages can be searched at the server.
    Search,
    /// Messages are said in threads.
    Threads,
    /// Users are told who types.
    Typing,
    /// Users are looked up by id and by name.
    Users,
    /// What a message said before can be read.
    Versions,
    /// Any other capability.
    #[serde(untagged)]
    Other(String),
}

impl Capability {
    /// All that this version knows.
    pub const ALL: [Self; 15] = [
        Self::AccountDeletion,
        Self::Around,
        Self::Blocks,
        Self::Files,
        Self::Forwarding,
        Self::Openapi,
        Self::Pins,
        Self::Presence,
        Self::Push,
        Self::Rest,
        Self::Search,
        Self::Threads,
        Self::Typing,
        Self::Users,
        Self::Versions,
    ];

    /// How it is called in `ready`.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::AccountDeletion => "accountDeletion",
            Self::Around => "around",
            Self::Blocks => "blocks",
            Self::Files => "files",
            Self::Forwarding => "forwarding",
            Self::Openapi => "openapi",
            Self::Pins => "pins",
            Self::Presence => "presence",
            Self::Push => "push",
            Self::Rest => "rest",
            Self::Search => "search",
            Self::Threads => "threads",
            Self::Typing => "typing",
            Self::Users => "users",
            Self::Versions => "versions",
            Self::Other(name) => name,
        }
    }
}

impl std::fmt::Display for Capability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Capability;

    #[test]
    fn every_capability_travels_under_its_name() {
        for capability in Capability::ALL {
            let text = serde_json::to_string(&capability).unwrap();
            assert_eq!(text, format!("\"{capability}\""));
            let read: Capability = serde_json::from_str(&text).unwrap();
            assert_eq!(read, capability);
        }
        let unknown: Capability = serde_json::from_str("\"telepathy\"").unwrap();
        assert_eq!(unknown, Capability::Other("telepathy".to_owned()));
    }
}

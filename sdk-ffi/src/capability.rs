//! What a server can do beyond what every server does.

/// Something that a server can do beyond what every server does. PROTOCOL.md §10.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
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
}

impl From<fulmar::Capability> for Capability {
    fn from(capability: fulmar::Capability) -> Self {
        match capability {
            fulmar::Capability::AccountDeletion => Self::AccountDeletion,
            fulmar::Capability::Around => Self::Around,
            fulmar::Capability::Blocks => Self::Blocks,
            fulmar::Capability::Files => Self::Files,
            fulmar::Capability::Forwarding => Self::Forwarding,
            fulmar::Capability::Openapi => Self::Openapi,
            fulmar::Capability::Pins => Self::Pins,
            fulmar::Capability::Presence => Self::Presence,
            fulmar::Capability::Push => Self::Push,
            fulmar::Capability::Rest => Self::Rest,
            fulmar::Capability::Search => Self::Search,
            fulmar::Capability::Threads => Self::Threads,
            fulmar::Capability::Typing => Self::Typing,
            fulmar::Capability::Users => Self::Users,
            fulmar::Capability::Versions => Self::Versions,
        }
    }
}

impl From<Capability> for fulmar::Capability {
    fn from(capability: Capability) -> Self {
        match capability {
            Capability::AccountDeletion => Self::AccountDeletion,
            Capability::Around => Self::Around,
            Capability::Blocks => Self::Blocks,
            Capability::Files => Self::Files,
            Capability::Forwarding => Self::Forwarding,
            Capability::Openapi => Self::Openapi,
            Capability::Pins => Self::Pins,
            Capability::Presence => Self::Presence,
            Capability::Push => Self::Push,
            Capability::Rest => Self::Rest,
            Capability::Search => Self::Search,
            Capability::Threads => Self::Threads,
            Capability::Typing => Self::Typing,
            Capability::Users => Self::Users,
            Capability::Versions => Self::Versions,
        }
    }
}

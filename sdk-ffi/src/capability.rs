//! What a server can do beyond what every server does.

/// Something that a server can do beyond what every server does. PROTOCOL.md §10.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Capability {
    /// Users delete their accounts.
    AccountDeletion,
    /// Groups are changed: people are added, removed and promoted, title, picture, context and who may write change.
    Administration,
    /// History is read around a place, a message or a time.
    Around,
    /// Users block each other.
    Blocks,
    /// Messages are edited, deleted for everyone, and hidden.
    Editing,
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
    /// Users change their name and their picture.
    Profiles,
    /// Devices without a connection get push notifications.
    Push,
    /// Messages get reactions.
    Reactions,
    /// Clients without an outbox write with one request per operation.
    Rest,
    /// Messages can be searched at the server.
    Search,
    /// Users see their sessions, and end them.
    Sessions,
    /// Users mute, pin, archive and hide conversations, and mark them as unread.
    Settings,
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
            fulmar::Capability::Administration => Self::Administration,
            fulmar::Capability::Around => Self::Around,
            fulmar::Capability::Blocks => Self::Blocks,
            fulmar::Capability::Editing => Self::Editing,
            fulmar::Capability::Files => Self::Files,
            fulmar::Capability::Forwarding => Self::Forwarding,
            fulmar::Capability::Openapi => Self::Openapi,
            fulmar::Capability::Pins => Self::Pins,
            fulmar::Capability::Presence => Self::Presence,
            fulmar::Capability::Profiles => Self::Profiles,
            fulmar::Capability::Push => Self::Push,
            fulmar::Capability::Reactions => Self::Reactions,
            fulmar::Capability::Rest => Self::Rest,
            fulmar::Capability::Search => Self::Search,
            fulmar::Capability::Sessions => Self::Sessions,
            fulmar::Capability::Settings => Self::Settings,
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
            Capability::Administration => Self::Administration,
            Capability::Around => Self::Around,
            Capability::Blocks => Self::Blocks,
            Capability::Editing => Self::Editing,
            Capability::Files => Self::Files,
            Capability::Forwarding => Self::Forwarding,
            Capability::Openapi => Self::Openapi,
            Capability::Pins => Self::Pins,
            Capability::Presence => Self::Presence,
            Capability::Profiles => Self::Profiles,
            Capability::Push => Self::Push,
            Capability::Reactions => Self::Reactions,
            Capability::Rest => Self::Rest,
            Capability::Search => Self::Search,
            Capability::Sessions => Self::Sessions,
            Capability::Settings => Self::Settings,
            Capability::Threads => Self::Threads,
            Capability::Typing => Self::Typing,
            Capability::Users => Self::Users,
            Capability::Versions => Self::Versions,
        }
    }
}

//! What a backend can do beyond what every backend does (PROTOCOL.md §10.2).

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::MessageSend;

/// Something that a backend can do beyond what every backend does (PROTOCOL.md §10.2).
///
/// Names that this version does not know are passed over where a list of them is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
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

impl Capability {
    /// All that this version knows.
    pub const ALL: [Self; 21] = [
        Self::AccountDeletion,
        Self::Administration,
        Self::Around,
        Self::Blocks,
        Self::Editing,
        Self::Files,
        Self::Forwarding,
        Self::Openapi,
        Self::Pins,
        Self::Presence,
        Self::Profiles,
        Self::Push,
        Self::Reactions,
        Self::Rest,
        Self::Search,
        Self::Sessions,
        Self::Settings,
        Self::Threads,
        Self::Typing,
        Self::Users,
        Self::Versions,
    ];

    /// How it is called in `ready`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AccountDeletion => "accountDeletion",
            Self::Administration => "administration",
            Self::Around => "around",
            Self::Blocks => "blocks",
            Self::Editing => "editing",
            Self::Files => "files",
            Self::Forwarding => "forwarding",
            Self::Openapi => "openapi",
            Self::Pins => "pins",
            Self::Presence => "presence",
            Self::Profiles => "profiles",
            Self::Push => "push",
            Self::Reactions => "reactions",
            Self::Rest => "rest",
            Self::Search => "search",
            Self::Sessions => "sessions",
            Self::Settings => "settings",
            Self::Threads => "threads",
            Self::Typing => "typing",
            Self::Users => "users",
            Self::Versions => "versions",
        }
    }
}

impl MessageSend {
    /// What is needed for what the message asks for beyond its text; a backend without it refuses the message
    /// (`params.invalid`).
    pub fn capabilities(&self) -> impl Iterator<Item = Capability> {
        [
            (self.thread_root.is_some(), Capability::Threads),
            (self.forward_of.is_some(), Capability::Forwarding),
            (!self.attachments.is_empty(), Capability::Files),
        ]
        .into_iter()
        .filter_map(|(asked, capability)| asked.then_some(capability))
    }
}

impl std::fmt::Display for Capability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Those of a list that this version knows, whatever else is in it.
pub(crate) fn read<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeSet<Capability>, D::Error> {
    Value::deserialize(deserializer).map(|list| known(&list))
}

fn known(list: &Value) -> BTreeSet<Capability> {
    let names = list.as_array().into_iter().flatten();
    names
        .filter_map(|name| Capability::deserialize(name).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Capability, known};

    #[test]
    fn every_capability_travels_under_its_name() {
        for capability in Capability::ALL {
            let text = serde_json::to_string(&capability).unwrap();
            assert_eq!(text, format!("\"{capability}\""));
            let read: Capability = serde_json::from_str(&text).unwrap();
            assert_eq!(read, capability);
        }
    }

    #[test]
    fn what_is_not_known_is_passed_over() {
        let list = serde_json::json!(["telepathy", "search", 7, null, {"name": "files"}, "search"]);
        assert_eq!(known(&list), [Capability::Search].into());
        assert_eq!(known(&serde_json::json!("search")), [].into());
    }
}

//! What each parameter of the protocol names. A name that is not here fails the tests.

use fulmar_protocol::Code;
use serde_json::{Value, json};

use crate::world::{Things, key};

/// What a parameter names.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Conversation,
    /// A message by its id.
    Message,
    /// A message by its operation key.
    MessageKey,
    File,
    Session,
    Device,
    User,
    Log,
    /// The key of an operation: of somebody else's message it is a conflict, and says so (PROTOCOL.md §5.1).
    OperationKey,
    /// Nothing that is anybody's: a value that is good.
    Plain(Value),
}

/// What stands under a name, in a path, a query, a body or params.
pub(crate) fn kind(name: &str) -> Kind {
    match name {
        "conversationId" => Kind::Conversation,
        "messageId" => Kind::Message,
        "messageKey" | "replyTo" | "threadRoot" | "forwardOf" | "aroundMessage" | "thread" => {
            Kind::MessageKey
        }
        "fileId" | "attachments" => Kind::File,
        "sessionId" => Kind::Session,
        "deviceId" => Kind::Device,
        "userId" | "userIds" | "participantIds" | "mentions" | "toUserId" | "senderId" => {
            Kind::User
        }
        "logId" => Kind::Log,
        "operationKey" => Kind::OperationKey,
        // A page of a search is a number, and means the same to everybody.
        "cursor" => Kind::Plain(json!("50")),
        "text" => Kind::Plain(json!("hello")),
        "name" | "title" => Kind::Plain(json!("A name")),
        "avatarUrl" => Kind::Plain(json!("https://example.org/a.png")),
        "kind" => Kind::Plain(json!("group")),
        "context" => Kind::Plain(json!({"kind": "order", "id": "o-7", "title": "Bicycle"})),
        "payload" => Kind::Plain(json!({"type": "location", "data": {"lat": 52.5}})),
        "emoji" => Kind::Plain(json!("👍")),
        "pinned" | "archived" | "markedUnread" => Kind::Plain(json!(true)),
        "role" => Kind::Plain(json!("moderator")),
        "writing" => Kind::Plain(json!("admins")),
        "presence" => Kind::Plain(json!("hidden")),
        "provider" => Kind::Plain(json!("fcm")),
        "token" => Kind::Plain(json!("a-push-token")),
        "password" => Kind::Plain(json!("not the password")),
        "q" => Kind::Plain(json!("secret")),
        "deliveredTo" | "readTo" | "hiddenTo" | "mutedUntil" | "since" | "before" | "after"
        | "around" | "aroundTime" | "limit" | "from" | "until" => Kind::Plain(json!(1)),
        // A secret of a session; `tokens.rs` asks with every one that is not good.
        "refreshToken" => Kind::Plain(json!("s-1.00")),
        // Every method is asked for by itself.
        "operations" => Kind::Plain(json!([])),
        "submitId" => Kind::Plain(json!(1)),
        // Where the asker's own submits stand; the second one of the same place is overtaken, so none is given.
        "order" => Kind::Plain(Value::Null),
        other => panic!("{other} is not classified: say in kinds.rs what it names"),
    }
}

/// How a value stands under a name.
pub(crate) fn wrapped(name: &str, value: &str) -> Value {
    match name {
        "userIds" | "participantIds" | "mentions" => json!([value]),
        "attachments" => json!([{
            "fileId": value, "kind": "file", "name": "a.txt", "mimeType": "text/plain", "size": 11,
            "sha256": crate::world::SHA256,
        }]),
        _ => json!(value),
    }
}

impl Kind {
    /// What of these things a parameter like this can name.
    pub(crate) fn of(&self, things: &Things) -> Vec<String> {
        match self {
            Self::Conversation => things.conversations.clone(),
            Self::Message => things.messages.clone(),
            Self::MessageKey => things.keys.clone(),
            Self::File => things.files.clone(),
            Self::Session => vec![things.session.clone()],
            Self::Device => vec![things.device.clone()],
            Self::User => vec![things.user.clone()],
            Self::Log => vec![things.log.clone()],
            Self::OperationKey | Self::Plain(_) => Vec::new(),
        }
    }

    /// What does not exist, in the same form.
    pub(crate) fn nothing(&self) -> String {
        let id = |prefix: &str| format!("{prefix}{}", "0".repeat(24));
        match self {
            Self::Conversation => id("c-"),
            Self::Message => id("m-"),
            Self::MessageKey | Self::OperationKey => key(0xdead),
            Self::File => id("f-"),
            Self::Session => id("s-"),
            Self::Log => id("log-"),
            Self::Device => "another-device".to_owned(),
            Self::User => "no-user-at-all".to_owned(),
            Self::Plain(value) => value.to_string(),
        }
    }
}

/// How it is refused when a parameter names what is others'. `None`: it is not refused, and the answer is as if nothing
/// had been named (PROTOCOL.md §5.4, §7.5, §7.6).
pub(crate) fn refusal(name: &str) -> Option<Code> {
    match name {
        "replyTo" | "mentions" | "thread" | "senderId" => return None,
        _ => {}
    }
    match kind(name) {
        Kind::Conversation => Some(Code::ConversationNotFound),
        Kind::Message | Kind::MessageKey => Some(Code::MessageNotFound),
        Kind::File => Some(Code::FileNotFound),
        Kind::Session | Kind::Device => Some(Code::SessionNotFound),
        Kind::User => Some(Code::UserNotFound),
        Kind::Log => Some(Code::SyncReset),
        Kind::OperationKey | Kind::Plain(_) => None,
    }
}

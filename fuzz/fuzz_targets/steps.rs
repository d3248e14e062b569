//! What the fuzzer makes up: steps of people and devices, in words that are mostly those of the protocol.

use arbitrary::Arbitrary;

#[derive(Debug, Arbitrary)]
pub(crate) enum Step {
    Operation(Who, Operation),
    Request(Who, Verb, Path, String, Json),
    Connect(Who),
    Frame(u8, Frame),
    Text(u8, String),
    Disconnect(u8),
    Wait(u16),
    /// With headers that are almost those of tus.
    File(Who, Verb, Option<u8>, Vec<(u8, Header)>, Vec<u8>),
}

/// What a header says.
#[derive(Debug, Arbitrary)]
pub(crate) enum Header {
    Right,
    Number(u32),
    Range(u16, Option<u16>),
    Raw(String),
}

impl Header {
    pub(crate) fn text(self, name: &str) -> String {
        match (self, name) {
            (Self::Right, "tus-resumable") => "1.0.0".to_owned(),
            (Self::Right, "content-type") => "application/offset+octet-stream".to_owned(),
            (Self::Right, "upload-length") => "3".to_owned(),
            (Self::Right, "upload-metadata") => "sha256 MDAw,name aGk=".to_owned(),
            (Self::Right, _) => "0".to_owned(),
            (Self::Number(number), _) => number.to_string(),
            (Self::Range(from, Some(to)), _) => format!("bytes={from}-{to}"),
            (Self::Range(from, None), _) => format!("bytes={from}-"),
            (Self::Raw(text), _) => text,
        }
    }
}

pub(crate) const HEADERS: [&str; 6] = [
    "tus-resumable",
    "upload-length",
    "upload-offset",
    "upload-metadata",
    "content-type",
    "range",
];

#[derive(Debug, Clone, Copy, Arbitrary)]
pub(crate) enum Who {
    Alice,
    Bob,
    Nobody,
}

#[derive(Debug, Arbitrary)]
pub(crate) struct Operation {
    pub(crate) method: u8,
    pub(crate) key: u8,
    pub(crate) params: Json,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
pub(crate) enum Verb {
    Get,
    Post,
    Patch,
    Put,
    Delete,
    Head,
    Options,
}

impl Verb {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
        }
    }
}

#[derive(Debug, Arbitrary)]
pub(crate) enum Path {
    Known(u8),
    Raw(String),
}

#[derive(Debug, Arbitrary)]
pub(crate) enum Frame {
    Ping(u64),
    Typing(Word),
    Submit(Vec<Operation>),
    Json(Json),
}

/// JSON whose names and words are mostly those of the protocol.
#[derive(Debug, Arbitrary)]
pub(crate) enum Json {
    Nothing,
    Yes(bool),
    Number(i32),
    Word(Word),
    List(Vec<Json>),
    Object(Vec<(Name, Json)>),
}

#[derive(Debug, Arbitrary)]
pub(crate) enum Word {
    Conversation(u8),
    Key(u8),
    User(Who),
    Known(u8),
    Raw(String),
}

#[derive(Debug, Arbitrary)]
pub(crate) enum Name {
    Known(u8),
    Raw(String),
}

pub(crate) const NAMES: [&str; 42] = [
    "conversationId",
    "text",
    "messageKey",
    "emoji",
    "replyTo",
    "threadRoot",
    "mentions",
    "payload",
    "type",
    "data",
    "attachments",
    "fileId",
    "kind",
    "name",
    "mimeType",
    "size",
    "sha256",
    "forwardOf",
    "toUserId",
    "deliveredTo",
    "readTo",
    "title",
    "avatarUrl",
    "context",
    "id",
    "extra",
    "participantIds",
    "userIds",
    "userId",
    "role",
    "writing",
    "mutedUntil",
    "pinned",
    "archived",
    "hiddenTo",
    "markedUnread",
    "presence",
    "password",
    "refreshToken",
    "provider",
    "token",
    "thumbnail",
];
pub(crate) const WORDS: [&str; 18] = [
    "direct",
    "group",
    "admin",
    "moderator",
    "member",
    "admins",
    "everyone",
    "👍",
    "hello",
    " ",
    "hidden",
    "shown",
    "fcm",
    "image",
    "image/png",
    "https://example.org/a.png",
    "location",
    "nobody",
];
pub(crate) const PATHS: [&str; 26] = [
    "/v1/me",
    "/v1/sync",
    "/v1/snapshot",
    "/v1/conversations",
    "/v1/conversations/{c}",
    "/v1/conversations/{c}/messages",
    "/v1/conversations/{c}/leave",
    "/v1/conversations/{c}/receipts",
    "/v1/conversations/{c}/settings",
    "/v1/conversations/{c}/participants",
    "/v1/conversations/{c}/participants/bob",
    "/v1/users/bob/messages",
    "/v1/users",
    "/v1/users/bob",
    "/v1/blocks",
    "/v1/blocks/bob/remove",
    "/v1/search",
    "/v1/sessions",
    "/v1/operations",
    "/v1/files",
    "/v1/devices/d/push-token",
    "/v1/devices/d/push-token/remove",
    "/v1/openapi.json",
    "/stats",
    "/health",
    "/v1/auth/refresh",
];

impl Name {
    pub(crate) fn text(self) -> String {
        match self {
            Self::Known(index) => NAMES[usize::from(index) % NAMES.len()].to_owned(),
            Self::Raw(text) => text,
        }
    }
}

pub(crate) fn person(who: Who) -> &'static str {
    match who {
        Who::Alice => "alice",
        Who::Bob => "bob",
        Who::Nobody => "nobody",
    }
}

pub(crate) fn key(index: u8) -> String {
    format!("0190b5f0-0000-7000-8000-{:012x}", index % 16)
}

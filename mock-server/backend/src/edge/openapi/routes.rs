//! The table of the routes that are no writes, for the OpenAPI document; the writes stand in
//! [`Method::REQUESTS`](wire::Method::REQUESTS). A test asks each of them, so that none is here that does not exist.

use fulmar_protocol as wire;
use fulmar_protocol::Capability;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

use crate::capabilities;

/// What a request with a body, or an answer, has the shape of.
pub(super) type Shape = fn(&mut SchemaGenerator) -> Schema;

/// One route.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    pub(super) token: Token,
    pub(super) query: &'static [Parameter],
    pub(super) body: Option<Shape>,
    pub(super) answer: Shape,
}

/// Whether a request needs an access token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Needed,
    Not,
}

/// A parameter in the query; none is ever required.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// What a parameter is.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Number,
    Key,
    Text,
}

impl Kind {
    pub(super) fn schema(self) -> Value {
        match self {
            Self::Number => json!({"type": "integer", "minimum": 0, "maximum": (1_u64 << 53) - 1}),
            Self::Key => json!({"type": "string", "format": "uuid"}),
            Self::Text => json!({"type": "string"}),
        }
    }
}

impl Route {
    /// What it needs beyond what every backend does.
    pub(super) fn capability(&self) -> Option<Capability> {
        let path: Vec<&str> = self.path.trim_start_matches("/v1/").split('/').collect();
        capabilities::of_request(self.method, &path)
    }

    /// A body that may be left out has nothing that is required in it.
    pub(super) fn body_is_needed(&self) -> bool {
        self.method == "POST" || self.method == "PATCH"
    }

    const fn new(
        method: &'static str,
        path: &'static str,
        summary: &'static str,
        answer: Shape,
    ) -> Self {
        Self {
            method,
            path,
            summary,
            token: Token::Needed,
            query: &[],
            body: None,
            answer,
        }
    }

    const fn open(mut self) -> Self {
        self.token = Token::Not;
        self
    }

    const fn with(mut self, body: Shape) -> Self {
        self.body = Some(body);
        self
    }

    const fn asking(mut self, query: &'static [Parameter]) -> Self {
        self.query = query;
        self
    }
}

/// A type of the wire.
fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// `{}`
fn nothing(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({"type": "object"})
}

const fn number(name: &'static str) -> Parameter {
    Parameter {
        name,
        kind: Kind::Number,
    }
}

const fn key(name: &'static str) -> Parameter {
    Parameter {
        name,
        kind: Kind::Key,
    }
}

const fn text(name: &'static str) -> Parameter {
    Parameter {
        name,
        kind: Kind::Text,
    }
}

const HISTORY: &[Parameter] = &[
    number("before"),
    number("after"),
    number("around"),
    number("aroundTime"),
    key("aroundMessage"),
    key("thread"),
    number("limit"),
];

const SEARCH: &[Parameter] = &[
    text("q"),
    text("conversationId"),
    text("senderId"),
    number("from"),
    number("until"),
    text("cursor"),
];

#[rustfmt::skip] // a table
pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/health", "Whether the server works (§7.7)", nothing).open(),
    Route::new("GET", "/stats", "How much there is (§7.7)", nothing).open(),
    Route::new("GET", "/v1/openapi.json", "This document", nothing).open(),
    Route::new("POST", "/v1/auth/register", "Becomes a user (§7.1)", of::<wire::Session>).open().with(of::<wire::RegisterRequest>),
    Route::new("POST", "/v1/auth/login", "Begins a session (§7.1)", of::<wire::Session>).open().with(of::<wire::SignInRequest>),
    Route::new("POST", "/v1/auth/refresh", "Gets a fresh access token (§7.2)", of::<wire::Session>).open().with(of::<wire::RefreshRequest>),
    Route::new("POST", "/v1/auth/logout", "Ends a session (§7.1)", nothing).open().with(of::<wire::SignOutRequest>),
    Route::new("GET", "/v1/me", "Whose token it is (§7.4)", of::<wire::Me>),
    Route::new("POST", "/v1/me", "Changes name, picture, presence (§7.4)", of::<wire::Me>).with(of::<wire::MeUpdate>),
    Route::new("POST", "/v1/me/delete", "Deletes the account (§7.4)", nothing).with(of::<wire::DeleteAccount>),
    Route::new("GET", "/v1/sessions", "The user's sessions (§7.1)", of::<wire::SessionList>),
    Route::new("POST", "/v1/sessions/{sessionId}/end", "Ends one of them (§7.1)", nothing),
    Route::new("GET", "/v1/blocks", "The users that the user has blocked (§7.4)", of::<wire::BlockList>),
    Route::new("POST", "/v1/blocks", "Blocks somebody (§7.4)", of::<wire::BlockList>).with(of::<wire::BlockRequest>),
    Route::new("POST", "/v1/blocks/{userId}/remove", "Ends a block (§7.4)", of::<wire::BlockList>),
    Route::new("POST", "/v1/devices/{deviceId}/push-token", "Says where notifications go (§7.8)", nothing).with(of::<wire::PushToken>),
    Route::new("POST", "/v1/devices/{deviceId}/push-token/remove", "No notifications (§7.8)", nothing),
    Route::new("GET", "/v1/users", "Users by name (§7.9)", of::<wire::UserList>).asking(&[text("q")]),
    Route::new("GET", "/v1/users/{userId}", "A user (§7.9)", of::<wire::User>),
    Route::new("GET", "/v1/sync", "Events after one (§6.3)", of::<wire::SyncPage>).asking(&[number("since"), text("logId")]),
    Route::new("GET", "/v1/snapshot", "Everything, to start afresh (§6.3)", of::<wire::Snapshot>),
    Route::new("POST", "/v1/operations", "Applies operations (§7.3)", of::<wire::OperationsAnswer>).with(of::<wire::Submit>),
    Route::new("GET", "/v1/search", "Finds messages (§7.6)", of::<wire::SearchPage>).asking(SEARCH),
    Route::new("GET", "/v1/conversations", "The user's conversations (§7.4)", of::<wire::ConversationPage>),
    Route::new("GET", "/v1/conversations/{conversationId}", "One of them (§7.4)", of::<wire::Conversation>),
    Route::new("GET", "/v1/conversations/{conversationId}/messages", "A page of history (§7.5)", of::<wire::MessagePage>).asking(HISTORY),
    Route::new("GET", "/v1/messages/{messageId}", "A message (§7.9)", of::<wire::Message>),
    Route::new("GET", "/v1/messages/{messageId}/versions", "What it said before (§7.5)", of::<wire::MessageVersions>),
];

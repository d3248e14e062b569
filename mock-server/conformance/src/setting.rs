//! What most checks begin with: both users signed in, and a conversation of theirs.

use serde_json::{Value, json};

use crate::Backend;
use crate::wire::{Http, Socket, WireError, operation_key, wire};

macro_rules! ensure {
    ($truth:expr, $got:expr) => {
        if !$truth {
            return Err(wire(format!(
                "expected {}, got {}",
                stringify!($truth),
                $got
            )));
        }
    };
}

pub(crate) use ensure;

/// What most checks begin with: both users signed in, and a conversation of theirs.
pub(crate) struct Setting<'a> {
    pub(crate) backend: &'a Backend,
    pub(crate) http: Http,
    pub(crate) session: Value,
    pub(crate) other: Value,
    pub(crate) conversation: String,
}

impl<'a> Setting<'a> {
    pub(crate) async fn new(backend: &'a Backend) -> Result<Self, WireError> {
        let http = Http::new(&backend.url)?;
        let (status, session) = http
            .login(&backend.user, &backend.password, "judge")
            .await?;
        ensure!(status == 200, session);
        let login = http.login(&backend.other_user, &backend.other_password, "judge");
        let (status, other) = login.await?;
        ensure!(status == 200, other);
        let mut setting = Self {
            backend,
            http,
            session,
            other,
            conversation: String::new(),
        };
        let created = setting.create_direct().await?;
        setting.conversation = text(&created["conversation"]["conversationId"])?;
        Ok(setting)
    }

    pub(crate) fn token(&self) -> &str {
        self.session["accessToken"].as_str().unwrap_or_default()
    }

    pub(crate) fn message(&self, key: &str, body: &str) -> Value {
        json!({"operationKey": key, "method": "message.send",
               "params": {"conversationId": self.conversation, "text": body}})
    }

    pub(crate) async fn submit(&self, operations: Value) -> Result<Vec<Value>, WireError> {
        let body = json!({ "operations": operations.clone() });
        let (status, answer) = self
            .http
            .post("/v1/operations", self.token(), &body)
            .await?;
        ensure!(status == 200, answer);
        let outcomes = answer["outcomes"].as_array().cloned().unwrap_or_default();
        ensure!(
            Some(outcomes.len()) == operations.as_array().map(Vec::len),
            answer
        );
        Ok(outcomes)
    }

    pub(crate) async fn create_direct(&self) -> Result<Value, WireError> {
        let create = json!({"operationKey": operation_key()?, "method": "conversation.create",
            "params": {"kind": "direct", "participantIds": [self.backend.other_user]}});
        let outcomes = self.submit(json!([create])).await?;
        ensure!(outcomes[0]["status"] == "applied", outcomes[0]);
        Ok(outcomes[0].clone())
    }

    pub(crate) async fn connect(
        &self,
        session: &Value,
        since: u64,
        log: &Value,
    ) -> Result<(Socket, Value), WireError> {
        let mut socket = Socket::open(self.backend).await?;
        let hello = json!({"type": "hello", "version": 1, "since": since, "logId": log,
                           "accessToken": session["accessToken"]});
        socket.send(&hello).await?;
        let ready = socket.next_of("ready").await?;
        Ok((socket, ready))
    }
}

pub(crate) fn text(value: &Value) -> Result<String, WireError> {
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| wire(format!("{value} is no text")))
}

//! One request over HTTP, and its answer.

use fulmar_backend::{HttpRequest, HttpResponse, Outgoing};
use serde_json::Value;

use crate::world::World;

/// A request that is put together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    method: String,
    path: String,
    query: String,
    by: Option<String>,
    token: Option<String>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What was answered, and what went out over sockets.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) outgoing: Vec<Outgoing>,
}

impl Ask {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            ..Self::default()
        }
    }

    /// With the newest access token of this user.
    pub(crate) fn by(mut self, name: &str) -> Self {
        self.by = Some(name.to_owned());
        self
    }

    pub(crate) fn token(mut self, token: Option<&str>) -> Self {
        self.token = token.map(str::to_owned);
        self
    }

    pub(crate) fn query(mut self, query: &str) -> Self {
        query.clone_into(&mut self.query);
        self
    }

    pub(crate) fn body(self, body: &Value) -> Self {
        self.bytes(body.to_string().as_bytes())
    }

    pub(crate) fn bytes(mut self, body: &[u8]) -> Self {
        self.body = body.to_owned();
        self
    }

    pub(crate) fn headers(mut self, headers: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.headers = headers.iter().map(owned).collect();
        self
    }

    /// Asks it.
    pub(crate) fn of(self, world: &mut World) -> Answer {
        let token = self
            .token
            .or_else(|| self.by.map(|name| world.tokens(&name).access));
        let headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let request = HttpRequest {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            bearer: token.as_deref(),
            headers: &headers,
            body: &self.body,
        };
        let (
            HttpResponse {
                status,
                headers,
                body,
                ..
            },
            outgoing,
        ) = world.backend.http(&request, world.now);
        assert_ne!(
            status,
            500,
            "{} {}: {}",
            self.method,
            self.path,
            String::from_utf8_lossy(&body)
        );
        Answer {
            status,
            headers,
            body,
            outgoing,
        }
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(there, _)| *there == name)
            .map(|(_, value)| value.as_str())
    }

    /// The code of a refusal; empty where there is none.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

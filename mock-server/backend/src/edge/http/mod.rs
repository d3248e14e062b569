//! HTTP: requests in, answers out (PROTOCOL.md §7).

mod files;
mod query;
mod rest;
mod routes;

use fulmar_protocol::{Code, Problem, Timestamp, header};

use super::notify::notify;
use super::sockets::{Outgoing, Sockets};
use crate::service::Service;

/// A request as it came in.
#[derive(Debug, Clone, Copy, Default)]
pub struct HttpRequest<'a> {
    /// The verb, in upper case.
    pub method: &'a str,
    /// The path, percent-encoded.
    pub path: &'a str,
    /// What follows the question mark.
    pub query: &'a str,
    /// The token of the `Authorization: Bearer` header.
    pub bearer: Option<&'a str>,
    /// The other headers, by their names in lower case.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

impl HttpRequest<'_> {
    /// What a header says, by its name in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(there, _)| *there == name);
        found.map(|(_, value)| *value)
    }

    /// Whether it is about files, whose bodies are not JSON.
    fn is_about_files(&self) -> bool {
        let path = self.path.strip_prefix("/v1/files");
        path.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// An answer as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The other headers, by their names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body: JSON, or a file.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// The answer that says what is wrong.
    #[must_use]
    pub fn problem(problem: &Problem) -> Self {
        Self {
            status: problem.status,
            content_type: Problem::MEDIA_TYPE,
            headers: Vec::new(),
            // A struct of strings and integers always has a JSON form.
            body: serde_json::to_vec(problem).unwrap_or_default(),
        }
    }

    /// The answer that went well.
    #[must_use]
    pub fn json(body: String) -> Self {
        Self {
            status: 200,
            content_type: header::JSON,
            headers: Vec::new(),
            body: body.into_bytes(),
        }
    }

    #[must_use]
    pub(super) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// Handles a request.
pub(crate) fn http(
    service: &mut Service,
    sockets: &mut Sockets,
    request: &HttpRequest<'_>,
    now: Timestamp,
) -> (HttpResponse, Vec<Outgoing>) {
    let limits = service.config().limits;
    let limit = if request.is_about_files() {
        limits.chunk_bytes
    } else {
        limits.frame_bytes
    };
    if request.body.len() > limit as usize {
        let problem = Problem::new(Code::RequestTooLarge, "The body is too large");
        return (HttpResponse::problem(&problem), Vec::new());
    }
    let connections = sockets.len();
    let answered = service.run(now, |rooms, tx| {
        routes::answer(rooms, tx, request, connections)
    });
    match answered {
        Ok((response, pending)) => (response, notify(service, sockets, pending, now)),
        Err(error) => (HttpResponse::problem(&error.into_problem()), Vec::new()),
    }
}

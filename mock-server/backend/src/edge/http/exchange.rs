//! A request and its answer.

use fulmar_protocol::{Problem, header};

use super::url::Query;

use crate::defects::{Defect, active};

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
    pub(super) fn is_about_files(&self) -> bool {
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
            content_type: if active(Defect::PlainProblems) {
                header::JSON
            } else {
                Problem::MEDIA_TYPE
            },
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

/// A request, taken apart.
pub(super) struct ParsedRequest<'a> {
    pub(super) method: &'a str,
    /// The path, decoded, in its segments.
    pub(super) path: &'a [&'a str],
    pub(super) query: &'a Query,
    pub(super) body: &'a [u8],
}

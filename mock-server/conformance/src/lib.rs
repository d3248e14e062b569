//! PROTOCOL.md, read independently of the crate that implements it: raw JSON over HTTP and WebSocket
//! against any backend, one check per rule, reported by section.
//!
//! ```no_run
//! # async fn run() {
//! let backend = fulmar_conformance::Backend {
//!     url: "http://127.0.0.1:4000".to_owned(),
//!     user: "alice".to_owned(),
//!     password: "alice-password".to_owned(),
//!     other_user: "bob".to_owned(),
//!     other_password: "bob-password".to_owned(),
//! };
//! for report in fulmar_conformance::run(&backend).await {
//!     println!("§{} {}: {:?}", report.section, report.rule, report.result);
//! }
//! # }
//! ```
#![deny(missing_docs)]

mod checks;
mod setting;
mod wire;

/// The backend to judge, and two users of it. Both should be free to write and read what they like:
/// the checks send messages.
#[derive(Debug, Clone)]
pub struct Backend {
    /// The base URL.
    pub url: String,
    /// A user.
    pub user: String,
    /// Their password.
    pub password: String,
    /// Another user.
    pub other_user: String,
    /// Their password.
    pub other_password: String,
}

/// What became of one check.
#[derive(Debug, Clone)]
pub struct Report {
    /// The section of PROTOCOL.md.
    pub section: &'static str,
    /// The rule in a few words.
    pub rule: &'static str,
    /// Kept, or how it was broken: what was expected, and what came.
    pub result: Result<(), String>,
}

/// Runs every check, one after the other.
pub async fn run(backend: &Backend) -> Vec<Report> {
    checks::all(backend).await
}

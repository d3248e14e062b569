//! PROTOCOL.md, read independently of the crate that implements it: raw JSON over HTTP and WebSocket
//! against any backend, one check per rule, reported by section.
//!
//! ```no_run
//! # async fn run() {
//! let backend = fulmar_conformance::Backend::new("http://127.0.0.1:4000");
//! for report in fulmar_conformance::run(&backend, None).await {
//!     println!("§{} {}: {:?}", report.id, report.rule, report.result);
//! }
//! # }
//! ```
#![deny(missing_docs)]

mod checks;
mod codes;
mod report;
mod secrets;
mod setting;
mod wire;

use std::sync::Arc;

use serde::Serialize;

pub use report::{json, junit, text};
use setting::Setting;
use wire::{Exchange, WireError, skipped};

/// Restores a backup of the backend, from before the checks began.
pub type Restore = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// The backend to judge, and two users of it. Both should be free to write and read what they like:
/// the checks send messages, create groups and register users.
#[derive(Clone)]
pub struct Backend {
    /// The base URL of the backend.
    pub url: String,
    /// The URL of the WebSocket, when it is not that of the protocol below the base URL.
    pub ws: Option<String>,
    /// A user who can sign in.
    pub user: String,
    /// The password of that user.
    pub password: String,
    /// A second user, who takes part in conversations with the first.
    pub other_user: String,
    /// The password of that user.
    pub other_password: String,
    /// How a backup is restored, for the one check that needs it; the last.
    pub restore: Option<Restore>,
}

impl std::fmt::Debug for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Backend")
            .field("url", &self.url)
            .field("ws", &self.ws)
            .finish_non_exhaustive()
    }
}

impl Backend {
    /// With the users of the mock server's demo.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            ws: None,
            user: "alice".to_owned(),
            password: "alice-password".to_owned(),
            other_user: "bob".to_owned(),
            other_password: "bob-password".to_owned(),
            restore: None,
        }
    }
}

/// What became of one check.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The section of PROTOCOL.md, and the number of the check in it: `3.5.1` is the first of §3.5.
    pub id: &'static str,
    /// The numbers of the MUSTs that it is about.
    pub musts: &'static [&'static str],
    /// The rule in a few words.
    pub rule: &'static str,
    /// Whether it passed, failed or was skipped.
    pub result: Verdict,
}

/// How a check went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "verdict")]
pub enum Verdict {
    /// The rule is kept.
    Pass,
    /// The rule is broken.
    Fail {
        /// What was expected, and what came.
        reason: String,
        /// The requests, answers and frames before it, the newest last; without secrets.
        exchange: Vec<String>,
    },
    /// It cannot be known here.
    Skip {
        /// Why the check was skipped.
        reason: String,
    },
}

/// The number of every check, and the MUSTs that it is about.
pub fn numbers() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    checks::all().map(|check| (check.id, check.musts))
}

/// Runs every check, one after the other, or `only` one or those of one section.
pub async fn run(backend: &Backend, only: Option<&str>) -> Vec<Report> {
    let exchange = Exchange::default();
    for password in [&backend.password, &backend.other_password] {
        exchange.secrets.add(password);
    }
    let setting = match Setting::new(backend, &exchange).await {
        Ok(setting) => setting,
        Err(error) => {
            return vec![Report {
                id: "7.1.0",
                musts: &[],
                rule: "both users can sign in, write to each other and connect",
                result: verdict(Err(error), &exchange),
            }];
        }
    };
    let mut reports = Vec::new();
    for check in checks::all() {
        if only.is_some_and(|only| !is_in(check.id, only)) {
            continue;
        }
        exchange.clear();
        let missing = check.needs.iter().find(|needed| !setting.can(needed));
        let outcome = match missing {
            Some(missing) => Err(skipped(format!("no capability {missing}"))),
            None => (check.run)(&setting).await,
        };
        reports.push(Report {
            id: check.id,
            musts: check.musts,
            rule: check.rule,
            result: verdict(outcome, &exchange),
        });
    }
    reports.sort_by_key(|report| place(report.id));
    reports
}

/// The order of PROTOCOL.md.
fn place(id: &str) -> Vec<u32> {
    // Numbers are ours, and a test reads them.
    id.split('.')
        .map(|part| part.parse().unwrap_or_default())
        .collect()
}

/// Whether a number is that of a section or check, or in it: 5.1.1 is in 5.1, and 5.11.1 is not.
fn is_in(id: &str, section: &str) -> bool {
    let rest = id.strip_prefix(section);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn verdict(outcome: Result<(), WireError>, exchange: &Exchange) -> Verdict {
    match outcome {
        Ok(()) => Verdict::Pass,
        Err(WireError::Skipped(reason)) => Verdict::Skip {
            reason: exchange.secrets.hide(&reason),
        },
        Err(WireError::Broken(reason)) => Verdict::Fail {
            reason: exchange.secrets.hide(&reason),
            exchange: exchange.take(),
        },
    }
}

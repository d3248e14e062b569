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
mod exchange;
mod limits;
mod report;
mod secrets;
mod setting;
#[cfg(test)]
mod tests;
mod wire;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use serde::Serialize;

use checks::{Check, Outcome};
use exchange::Exchange;
use limits::{Clock, Limits};
use report::printable;
pub use report::{json, junit, text};
use setting::Setting;
use wire::{WireError, skipped, wire};

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

/// Why the checks could not begin: what was asked for makes no sense, nothing is there, or the users cannot sign in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CannotRun(String);

/// Runs every check, one after the other, or `only` one or those of one section. Where they could not begin, that is
/// the only report, and a failure.
pub async fn run(backend: &Backend, only: Option<&str>) -> Vec<Report> {
    match judge(backend, only).await {
        Ok(reports) => reports,
        Err(CannotRun(reason)) => vec![beginning(Verdict::Fail {
            reason,
            exchange: Vec::new(),
        })],
    }
}

/// The same, which tells a backend that breaks a rule from checks that could not begin.
///
/// # Errors
///
/// `CannotRun`: the addresses or `only` make no sense, nothing listens, or a user cannot sign in.
pub async fn judge(backend: &Backend, only: Option<&str>) -> Result<Vec<Report>, CannotRun> {
    judge_within(backend, only, Limits::default()).await
}

async fn judge_within(
    backend: &Backend,
    only: Option<&str>,
    limits: Limits,
) -> Result<Vec<Report>, CannotRun> {
    let wanted = chosen(only)?;
    let exchange = Exchange::default();
    let addresses = [
        (Some(&backend.url), ["http", "https"]),
        (backend.ws.as_ref(), ["ws", "wss"]),
    ];
    for (address, schemes) in addresses {
        let Some(address) = address else { continue };
        let url = parsed(address, schemes)?;
        exchange.secrets.add(url.password().unwrap_or_default());
    }
    for password in [&backend.password, &backend.other_password] {
        exchange.secrets.add(password);
    }
    let clock = Clock::new(limits);
    let mut setting = match clock.within(Setting::new(backend, &exchange)).await {
        Ok(setting) => setting,
        Err(WireError::CannotRun(reason)) => {
            return Err(CannotRun(printable(&exchange.secrets.hide(&reason))));
        }
        Err(error) => return Ok(vec![beginning(verdict(Err(error), &exchange))]),
    };
    let mut reports = Vec::new();
    for check in wanted {
        exchange.clear();
        let outcome = clock.within(one(check, &mut setting)).await;
        reports.push(Report {
            id: check.id,
            musts: check.musts,
            rule: check.rule,
            result: verdict(outcome, &exchange),
        });
    }
    reports.sort_by_key(|report| place(report.id));
    Ok(reports)
}

async fn one(check: &Check, setting: &mut Setting<'_>) -> Outcome {
    if let Some(missing) = check.needs.iter().find(|needed| !setting.can(needed)) {
        return Err(skipped(format!("no capability {missing}")));
    }
    setting.renew().await?;
    // What no check has thought of ends that check alone.
    let run = AssertUnwindSafe((check.run)(setting)).catch_unwind();
    run.await
        .unwrap_or_else(|_| Err(wire("the judge itself has failed")))
}

/// What comes before all checks.
fn beginning(result: Verdict) -> Report {
    Report {
        id: "7.1.0",
        musts: &[],
        rule: "both users can sign in, write to each other and connect",
        result,
    }
}

fn chosen(only: Option<&str>) -> Result<Vec<&'static Check>, CannotRun> {
    let is_wanted = |check: &&Check| only.is_none_or(|only| is_in(check.id, only));
    let wanted: Vec<&Check> = checks::all().filter(is_wanted).collect();
    match only {
        Some(only) if wanted.is_empty() => Err(CannotRun(format!(
            "no check has the number or section \"{}\"",
            printable(only)
        ))),
        _ => Ok(wanted),
    }
}

/// Fails where an address is none, or of another scheme. It is not told: it may have a password in it.
fn parsed(address: &str, schemes: [&str; 2]) -> Result<reqwest::Url, CannotRun> {
    let [plain, safe] = schemes;
    let fault = match reqwest::Url::parse(address) {
        Ok(url) if schemes.contains(&url.scheme()) && url.has_host() => return Ok(url),
        Ok(_) => format!("it does not begin with {plain}:// or {safe}://"),
        Err(error) => error.to_string(),
    };
    Err(CannotRun(format!("this is no {plain} address: {fault}")))
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
        Err(WireError::Broken(reason) | WireError::CannotRun(reason)) => Verdict::Fail {
            reason: exchange.secrets.hide(&reason),
            exchange: exchange.take(),
        },
    }
}

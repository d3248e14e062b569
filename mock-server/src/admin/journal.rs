//! The journal over the admin API: what passed, by who and what it was, also what is still to pass.

use std::time::Duration;

use fulmar_protocol::{Code, Problem};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::journal::{Entry, Journal, Passed};

/// Nobody waits longer than this.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Which entries somebody wants to see.
#[derive(Debug, Default)]
struct Wanted {
    after: u64,
    user: Option<String>,
    /// `request`, `incoming`, `outgoing`, `opened`, `closed` or `fault`.
    passed: Option<String>,
    /// The `type` of a frame.
    kind: Option<String>,
    /// How the path of a request begins.
    path: Option<String>,
    /// Entries that say that the operation of this key was applied.
    applied: Option<String>,
    wait: Duration,
}

/// Answers `GET …/journal?…`. With `waitMs` it waits for the first entry that fits, so long.
pub(crate) async fn answer(journal: &Journal, query: &str) -> Result<Value, Problem> {
    let wanted = Wanted::read(query)?;
    if !wanted.wait.is_zero() {
        // In vain is an answer, too: no entries.
        let _ = journal.until(wanted.wait, |entry| wanted.fits(entry)).await;
    }
    let mut entries = journal.after(wanted.after);
    entries.retain(|entry| wanted.fits(entry));
    Ok(json!({"entries": entries, "count": journal.count()}))
}

impl Wanted {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut wanted = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
            let number = || {
                value.parse::<u64>().map_err(|_| {
                    Problem::new(Code::ParamsInvalid, "A parameter is not a number")
                        .with_detail(name.to_owned())
                })
            };
            match name {
                "after" => wanted.after = number()?,
                "waitMs" => wanted.wait = Duration::from_millis(number()?).min(LONGEST_WAIT),
                "user" => wanted.user = Some(value),
                "passed" => wanted.passed = Some(value),
                "type" => wanted.kind = Some(value),
                "path" => wanted.path = Some(value),
                "applied" => wanted.applied = Some(value),
                _ => {
                    return Err(
                        Problem::new(Code::ParamsInvalid, "There is no such parameter")
                            .with_detail(name.to_owned()),
                    );
                }
            }
        }
        Ok(wanted)
    }

    fn fits(&self, entry: &Entry) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.is_none() || wanted.as_deref() == found
        };
        let (passed, kind, path) = match &entry.passed {
            Passed::Request { path, .. } => ("request", None, Some(path.as_str())),
            Passed::Incoming { frame } => ("incoming", frame["type"].as_str(), None),
            Passed::Outgoing { frame } => ("outgoing", frame["type"].as_str(), None),
            Passed::Opened => ("opened", None, None),
            Passed::Closed => ("closed", None, None),
            Passed::Fault { .. } => ("fault", None, None),
        };
        let begins = |wanted: &String| path.is_some_and(|path| path.starts_with(wanted.as_str()));
        entry.number > self.after
            && is(&self.user, entry.user.as_deref())
            && is(&self.passed, Some(passed))
            && is(&self.kind, kind)
            && self.path.as_ref().is_none_or(begins)
            && (self.applied.as_ref()).is_none_or(|key| entry.says_applied(key))
    }
}

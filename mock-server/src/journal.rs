//! What passed through the server, in order, so that a test can say what has to have happened, and wait for it
//! without sleeping.
//!
//! Requests and frames are written down where the rules are asked, so that their order is that in which they
//! took effect; what a fault did to them is an entry of its own. Secrets are left out.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fulmar_protocol::{OperationKey, ServerFrame, Timestamp};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use crate::fault::{Action, Where};
use crate::json_bytes::json_bytes;

/// How many entries are kept, and about how many bytes of them.
const KEPT: usize = 10_000;
const KEPT_BYTES: usize = 64 * 1024 * 1024;
/// About how many bytes an entry takes that carries nothing.
const EMPTY_BYTES: usize = 1024;
/// Fields of requests and frames that are nobody's business.
const SECRETS: [&str; 4] = ["password", "accessToken", "refreshToken", "token"];

/// Something that passed through the server.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its number, from 1.
    pub number: u64,
    /// When, by the server's clock.
    pub at: Timestamp,
    /// Whose device it came from or went to, when that is known.
    pub user: Option<String>,
    /// The request, frame or fault that passed.
    #[serde(flatten)]
    pub passed: Passed,
}

/// What can pass through a server.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "passed")]
pub enum Passed {
    /// A request over HTTP, and its answer.
    #[serde(rename_all = "camelCase")]
    Request {
        /// The HTTP method.
        method: String,
        /// The path, without the query.
        path: String,
        /// The body, when it is JSON.
        body: Value,
        /// The status of the answer.
        status: u16,
        /// The answer, when it is JSON.
        answer: Value,
    },
    /// A frame from a client.
    Incoming {
        /// The frame; text when it is no JSON.
        frame: Value,
    },
    /// A frame to a client.
    Outgoing {
        /// The frame.
        frame: Value,
    },
    /// A socket was opened.
    Opened,
    /// A socket was closed, by the client, the server or a fault.
    Closed,
    /// A fault was applied.
    Fault {
        /// Where it was applied: the request's or frame's name.
        place: String,
        /// The action of the fault.
        action: String,
    },
}

/// What was waited for was not seen in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not seen within {waited:?}; {seen} entries were")]
pub struct NotSeen {
    /// How long it was waited.
    pub waited: Duration,
    /// How many entries there are.
    pub seen: u64,
}

/// What passed through a server. The newest 10,000 entries are kept, and at most about 64 MiB.
#[derive(Debug)]
pub struct Journal {
    kept: Mutex<Pages>,
    count: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Pages {
    entries: VecDeque<Kept>,
    bytes: usize,
}

/// An entry before anybody wants to read it: most are never read.
#[derive(Debug)]
struct Kept {
    number: u64,
    at: Timestamp,
    user: Option<String>,
    what: What,
    /// About how many bytes it takes.
    bytes: usize,
}

#[derive(Debug)]
enum What {
    Request {
        method: String,
        path: String,
        body: Vec<u8>,
        status: u16,
        answer: Vec<u8>,
    },
    Incoming(String),
    Outgoing(Arc<ServerFrame>),
    Opened,
    Closed,
    Fault(Where, Action),
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            count: watch::Sender::new(0),
        }
    }
}

impl Journal {
    /// All that passed so far and is kept, the oldest first.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        self.after(0)
    }

    /// What passed after the entry with this number.
    #[must_use]
    pub fn after(&self, number: u64) -> Vec<Entry> {
        let kept = self.kept();
        kept.entries
            .iter()
            .filter(|entry| entry.number > number)
            .map(Kept::read)
            .collect()
    }

    /// How many entries there were so far: the number of the newest.
    #[must_use]
    pub fn count(&self) -> u64 {
        *self.count.borrow()
    }

    /// Waits for an entry that is as expected, and gives the first; one that passed already is as good.
    ///
    /// # Errors
    /// [`NotSeen`] when there is none within `deadline`, in real time.
    pub async fn until(
        &self,
        deadline: Duration,
        expected: impl Fn(&Entry) -> bool,
    ) -> Result<Entry, NotSeen> {
        let mut count = self.count.subscribe();
        let mut seen = 0;
        let looking = async {
            loop {
                count.borrow_and_update();
                for entry in self.after(seen) {
                    seen = entry.number;
                    if expected(&entry) {
                        return entry;
                    }
                }
                // The sender is in this journal, so this ends only with a change.
                let _ = count.changed().await;
            }
        };
        let found = tokio::time::timeout(deadline, looking).await;
        found.map_err(|_| NotSeen {
            waited: deadline,
            seen: self.count(),
        })
    }

    /// Waits until an operation was applied, whether or not anybody heard of it.
    ///
    /// # Errors
    /// [`NotSeen`] when it was not within `deadline`, in real time.
    pub async fn applied(&self, key: OperationKey, deadline: Duration) -> Result<Entry, NotSeen> {
        let key = key.to_string();
        self.until(deadline, |entry| entry.says_applied(&key)).await
    }

    pub(crate) fn request(
        &self,
        (at, user): (Timestamp, Option<String>),
        (method, path, body): (&str, &str, &[u8]),
        (status, answer): (u16, &[u8]),
    ) {
        let json = |bytes: &[u8]| match bytes.first() {
            Some(b'{' | b'[') => bytes.to_vec(),
            // A file, or nothing.
            _ => Vec::new(),
        };
        let what = What::Request {
            method: method.to_owned(),
            path: path.to_owned(),
            body: json(body),
            status,
            answer: json(answer),
        };
        self.write(at, user, what);
    }

    pub(crate) fn incoming(&self, at: Timestamp, user: Option<String>, text: &str) {
        self.write(at, user, What::Incoming(text.to_owned()));
    }

    pub(crate) fn outgoing(&self, at: Timestamp, user: Option<String>, frame: Arc<ServerFrame>) {
        self.write(at, user, What::Outgoing(frame));
    }

    pub(crate) fn opened(&self, at: Timestamp, user: Option<String>) {
        self.write(at, user, What::Opened);
    }

    pub(crate) fn closed(&self, at: Timestamp, user: Option<String>) {
        self.write(at, user, What::Closed);
    }

    pub(crate) fn fault(
        &self,
        at: Timestamp,
        user: Option<String>,
        place: &Where,
        action: &Action,
    ) {
        self.write(at, user, What::Fault(place.clone(), action.clone()));
    }

    fn write(&self, at: Timestamp, user: Option<String>, what: What) {
        let mut kept = self.kept();
        let number = self.count() + 1;
        let bytes = what.bytes();
        kept.bytes += bytes;
        kept.entries.push_back(Kept {
            number,
            at,
            user,
            what,
            bytes,
        });
        while kept.entries.len() > KEPT || kept.bytes > KEPT_BYTES {
            let Some(oldest) = kept.entries.pop_front() else {
                break;
            };
            kept.bytes -= oldest.bytes;
        }
        self.count.send_replace(number);
    }

    fn kept(&self) -> MutexGuard<'_, Pages> {
        // Plain data: a panic elsewhere leaves nothing half done in it.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    pub(crate) fn says_applied(&self, key: &str) -> bool {
        self.outcomes().iter().any(|outcome| {
            outcome["operationKey"].as_str() == Some(key) && outcome["status"] == "applied"
        })
    }

    /// The outcomes that it tells of, in a frame or in an answer (PROTOCOL.md §5.3).
    #[must_use]
    pub fn outcomes(&self) -> &[Value] {
        let told = match &self.passed {
            Passed::Outgoing { frame } => &frame["outcomes"],
            Passed::Request { answer, .. } => &answer["outcomes"],
            Passed::Incoming { .. } | Passed::Fault { .. } | Passed::Opened | Passed::Closed => {
                &Value::Null
            }
        };
        told.as_array().map_or(&[], Vec::as_slice)
    }
}

impl What {
    /// About how many bytes it takes: as many as it had on its way.
    fn bytes(&self) -> usize {
        match self {
            Self::Request {
                path, body, answer, ..
            } => path.len() + body.len() + answer.len(),
            Self::Incoming(text) => text.len(),
            Self::Outgoing(frame) => json_bytes(frame.as_ref()),
            Self::Fault(..) | Self::Opened | Self::Closed => EMPTY_BYTES,
        }
    }
}

impl Kept {
    fn read(&self) -> Entry {
        let passed = match &self.what {
            What::Request {
                method,
                path,
                body,
                status,
                answer,
            } => Passed::Request {
                method: method.clone(),
                path: path.clone(),
                body: json(body),
                status: *status,
                answer: json(answer),
            },
            What::Incoming(text) => Passed::Incoming {
                frame: match serde_json::from_str(text) {
                    Ok(frame) => without_secrets(frame),
                    Err(_) => Value::from(text.as_str()),
                },
            },
            What::Outgoing(frame) => Passed::Outgoing {
                frame: json(frame.to_text().as_bytes()),
            },
            What::Opened => Passed::Opened,
            What::Closed => Passed::Closed,
            What::Fault(place, action) => Passed::Fault {
                place: format!("{place:?}"),
                action: format!("{action:?}"),
            },
        };
        Entry {
            number: self.number,
            at: self.at,
            user: self.user.clone(),
            passed,
        }
    }
}

fn json(bytes: &[u8]) -> Value {
    without_secrets(serde_json::from_slice(bytes).unwrap_or_default())
}

fn without_secrets(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        for secret in SECRETS {
            if let Some(value) = object.get_mut(secret) {
                *value = Value::from("…");
            }
        }
    }
    value
}

#[cfg(test)]
mod tests;

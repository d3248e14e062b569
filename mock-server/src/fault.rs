//! Faults: what the network does to whom, where, and how often.
//!
//! They are applied at the edge, where bytes go in and out, and never inside the rules.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use fulmar_protocol::Problem;

/// A place that every request, answer or frame passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Where {
    /// HTTP requests whose path begins like this, such as `/v1/sync`.
    Http(String),
    /// WebSocket handshakes.
    Handshake,
    /// Frames from client to server.
    Incoming(FrameKind),
    /// Frames from server to client.
    Outgoing(FrameKind),
}

/// Which frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FrameKind {
    /// All of them.
    Any,
    /// `hello`
    Hello,
    /// `submit`
    Submit,
    /// `ping`
    Ping,
    /// `ready`
    Ready,
    /// `events`
    Events,
    /// `outcome`
    Outcome,
    /// `pong`
    Pong,
}

impl FrameKind {
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let value: serde_json::Value = serde_json::from_str(text).ok()?;
        Some(match value.get("type")?.as_str()? {
            "hello" => Self::Hello,
            "submit" => Self::Submit,
            "ping" => Self::Ping,
            "ready" => Self::Ready,
            "events" => Self::Events,
            "outcome" => Self::Outcome,
            "pong" => Self::Pong,
            _ => return None,
        })
    }
}

/// What happens there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It arrives later.
    Delay(Duration),
    /// It never arrives. Over HTTP the connection closes without an answer.
    Drop,
    /// HTTP only: it is applied, and the connection closes without an answer.
    SwallowAnswer,
    /// Incoming frames and HTTP: it is handled twice; the second answer goes out.
    Repeat,
    /// The connection is cut before it.
    Cut,
    /// Outgoing frames: half of it arrives, then the connection is cut.
    CutInTheMiddle,
    /// Handshake and HTTP: this status, with a page of HTML, as a proxy would answer.
    Html(u16),
    /// HTTP only: this problem document, and nothing is done.
    Problem(Problem),
    /// Outgoing frames and HTTP: this text arrives instead.
    Replace(String),
}

/// A rule: at a place, for a user, so many times, this happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    place: Where,
    user: Option<String>,
    after: u32,
    times: Option<u32>,
    action: Action,
}

impl Fault {
    /// A fault at a place. By default for every user, once, the next time.
    #[must_use]
    pub fn at(place: Where) -> Self {
        Self {
            place,
            user: None,
            after: 0,
            times: Some(1),
            action: Action::Drop,
        }
    }

    /// Only for this user.
    #[must_use]
    pub fn of_user(mut self, user: &str) -> Self {
        self.user = Some(user.to_owned());
        self
    }

    /// Lets this many pass first.
    #[must_use]
    pub fn after(mut self, count: u32) -> Self {
        self.after = count;
        self
    }

    /// This many times.
    #[must_use]
    pub fn times(mut self, count: u32) -> Self {
        self.times = Some(count);
        self
    }

    /// Until the faults are cleared.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// What happens.
    #[must_use]
    pub fn then(mut self, action: Action) -> Self {
        self.action = action;
        self
    }

    fn fits(&self, place: &Where, user: Option<&str>) -> bool {
        let place_fits = match (&self.place, place) {
            (Where::Http(prefix), Where::Http(path)) => path.starts_with(prefix.as_str()),
            (Where::Incoming(FrameKind::Any), Where::Incoming(_))
            | (Where::Outgoing(FrameKind::Any), Where::Outgoing(_)) => true,
            (mine, theirs) => mine == theirs,
        };
        place_fits && (self.user.is_none() || self.user.as_deref() == user)
    }
}

/// The faults of a server, and who is cut off from it.
#[derive(Debug, Default)]
pub struct Faults {
    rules: Mutex<Vec<Fault>>,
    offline: Mutex<BTreeSet<String>>,
    struck: AtomicU64,
}

impl Faults {
    /// Adds a rule. Of several that fit, the oldest acts.
    pub fn add(&self, fault: Fault) {
        lock(&self.rules).push(fault);
    }

    /// Takes all rules away; who is cut off stays cut off.
    pub fn clear(&self) {
        lock(&self.rules).clear();
    }

    /// How many rules have not run out.
    #[must_use]
    pub fn pending(&self) -> usize {
        lock(&self.rules).len()
    }

    /// How often a rule has acted so far.
    #[must_use]
    pub fn struck(&self) -> u64 {
        self.struck.load(Ordering::Relaxed)
    }

    pub(crate) fn set_offline(&self, user: &str, offline: bool) {
        let mut users = lock(&self.offline);
        if offline {
            users.insert(user.to_owned());
        } else {
            users.remove(user);
        }
    }

    pub(crate) fn is_offline(&self, user: Option<&str>) -> bool {
        user.is_some_and(|user| lock(&self.offline).contains(user))
    }

    /// What happens to what passes `place` now. Counts it.
    pub(crate) fn strike(&self, place: &Where, user: Option<&str>) -> Option<Action> {
        let mut rules = lock(&self.rules);
        let index = rules.iter_mut().position(|rule| {
            if !rule.fits(place, user) {
                return false;
            }
            if rule.after > 0 {
                rule.after -= 1;
                return false;
            }
            true
        })?;
        let action = rules[index].action.clone();
        self.struck.fetch_add(1, Ordering::Relaxed);
        if let Some(times) = &mut rules[index].times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                rules.remove(index);
            }
        }
        Some(action)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Plain data: a panic elsewhere leaves nothing half done in it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{Action, Fault, Faults, FrameKind, Where};

    #[test]
    fn a_rule_counts_only_what_fits() {
        let faults = Faults::default();
        let outcome = Where::Outgoing(FrameKind::Outcome);
        faults.add(
            Fault::at(outcome.clone())
                .of_user("alice")
                .after(1)
                .times(2)
                .then(Action::Cut),
        );
        assert_eq!(faults.strike(&outcome, Some("bob")), None);
        assert_eq!(faults.strike(&Where::Handshake, Some("alice")), None);
        assert_eq!(faults.strike(&outcome, Some("alice")), None);
        assert_eq!(faults.strike(&outcome, Some("alice")), Some(Action::Cut));
        assert_eq!(faults.strike(&outcome, Some("alice")), Some(Action::Cut));
        assert_eq!(faults.strike(&outcome, Some("alice")), None);
        assert_eq!(faults.pending(), 0);
    }
}

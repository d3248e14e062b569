//! What the engine may try in a minute (PROTOCOL.md §3.9), counted from outside.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use fulmar_engine::{Input, Mono, SocketEvent, SocketId};
use fulmar_protocol::{Answer, ApiRequest};

use crate::bench::MINUTE;

/// A token that was not refused for half of its life, which is so long at least and at most, was no failure.
const ACCEPTED: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(10));
/// How many acts of the app in a minute are free tries.
const FREE_ACTS: usize = 6;

/// What the engine does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effort {
    Connection,
    Request,
    Refresh,
}

impl Effort {
    /// How many may come to nothing in 60 s.
    const fn budget(self) -> usize {
        match self {
            Self::Connection => 12,
            Self::Request => 20,
            Self::Refresh => 6,
        }
    }
}

/// What was tried, and what was free.
#[derive(Debug, Default)]
pub(crate) struct Budgets {
    spent: BTreeMap<Effort, VecDeque<Mono>>,
    /// What made progress.
    refunds: BTreeMap<Effort, VecDeque<Mono>>,
    acts: VecDeque<Mono>,
    total: BTreeMap<Effort, usize>,
    /// The budgets are looked at.
    strict: bool,
    /// Whatever is answered may have made progress.
    lenient: bool,
    /// The latest socket that was asked for, and the latest that may have been of use.
    opened: Option<SocketId>,
    proven: Option<SocketId>,
    /// How long the newest token has to be accepted.
    accepted: Option<Duration>,
}

impl Budgets {
    /// From now on they hold.
    pub(crate) fn start(&mut self) {
        self.strict = true;
        self.spent.clear();
        self.total.clear();
    }

    pub(crate) fn stop(&mut self) {
        self.strict = false;
    }

    /// Whatever is answered without a fault counts as progress from now on.
    pub(crate) fn count_progress(&mut self) {
        self.lenient = true;
    }

    /// Another process begins.
    pub(crate) fn forget(&mut self) {
        self.spent.clear();
    }

    /// How many were tried since they hold.
    pub(crate) fn total(&self, effort: Effort) -> usize {
        self.total.get(&effort).copied().unwrap_or_default()
    }

    pub(crate) fn open(&mut self, socket: SocketId, now: Mono) {
        self.opened = Some(socket);
        self.spend(Effort::Connection, now);
    }

    pub(crate) fn spend(&mut self, effort: Effort, now: Mono) {
        if !self.strict {
            return;
        }
        *self.total.entry(effort).or_default() += 1;
        let spent = self.spent.entry(effort).or_default();
        // A token that was not refused for so long was worth its refresh (PROTOCOL.md §3.9).
        let accepted = self.accepted.unwrap_or(ACCEPTED.1);
        if effort == Effort::Refresh && spent.back().is_some_and(|at| at.plus(accepted) <= now) {
            spent.pop_back();
        }
        spent.push_back(now);
        let tried = in_window(spent, now);
        let free = in_window(self.refunds.entry(effort).or_default(), now)
            + in_window(&mut self.acts, now).min(FREE_ACTS);
        assert!(
            tried <= effort.budget() + free,
            "{tried} × {effort:?} within 60 s, and {free} of them were free, at {now}"
        );
    }

    /// One more of these is allowed in the next 60 s: it made progress.
    pub(crate) fn allow(&mut self, effort: Effort, now: Mono) {
        self.refunds.entry(effort).or_default().push_back(now);
    }

    /// The app did something that may have changed what failed.
    pub(crate) fn act(&mut self, now: Mono) {
        self.acts.push_back(now);
    }

    /// What may have brought something on.
    pub(crate) fn hear(&mut self, batch: &[Input], now: Mono) {
        for input in batch {
            if let Some(life) = life_of(input) {
                self.accepted = Some((life / 2).clamp(ACCEPTED.0, ACCEPTED.1));
            }
        }
        if !self.lenient {
            return;
        }
        for input in batch {
            match input {
                Input::Answer { result: Ok(_), .. } | Input::Transferred { result: Ok(_), .. } => {
                    self.allow(Effort::Request, now);
                    self.prove(now);
                }
                Input::Socket {
                    event: SocketEvent::Frame(_),
                    ..
                } => self.prove(now),
                _ => {}
            }
        }
    }

    /// Progress proves a connection, but each only once.
    fn prove(&mut self, now: Mono) {
        if self.proven != self.opened {
            self.proven = self.opened;
            self.allow(Effort::Connection, now);
        }
    }
}

/// How long a token is said to live that has just come.
fn life_of(input: &Input) -> Option<Duration> {
    match input {
        Input::Answer {
            result: Ok(Answer::Session(session)),
            ..
        } => Some(Duration::from_millis(session.expires_in_ms)),
        Input::Token {
            result: Ok(token), ..
        } => token.expires_in,
        _ => None,
    }
}

fn in_window(moments: &mut VecDeque<Mono>, now: Mono) -> usize {
    while moments.front().is_some_and(|at| at.plus(MINUTE) <= now) {
        moments.pop_front();
    }
    moments.len()
}

/// What the engine asks for by itself; the rest is the app's to ask for.
pub(crate) fn effort_of(call: &ApiRequest) -> Option<Effort> {
    match call {
        ApiRequest::Refresh(_) => Some(Effort::Refresh),
        ApiRequest::SignOut(_)
        | ApiRequest::Submit(_)
        | ApiRequest::Sync { .. }
        | ApiRequest::Snapshot
        | ApiRequest::CreateUpload(_)
        | ApiRequest::FindUpload(_)
        | ApiRequest::EndUpload(_)
        | ApiRequest::SendChunk { .. }
        | ApiRequest::FetchChunk { .. } => Some(Effort::Request),
        ApiRequest::SignIn(_)
        | ApiRequest::Register(_)
        | ApiRequest::Me
        | ApiRequest::UpdateMe(_)
        | ApiRequest::DeleteAccount(_)
        | ApiRequest::SetPushToken { .. }
        | ApiRequest::RemovePushToken { .. }
        | ApiRequest::Block(_)
        | ApiRequest::Unblock(_)
        | ApiRequest::Sessions
        | ApiRequest::EndSession(_)
        | ApiRequest::Messages { .. }
        | ApiRequest::Search { .. }
        | ApiRequest::Versions { .. } => None,
    }
}

//! How often a device tries what comes to nothing, counted from outside, by PROTOCOL.md §3.9: whatever the
//! weather or the server does, no engine may ask without rest.

use std::collections::{BTreeMap, VecDeque};

use fulmar_engine::{Effect, SocketId};
use fulmar_protocol::{Answer, ApiRequest, ServerFrame};

/// Tries are counted in so long, in virtual milliseconds.
const WINDOW: u64 = 60_000;
/// A socket that lived for so long was no failure.
const PROVEN: u64 = 60_000;
/// A token that was not refused for so long was no failure.
const ACCEPTED: u64 = 10_000;
/// Free tries of the app in one window.
const FREE: usize = 6;

/// What is tried, and how often in one window it may come to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effort {
    Connection,
    Request,
    Refresh,
}

impl Effort {
    const fn budget(self) -> usize {
        match self {
            Self::Connection => 12,
            Self::Request => 20,
            Self::Refresh => 6,
        }
    }

    /// What carrying out an effect takes.
    fn of(effect: &Effect) -> Option<Self> {
        match effect {
            Effect::OpenSocket { .. } => Some(Self::Connection),
            Effect::SendChunk { .. } | Effect::FetchChunk { .. } => Some(Self::Request),
            Effect::FetchToken { .. } => Some(Self::Refresh),
            Effect::Request { call, .. } => Self::of_call(call),
            _ => None,
        }
    }

    /// What the app asks for is asked once, however often it asks.
    fn of_call(call: &ApiRequest) -> Option<Self> {
        match call {
            ApiRequest::Refresh(_) => Some(Self::Refresh),
            ApiRequest::Submit(_)
            | ApiRequest::Sync { .. }
            | ApiRequest::Snapshot
            | ApiRequest::SignOut(_)
            | ApiRequest::CreateUpload(_)
            | ApiRequest::FindUpload(_) => Some(Self::Request),
            _ => None,
        }
    }
}

/// The tries of one process.
#[derive(Debug, Default)]
pub(crate) struct Efforts {
    spent: BTreeMap<Effort, VecDeque<u64>>,
    /// When each socket was asked for; one that was good is not here any more.
    sockets: BTreeMap<SocketId, u64>,
}

impl Efforts {
    /// The device does something.
    pub(crate) fn tried(&mut self, effect: &Effect, now: u64) -> Result<(), String> {
        if let Effect::OpenSocket { socket, .. } = effect {
            self.sockets.insert(*socket, now);
        }
        let Some(effort) = Effort::of(effect) else {
            return Ok(());
        };
        let spent = self.spent.entry(effort).or_default();
        if effort == Effort::Refresh && spent.back().is_some_and(|at| at + ACCEPTED <= now) {
            spent.pop_back();
        }
        spent.push_back(now);
        while spent.front().is_some_and(|at| at + WINDOW <= now) {
            spent.pop_front();
        }
        if spent.len() > effort.budget() + FREE {
            return Err(format!(
                "{} tries ({effort:?}) in a minute that came to nothing",
                spent.len()
            ));
        }
        Ok(())
    }

    /// A frame came in.
    pub(crate) fn heard(&mut self, socket: SocketId, frame: &ServerFrame) {
        let good = match frame {
            ServerFrame::Events(frame) => !frame.events.is_empty(),
            ServerFrame::Outcome(frame) => !frame.outcomes.is_empty(),
            _ => false,
        };
        if good && self.sockets.remove(&socket).is_some() {
            self.take_back(Effort::Connection);
        }
    }

    /// A socket ended.
    pub(crate) fn ended(&mut self, socket: SocketId, now: u64) {
        if let Some(since) = self.sockets.remove(&socket)
            && now >= since + PROVEN
        {
            self.take_back(Effort::Connection);
        }
    }

    /// Something was answered.
    pub(crate) fn answered(&mut self, answer: &Answer) {
        let good = match answer {
            Answer::Operations(answer) => !answer.outcomes.is_empty(),
            Answer::Sync(page) => !page.events.is_empty(),
            Answer::Snapshot(_) | Answer::UploadCreated(_) | Answer::SignedOut => true,
            _ => false,
        };
        if good {
            self.take_back(Effort::Request);
        }
    }

    /// A part of a file went up or came.
    pub(crate) fn transferred(&mut self) {
        self.take_back(Effort::Request);
    }

    fn take_back(&mut self, effort: Effort) {
        if let Some(spent) = self.spent.get_mut(&effort) {
            spent.pop_back();
        }
    }
}

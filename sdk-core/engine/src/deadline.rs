//! Every timer of the engine, in one table with one minimum.
//!
//! There are no timer effects: the driver asks for the next deadline, waits for it or for an input,
//! and calls the engine. Deadlines live in memory only; `open` sets them anew from the rows.

use std::collections::BTreeMap;

use fulmar_protocol::{ContentHash, SubmitId};

use crate::effect::RequestId;
use crate::store::{ConversationKey, LaneId, UploadKey};
use crate::time::Mono;

/// Why the engine wants to be called at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// The next try to connect.
    Reconnect,
    /// The socket opened or the hello went out, and no `ready` came.
    ReadyMissing,
    /// Time to ask for a sign of life.
    Heartbeat,
    /// A sign of life did not come.
    PongMissing,
    /// Time to get a new access token.
    RefreshToken,
    /// Time to ask for events over HTTP.
    Poll,
    /// Time to ask again for missed events or a snapshot.
    FetchAgain,
    /// An HTTP answer did not come.
    AnswerMissing(RequestId),
    /// An outcome did not come.
    OutcomeMissing(SubmitId),
    /// Time to tell what was delivered here.
    TellDelivered,
    /// The user has pressed no key for a while.
    TypingIdle(ConversationKey),
    /// Somebody who typed was not heard of for a while.
    TypingExpires(ConversationKey),
    /// Messages wait for the index of the search.
    Index,
    /// A lane was told to wait.
    LaneRetry(LaneId),
    /// A file that is to go up was told to wait.
    UploadAgain(UploadKey),
    /// A file that is to come was told to wait.
    DownloadAgain(ContentHash),
}

/// A moment and the reason for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// When to call the engine, at the latest.
    pub at: Mono,
    /// What is due then.
    pub why: Why,
}

#[derive(Debug, Default)]
pub(crate) struct Deadlines {
    table: BTreeMap<Why, Mono>,
}

impl Deadlines {
    pub(crate) fn set(&mut self, why: Why, at: Mono) {
        self.table.insert(why, at);
    }

    pub(crate) fn clear(&mut self, why: Why) {
        self.table.remove(&why);
    }

    pub(crate) fn get(&self, why: Why) -> Option<Mono> {
        self.table.get(&why).copied()
    }

    /// Whatever was told to wait need not wait any longer.
    pub(crate) fn clear_retries(&mut self) {
        self.table.retain(|why, _| {
            !matches!(
                why,
                Why::LaneRetry(_) | Why::UploadAgain(_) | Why::DownloadAgain(_)
            )
        });
    }

    pub(crate) fn resting_lanes(&self) -> impl Iterator<Item = LaneId> + '_ {
        self.table.keys().filter_map(|why| match why {
            Why::LaneRetry(lane) => Some(*lane),
            _ => None,
        })
    }

    pub(crate) fn next(&self) -> Option<Deadline> {
        self.table
            .iter()
            .map(|(why, at)| Deadline { at: *at, why: *why })
            .min_by_key(|deadline| (deadline.at, deadline.why))
    }

    /// Takes one deadline that has come, the earliest first.
    pub(crate) fn take_due(&mut self, now: Mono) -> Option<Why> {
        let due = self.next().filter(|deadline| deadline.at <= now)?;
        self.clear(due.why);
        Some(due.why)
    }
}

#[cfg(test)]
mod tests {
    use super::{Deadlines, Why};
    use crate::time::Mono;

    #[test]
    fn the_earliest_comes_first_and_only_when_due() {
        let mut deadlines = Deadlines::default();
        deadlines.set(Why::Heartbeat, Mono(30));
        deadlines.set(Why::Reconnect, Mono(10));
        assert_eq!(deadlines.next().map(|d| d.why), Some(Why::Reconnect));
        assert_eq!(deadlines.take_due(Mono(9)), None);
        assert_eq!(deadlines.take_due(Mono(30)), Some(Why::Reconnect));
        assert_eq!(deadlines.take_due(Mono(30)), Some(Why::Heartbeat));
        assert_eq!(deadlines.next(), None);
    }
}

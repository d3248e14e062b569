//! Every timer of the engine, each with the fact of the protocol that it stands for.
//!
//! There are no timer effects: the driver asks for the next timeout, waits for it or for an input, and
//! calls the engine. Each machine has a table of its own for the timers that it sets, so that no other
//! can set or clear them. Timers live in memory only; `open` derives them anew from the rows.

use std::collections::BTreeMap;

use fulmar_protocol::{ContentHash, SubmitId};

use crate::io::RequestId;
use crate::store::{ConversationKey, LaneId, UploadKey};
use crate::time::Mono;

/// Why the engine wants to be called at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The next try to connect (PROTOCOL.md §3.9).
    Reconnect,
    /// The socket opened or the hello went out, and no `ready` came (§3.3).
    ReadyMissing,
    /// Time to send a `ping`: `heartbeatMs` has passed (§3.5).
    Heartbeat,
    /// The `pong` did not come in time: the connection is dead (§3.5).
    PongMissing,
    /// The socket has lived for so long that it counts as a success (§3.9).
    SocketProven,
    /// Time to get a new access token, shortly before this one runs out (§7.2).
    RefreshToken,
    /// Time to tell the server again that a session was ended here (§7.1).
    TellSignOut,
    /// Time to ask for events over HTTP (§6.3).
    Poll,
    /// Time to ask again for missed events or a snapshot (§6.3, §3.9).
    FetchAgain,
    /// An HTTP answer did not come in time: that is no answer (§8).
    AnswerMissing(RequestId),
    /// The `outcome` of a submit did not come over a socket (§5.3).
    OutcomeMissing(SubmitId),
    /// Time to submit again over HTTP (§7.3, §3.9).
    SubmitAgain,
    /// Time to tell what was delivered here (§5.5).
    TellDelivered,
    /// The user has pressed no key for 1 s (§3.10).
    TypingIdle(ConversationKey),
    /// Nothing was heard of a person who typed for 3 s (§3.10).
    TypingExpires(ConversationKey),
    /// Messages wait for the index of the search.
    Index,
    /// What remains in the file of what is gone is cleaned away.
    Clean,
    /// A lane waits before its next try (§8, §3.9).
    LaneRetry(LaneId),
    /// A file that is to go up waits before its next try (§7.10).
    UploadAgain(UploadKey),
    /// A file that is to come waits before its next try (§7.10).
    DownloadAgain(ContentHash),
}

/// A moment and the reason for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeout {
    /// When to call the engine, at the latest.
    pub at: Mono,
    /// What is due then.
    pub timer: Timer,
}

/// The timers that one machine has set.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    table: BTreeMap<Timer, Mono>,
}

impl Timers {
    /// How many are set, for the simulation.
    #[cfg(feature = "defects")]
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    pub(crate) fn set(&mut self, timer: Timer, at: Mono) {
        self.table.insert(timer, at);
    }

    pub(crate) fn clear(&mut self, timer: Timer) {
        self.table.remove(&timer);
    }

    pub(crate) fn clear_all(&mut self) {
        self.table.clear();
    }

    pub(crate) fn get(&self, timer: Timer) -> Option<Mono> {
        self.table.get(&timer).copied()
    }

    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.table.contains_key(&timer)
    }

    /// The earliest of them.
    pub(crate) fn next(&self) -> Option<Timeout> {
        let earliest = self.table.iter().min_by_key(|(timer, at)| (**at, **timer));
        earliest.map(|(timer, at)| Timeout {
            at: *at,
            timer: *timer,
        })
    }
}

/// A machine with timers.
pub(crate) trait Timed {
    fn timers(&self) -> &Timers;
    fn timers_mut(&mut self) -> &mut Timers;
}

#[cfg(test)]
mod tests {
    use super::{Timeout, Timer, Timers};
    use crate::time::Mono;

    #[test]
    fn the_earliest_timer_is_next_and_a_cleared_one_is_gone() {
        let mut timers = Timers::default();
        timers.set(Timer::Heartbeat, Mono(30));
        timers.set(Timer::Reconnect, Mono(10));
        timers.set(Timer::Poll, Mono(20));
        timers.clear(Timer::Poll);
        let timer = Timer::Reconnect;
        assert_eq!(
            timers.next(),
            Some(Timeout {
                at: Mono(10),
                timer
            })
        );
        timers.clear(timer);
        assert_eq!(timers.next().map(|next| next.timer), Some(Timer::Heartbeat));
        assert_eq!(timers.get(Timer::Poll), None);
    }
}

//! Following the event log (PROTOCOL.md §6): what is missing, how it is got, and what it writes.
//!
//! The cursor is the last event that is committed here. A hole in the numbers is fetched over HTTP; a log
//! that does not reach back that far is replaced by a snapshot. Events are never applied out of order, and
//! never twice. What cannot be understood goes to quarantine and stops nothing. Everything that is written
//! is idempotent, because outcome, event, page and push tell the same thing, in any order.

mod apply;
mod fetch;
mod live;
mod pushed;
mod quarantine;
mod snapshot;
#[cfg(test)]
mod tests;

use fulmar_protocol::{LogId, OperationKey, Seq, UserId};

use crate::defects::{self, Defect};
use crate::io::RequestId;
use crate::store::{ConversationKey, Result, log};
use crate::timer::{Timed, Timer, Timers};
use crate::tx::Tx;

pub(crate) use apply::Told;

/// What was learned from the server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SyncNews {
    /// The cursor is where it never was: progress.
    Progress,
    /// A message is at the server; if it was one of ours in the outbox, it is confirmed.
    Confirmed(OperationKey),
    /// The log has told of everything up to here.
    ToldUpTo(Seq),
    /// Something of others came in.
    Delivered(ConversationKey),
    /// A person wrote a message, so they have stopped typing.
    Wrote(ConversationKey, UserId),
    /// The user takes no part in a conversation any more.
    Left(ConversationKey),
    /// Messages went from here that may have changed since a page was asked for.
    PagesOutdated,
    /// One more message is on this device.
    Stored,
    /// Where the server may not know what was delivered here has to be found out anew.
    DeliveriesUnknown,
    /// Who is blocked was told.
    BlocksTold,
    /// The store follows another log from now on: numbers mean something else.
    LogReplaced,
    /// The socket follows another log than this store.
    OtherLog,
}

/// What has to be fetched before live events can be applied again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Missing {
    #[default]
    Nothing,
    Events,
    Everything,
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fetch {
    Events,
    Snapshot,
}

/// The log that the current socket follows, and how far it said that it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SocketLog {
    log_id: LogId,
    head: Seq,
}

/// How far this store has followed the log.
#[derive(Debug, Default)]
pub(crate) struct Sync {
    log_id: Option<LogId>,
    cursor: Seq,
    missing: Missing,
    fetching: Option<(RequestId, Fetch)>,
    /// The farthest that any log was followed: less is no progress, because it was here before.
    farthest: Seq,
    /// The newest event of this log that is known to exist.
    known_head: Seq,
    socket: Option<SocketLog>,
    /// Fetches in a row that brought nothing.
    failures: u32,
    /// Pages in a row that said that there is nothing beyond the cursor.
    empty_pages: u32,
    timers: Timers,
}

impl Timed for Sync {
    fn timers(&self) -> &Timers {
        &self.timers
    }

    fn timers_mut(&mut self) -> &mut Timers {
        &mut self.timers
    }
}

impl Sync {
    /// Takes up where the rows say.
    pub(crate) fn of(tx: &Tx<'_>) -> Result<Self> {
        let (log_id, cursor) = log::position(&tx.db)?;
        Ok(Self {
            log_id,
            cursor,
            farthest: cursor,
            ..Self::default()
        })
    }

    /// What a `hello` says of this store.
    pub(crate) fn position(&self) -> (Option<LogId>, Seq) {
        (self.log_id.clone(), self.cursor)
    }

    /// Whether everything that is known to exist is here.
    pub(crate) fn is_current(&self) -> bool {
        self.missing == Missing::Nothing && self.cursor >= self.known_head
    }

    /// Whether what goes out now may be answered in the numbers of a log that this store does not follow yet: the
    /// snapshot of that log would take the answer away again, until the log tells of it. So it is before the first
    /// snapshot of all: an answer would be of a log that has no name here, and stay when that log is lost.
    pub(crate) fn is_between_logs(&self) -> bool {
        if defects::active(Defect::BetweenLogs) {
            return false;
        }
        if self.log_id.is_none() {
            return true;
        }
        match &self.socket {
            Some(socket) => Some(&socket.log_id) != self.log_id.as_ref(),
            None => self.missing == Missing::Everything,
        }
    }

    /// The cursor moved. Whether it is farther than it ever was.
    fn moved_on(&mut self) -> bool {
        let farther = self.cursor > self.farthest;
        self.farthest = self.farthest.max(self.cursor);
        farther
    }

    fn need_snapshot(&mut self) {
        self.missing = Missing::Everything;
    }

    /// There may be events that are not here.
    pub(crate) fn need_events(&mut self) {
        self.missing = self.missing.max(Missing::Events);
    }

    /// Something changed for the better: what waits need not wait any longer.
    pub(crate) fn retry_now(&mut self) {
        self.timers.clear(Timer::FetchAgain);
    }

    /// A submit was answered in another log than the one that this store follows. A socket has said which one there is
    /// now; without one it has to be found out.
    pub(crate) fn answered_by_another_log(&mut self) {
        if self.socket.is_none() {
            self.need_snapshot();
        }
    }

    /// There is no socket any more.
    pub(crate) fn socket_lost(&mut self) {
        self.socket = None;
    }
}

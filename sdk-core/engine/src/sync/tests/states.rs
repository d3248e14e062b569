//! What a follower can be, what can happen to it, and how a test brings it there. The table is in `table.rs`.

use std::time::Duration;

use fulmar_protocol::{Answer, Code, LogId, Seq};

use super::{Follower, Result, log_id, page, snapshot, written};
use crate::io::RequestId;
use crate::pace::Gate;
use crate::store::account;
use crate::sync::{Fetch, Missing, SyncNews};
use crate::testing::every;
use crate::testing::server::{problem, unreachable};
use crate::timer::{Timed, Timer};

const NOBODY: RequestId = RequestId(u64::MAX);

/// Where the tests begin: a store that has followed the log "a" up to the third event, over a socket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum State {
    /// A new store, which knows of no log.
    New,
    FetchingTheFirst,
    Current,
    WithoutSocket,
    /// The socket follows the log "b".
    OtherSocket,
    /// Events are missing, but nothing is asked yet.
    Behind,
    /// The page did not come; it is asked for later.
    Resting,
    FetchingEvents,
    /// A snapshot is needed, but nothing is asked yet.
    Replaced,
    /// The snapshot did not come; it is asked for later.
    ReplacedResting,
    FetchingSnapshot,
    /// A snapshot became necessary while a page is on its way.
    FetchingInVain,
}

/// What can happen to a follower.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Input {
    Connected,
    ConnectedToAnotherLog,
    Reset,
    ResetToAnotherLog,
    OldEvents,
    NextEvents,
    EventsBehindAHole,
    HeadBehind,
    HeadAhead,
    SocketLost,
    MayBeMissing,
    RetryNow,
    Reconcile,
    ReconcileLater,
    ReconcileWithoutToken,
    Page,
    PageOfAnotherLog,
    EmptyPage,
    PageWithAHole,
    Snapshot,
    OldSnapshot,
    SnapshotOfAnotherLog,
    ResetAnswer,
    Refused,
    TokenRefused,
    Unreachable,
    OtherAnswer,
}

/// What an input answers, while the log goes up to the sixth event.
pub(super) fn answer(input: Input) -> Option<Result<Answer>> {
    Some(match input {
        Input::Page => Ok(page("a", (4..=6).map(written).collect(), 6)),
        Input::PageOfAnotherLog => Ok(page("b", vec![written(4)], 4)),
        Input::EmptyPage => Ok(page("a", vec![], 3)),
        Input::PageWithAHole => Ok(page("a", vec![written(4), written(6)], 6)),
        Input::Snapshot => Ok(snapshot("a", 6)),
        Input::OldSnapshot => Ok(snapshot("a", 2)),
        Input::SnapshotOfAnotherLog => Ok(snapshot("b", 2)),
        Input::ResetAnswer => Err(problem(Code::SyncReset)),
        Input::Refused => Err(problem(Code::ParamsInvalid)),
        Input::TokenRefused => Err(problem(Code::TokenExpired)),
        Input::Unreachable => Err(unreachable()),
        Input::OtherAnswer => Ok(Answer::UploadEnded),
        Input::Connected
        | Input::ConnectedToAnotherLog
        | Input::Reset
        | Input::ResetToAnotherLog
        | Input::OldEvents
        | Input::NextEvents
        | Input::EventsBehindAHole
        | Input::HeadBehind
        | Input::HeadAhead
        | Input::SocketLost
        | Input::MayBeMissing
        | Input::RetryNow
        | Input::Reconcile
        | Input::ReconcileLater
        | Input::ReconcileWithoutToken => return None,
    })
}

impl Follower {
    pub(super) fn under_way(&self) -> RequestId {
        self.sync.fetching.map_or(NOBODY, |(request, _)| request)
    }

    pub(super) fn happens(&mut self, input: Input) -> Vec<SyncNews> {
        if let Some(answer) = answer(input) {
            return self.answer(self.under_way(), answer).result;
        }
        match input {
            Input::Connected => return vec![self.sync.connected(log_id("a"), Seq(6))],
            Input::ConnectedToAnotherLog => return vec![self.sync.connected(log_id("b"), Seq(6))],
            Input::Reset => self.sync.reset(log_id("a"), Seq(6)),
            Input::ResetToAnotherLog => self.sync.reset(log_id("b"), Seq(2)),
            Input::OldEvents => return self.events(&[written(1), written(2)]).result,
            Input::NextEvents => return self.events(&[written(4), written(5)]).result,
            Input::EventsBehindAHole => return self.events(&[written(6)]).result,
            Input::HeadBehind => self.sync.head_seen(Seq(1)),
            Input::HeadAhead => self.sync.head_seen(Seq(6)),
            Input::SocketLost => self.sync.socket_lost(),
            Input::MayBeMissing => self.sync.need_events(),
            Input::RetryNow => self.sync.retry_now(),
            Input::Reconcile => drop(self.reconcile()),
            Input::ReconcileLater => {
                let later = self.bench.now().mono.plus(Duration::from_secs(9));
                drop(self.reconcile_with(Gate::ClosedUntil(later)));
            }
            Input::ReconcileWithoutToken => {
                let sync = &mut self.sync;
                self.bench.run(|tx| sync.reconcile(tx, None, Gate::OPEN));
            }
            other => panic!("{other:?} is an answer"),
        }
        Vec::new()
    }

    /// The state, in short: where it is in which log, what is missing, what is asked, and whether it waits.
    pub(super) fn state(&self) -> String {
        let (log, cursor) = self.sync.position();
        let log = log.as_ref().map_or("", LogId::as_str);
        let missing = match self.sync.missing {
            Missing::Nothing if self.sync.is_current() => "",
            Missing::Nothing => " -?",
            Missing::Events => " -events",
            Missing::Everything => " -all",
        };
        let asked = match self.sync.fetching {
            None => "",
            Some((_, Fetch::Events)) => " ?page",
            Some((_, Fetch::Snapshot)) => " ?snapshot",
        };
        let waits = self.sync.timers().is_set(Timer::FetchAgain);
        let waits = if waits { " waits" } else { "" };
        format!("{log}{}{missing}{asked}{waits}", cursor.0)
    }
}

/// What others are told, in short.
pub(super) fn said(news: &[SyncNews]) -> String {
    let names = news.iter().map(|news| match news {
        SyncNews::Progress => " +progress",
        SyncNews::PagesOutdated => " +pages",
        SyncNews::OtherLog => " +otherLog",
        SyncNews::DeliveriesUnknown => " +deliveries",
        SyncNews::Left(_) => " +left",
        // These go with each message, and have tests of their own.
        SyncNews::Confirmed(_)
        | SyncNews::Delivered(_)
        | SyncNews::Wrote(_, _)
        | SyncNews::Stored
        | SyncNews::BlocksTold
        | SyncNews::LogReplaced
        | SyncNews::ToldUpTo(_) => "",
    });
    names.collect()
}

/// Brings a follower there, in a store that was used before.
pub(super) fn bring(device: &mut Follower, state: State) {
    use Input::{
        ConnectedToAnotherLog, MayBeMissing, Reconcile, ResetAnswer, SocketLost, Unreachable,
    };
    device.bench.run(|tx| account::wipe(&tx.db).unwrap());
    device.restart();
    if state != State::New && state != State::FetchingTheFirst {
        device.sync.connected(log_id("a"), Seq(3));
        device.fetch(Ok(snapshot("a", 3)));
        assert_eq!(device.state(), "a3");
    }
    let inputs: &[Input] = match state {
        State::New | State::Current => &[],
        State::FetchingTheFirst => &[MayBeMissing, Reconcile],
        State::WithoutSocket => &[SocketLost],
        State::OtherSocket => &[ConnectedToAnotherLog],
        State::Behind => &[MayBeMissing],
        State::Resting => &[MayBeMissing, Reconcile, Unreachable],
        State::FetchingEvents => &[MayBeMissing, Reconcile],
        State::Replaced => &[MayBeMissing, Reconcile, ResetAnswer],
        State::ReplacedResting => &[MayBeMissing, Reconcile, ResetAnswer, Reconcile, Unreachable],
        State::FetchingSnapshot => &[MayBeMissing, Reconcile, ResetAnswer, Reconcile],
        State::FetchingInVain => &[MayBeMissing, Reconcile, Input::Reset],
    };
    for input in inputs {
        device.happens(*input);
    }
    if state == State::OtherSocket {
        // The log is still the same over HTTP.
        device.fetch(Ok(snapshot("a", 3)));
        device.sync.retry_now();
    }
}

#[rustfmt::skip]
pub(super) fn states() -> [State; 12] {
    every!(State {
        State::New => [State::New],
        State::FetchingTheFirst => [State::FetchingTheFirst],
        State::Current => [State::Current],
        State::WithoutSocket => [State::WithoutSocket],
        State::OtherSocket => [State::OtherSocket],
        State::Behind => [State::Behind],
        State::Resting => [State::Resting],
        State::FetchingEvents => [State::FetchingEvents],
        State::Replaced => [State::Replaced],
        State::ReplacedResting => [State::ReplacedResting],
        State::FetchingSnapshot => [State::FetchingSnapshot],
        State::FetchingInVain => [State::FetchingInVain],
    })
}

#[rustfmt::skip]
pub(super) fn inputs() -> [Input; 27] {
    every!(Input {
        Input::Connected => [Input::Connected],
        Input::ConnectedToAnotherLog => [Input::ConnectedToAnotherLog],
        Input::Reset => [Input::Reset],
        Input::ResetToAnotherLog => [Input::ResetToAnotherLog],
        Input::OldEvents => [Input::OldEvents],
        Input::NextEvents => [Input::NextEvents],
        Input::EventsBehindAHole => [Input::EventsBehindAHole],
        Input::HeadBehind => [Input::HeadBehind],
        Input::HeadAhead => [Input::HeadAhead],
        Input::SocketLost => [Input::SocketLost],
        Input::MayBeMissing => [Input::MayBeMissing],
        Input::RetryNow => [Input::RetryNow],
        Input::Reconcile => [Input::Reconcile],
        Input::ReconcileLater => [Input::ReconcileLater],
        Input::ReconcileWithoutToken => [Input::ReconcileWithoutToken],
        Input::Page => [Input::Page],
        Input::PageOfAnotherLog => [Input::PageOfAnotherLog],
        Input::EmptyPage => [Input::EmptyPage],
        Input::PageWithAHole => [Input::PageWithAHole],
        Input::Snapshot => [Input::Snapshot],
        Input::OldSnapshot => [Input::OldSnapshot],
        Input::SnapshotOfAnotherLog => [Input::SnapshotOfAnotherLog],
        Input::ResetAnswer => [Input::ResetAnswer],
        Input::Refused => [Input::Refused],
        Input::TokenRefused => [Input::TokenRefused],
        Input::Unreachable => [Input::Unreachable],
        Input::OtherAnswer => [Input::OtherAnswer],
    })
}

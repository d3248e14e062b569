//! Events in order, repeated, with holes, of another log; and every state with every input.

use fulmar_protocol::{Code, Seq};

use super::{Follower, honest, log_id, page, snapshot, written};
use crate::sync::{Fetch, Missing, SyncNews};
use crate::testing::server::{key, problem, unreachable};

#[test]
fn events_in_order_are_applied_and_are_progress() {
    let mut device = Follower::at(3);
    let step = device.events(&[written(4), written(5)]);
    assert!(step.result.contains(&SyncNews::Progress));
    assert!(step.result.contains(&SyncNews::ToldUpTo(Seq(5))));
    assert!(step.result.contains(&SyncNews::Confirmed(key(5))));
    assert_eq!((device.cursor(), device.head()), (5, 5));
    assert!(device.sync.is_current());
}

#[test]
fn an_event_that_comes_again_changes_nothing() {
    let mut device = Follower::at(3);
    device.events(&[written(4)]);
    for again in [
        vec![written(4)],
        vec![written(2), written(3), written(4)],
        vec![],
    ] {
        let step = device.events(&again);
        assert_eq!(step.result, [], "{again:?}");
        assert!(device.sync.is_current());
    }
    device.events(&[written(4), written(5), written(5), written(6)]);
    assert_eq!(device.cursor(), 6);
}

#[test]
fn nothing_behind_a_hole_is_applied_before_the_hole_is_filled() {
    let mut device = Follower::at(3);
    let step = device.events(&[written(4), written(6)]);
    assert!(step.result.contains(&SyncNews::ToldUpTo(Seq(4))));
    assert_eq!(device.cursor(), 4);
    assert!(!device.sync.is_current());
    assert!(device.message(key(6)).is_none());
    assert_eq!(device.fetch_all(|call| honest("a", 6, call)), 1);
    assert_eq!(device.cursor(), 6);
    assert!(device.sync.is_current());
}

#[test]
fn what_comes_while_a_fetch_is_under_way_is_part_of_the_next_one() {
    let mut device = Follower::at(3);
    device.events(&[written(6)]);
    let (request, _) = device.reconcile().unwrap();
    assert_eq!(device.events(&[written(7)]).result, []);
    assert!(device.reconcile().is_none(), "one at a time");
    device.answer(request, Ok(page("a", (4..=6).map(written).collect(), 6)));
    assert!(!device.sync.is_current(), "the seventh is still missing");
    assert_eq!(device.fetch_all(|call| honest("a", 7, call)), 1);
    assert!(device.sync.is_current());
}

/// The socket of a server whose log is another says nothing about the log that is followed here.
#[test]
fn events_of_another_logs_socket_say_nothing() {
    let mut device = Follower::at(3);
    device.sync.connected(log_id("b"), Seq(3));
    let step = device.fetch(Ok(snapshot("a", 3)));
    assert!(
        step.result.contains(&SyncNews::OtherLog),
        "the socket has to go"
    );
    let step = device.events(&[written(4), written(900)]);
    assert_eq!(step.result, []);
    device.sync.head_seen(Seq(900));
    device.sync.socket_lost();
    assert_eq!(device.cursor(), 3);
    assert!(device.sync.is_current(), "nothing of this log is missing");
}

#[test]
fn a_pong_that_counts_more_than_came_makes_it_fetch() {
    let mut device = Follower::at(3);
    device.sync.head_seen(Seq(3));
    assert!(device.reconcile().is_none());
    device.sync.head_seen(Seq(5));
    assert_eq!(device.fetch_all(|call| honest("a", 5, call)), 1);
    assert_eq!(device.cursor(), 5);
}

#[test]
fn without_a_token_nothing_is_asked() {
    let mut device = Follower::at(3);
    device.sync.need_events();
    let sync = &mut device.sync;
    let step = device
        .bench
        .run(|tx| sync.reconcile(tx, None, crate::pace::Gate::Open));
    assert!(step.asked.is_empty() && step.effects.is_empty());
}

/// What can happen to a follower.
#[derive(Debug, Clone, Copy)]
enum Input {
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
    AnswerThatNobodyAskedFor,
    PageAnswer,
    PageOfAnotherLog,
    EmptyPage,
    PageWithAHole,
    SnapshotAnswer,
    SnapshotOfAnotherLog,
    ResetAnswer,
    TokenRefused,
    Unreachable,
    OtherAnswer,
}

const INPUTS: [Input; 23] = [
    Input::Connected,
    Input::ConnectedToAnotherLog,
    Input::Reset,
    Input::ResetToAnotherLog,
    Input::OldEvents,
    Input::NextEvents,
    Input::EventsBehindAHole,
    Input::HeadBehind,
    Input::HeadAhead,
    Input::SocketLost,
    Input::MayBeMissing,
    Input::RetryNow,
    Input::AnswerThatNobodyAskedFor,
    Input::PageAnswer,
    Input::PageOfAnotherLog,
    Input::EmptyPage,
    Input::PageWithAHole,
    Input::SnapshotAnswer,
    Input::SnapshotOfAnotherLog,
    Input::ResetAnswer,
    Input::TokenRefused,
    Input::Unreachable,
    Input::OtherAnswer,
];

/// The log goes up to the sixth event while these happen.
fn happens(device: &mut Follower, input: Input) {
    let request = device.sync.fetching.map(|(request, _)| request);
    let request = request.unwrap_or(crate::io::RequestId(u64::MAX));
    let answer = match input {
        Input::Connected => {
            device.sync.connected(log_id("a"), Seq(6));
            return;
        }
        Input::ConnectedToAnotherLog => {
            device.sync.connected(log_id("b"), Seq(6));
            return;
        }
        Input::Reset => return device.sync.reset(log_id("a"), Seq(6)),
        Input::ResetToAnotherLog => return device.sync.reset(log_id("b"), Seq(2)),
        Input::OldEvents => return drop(device.events(&[written(1), written(2)])),
        Input::NextEvents => return drop(device.events(&[written(4), written(5)])),
        Input::EventsBehindAHole => return drop(device.events(&[written(6)])),
        Input::HeadBehind => return device.sync.head_seen(Seq(1)),
        Input::HeadAhead => return device.sync.head_seen(Seq(6)),
        Input::SocketLost => return device.sync.socket_lost(),
        Input::MayBeMissing => return device.sync.need_events(),
        Input::RetryNow => return device.sync.retry_now(),
        Input::AnswerThatNobodyAskedFor => {
            let step = device.answer(crate::io::RequestId(u64::MAX), Ok(snapshot("z", 99)));
            assert_eq!(step.result, []);
            return;
        }
        Input::PageAnswer => Ok(page("a", (4..=6).map(written).collect(), 6)),
        Input::PageOfAnotherLog => Ok(page("b", vec![written(4)], 4)),
        Input::EmptyPage => Ok(page("a", vec![], 3)),
        Input::PageWithAHole => Ok(page("a", vec![written(4), written(6)], 6)),
        Input::SnapshotAnswer => Ok(snapshot("a", 6)),
        Input::SnapshotOfAnotherLog => Ok(snapshot("b", 2)),
        Input::ResetAnswer => Err(problem(Code::SyncReset)),
        Input::TokenRefused => Err(problem(Code::TokenExpired)),
        Input::Unreachable => Err(unreachable()),
        Input::OtherAnswer => Ok(fulmar_protocol::Answer::UploadEnded),
    };
    device.answer(request, answer.clone());
    // The same once more is nobody's.
    assert_eq!(device.answer(request, answer).result, []);
}

/// Brings a follower to the third event, where it misses this, and has asked for it or not.
fn bring(device: &mut Follower, missing: Missing, fetching: Option<Fetch>) {
    device.restart();
    device.sync.connected(log_id("a"), Seq(3));
    device.sync.need_snapshot();
    device.fetch(Ok(snapshot("a", 3)));
    device.sync.retry_now();
    device.sync.failures = 0;
    assert!(device.sync.is_current());
    match fetching {
        None => {}
        Some(Fetch::Events) => {
            device.sync.need_events();
            device.reconcile().unwrap();
        }
        Some(Fetch::Snapshot) => {
            device.sync.need_snapshot();
            device.reconcile().unwrap();
        }
    }
    match missing {
        Missing::Nothing => {}
        Missing::Events => device.sync.need_events(),
        Missing::Everything => device.sync.need_snapshot(),
    }
}

/// Whatever happens in whatever state, with an honest server the device is current in the end, after few
/// requests, and the store says the same as the machine.
#[test]
fn every_state_and_every_input_end_with_everything_here() {
    let mut device = Follower::at(3);
    for missing in [Missing::Nothing, Missing::Events, Missing::Everything] {
        for fetching in [None, Some(Fetch::Events), Some(Fetch::Snapshot)] {
            for input in INPUTS {
                let case = format!("{missing:?}, {fetching:?}: {input:?}");
                bring(&mut device, missing, fetching);
                happens(&mut device, input);
                assert_ends_well(&mut device, &case);
            }
        }
    }
}

/// The same for two in a row, while events are fetched.
#[test]
fn every_two_inputs_end_with_everything_here() {
    let mut device = Follower::at(3);
    for first in INPUTS {
        for second in INPUTS {
            bring(&mut device, Missing::Events, Some(Fetch::Events));
            happens(&mut device, first);
            device.reconcile();
            happens(&mut device, second);
            assert_ends_well(&mut device, &format!("{first:?}, {second:?}"));
        }
    }
}

/// What is still under way is lost, and the server says over a new socket how far its log goes.
fn assert_ends_well(device: &mut Follower, case: &str) {
    if let Some((request, _)) = device.sync.fetching {
        device.answer(request, Err(unreachable()));
    }
    device.sync.socket_lost();
    device.sync.connected(log_id("a"), Seq(6));
    device.sync.head_seen(Seq(6));
    let asked = device.fetch_all(|call| honest("a", 6, call));
    assert!(asked <= 3, "{case}: asked {asked} times");
    assert!(device.sync.is_current(), "{case}");
    assert_eq!(device.stored(), (Some(log_id("a")), 6), "{case}");
    assert_eq!(device.head(), 6, "{case}");
}

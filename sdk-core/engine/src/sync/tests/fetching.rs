//! Asking for what is missing: what brings nothing is asked for with growing waits, whatever the answer.

use std::time::Duration;

use fulmar_protocol::{Answer, ApiRequest, Code, FailureClass, Problem, Seq};

use super::{Follower, honest, log_id, page, snapshot, written};
use crate::io::RequestFailure;
use crate::pace::Gate;
use crate::sync::{Missing, SyncNews};
use crate::testing::server::{foreign, problem, unreachable};
use crate::time::Mono;
use crate::timer::{Timed, Timer};

const TEN_MINUTES: Duration = Duration::from_secs(600);
/// With waits of 15 to 30 s, each for a page and a snapshot, and the shorter ones at the beginning.
const FEW: usize = 100;

#[test]
fn a_new_device_begins_with_a_snapshot() {
    let mut device = Follower::new();
    device.sync.need_events();
    let (_, call) = device.reconcile().unwrap();
    assert!(matches!(call, ApiRequest::Snapshot));
}

/// One stale replica behind a balancer: a pong counts what the pages do not have.
#[test]
fn a_head_that_no_page_brings_is_forgotten_after_a_few_tries() {
    let mut device = Follower::at(3);
    device.sync.head_seen(Seq(50));
    let asked = device.fetch_all(|_| Ok(page("a", vec![], 3)));
    assert!((3..=4).contains(&asked), "asked {asked} times");
    assert!(device.sync.is_current());
    // The next event is applied as ever.
    device.events(&[written(4)]);
    assert_eq!(device.cursor(), 4);
    // And each pong may ask anew.
    device.sync.head_seen(Seq(50));
    assert!(device.fetch_all(|_| Ok(page("a", vec![], 4))) <= 4);
    assert!(device.sync.is_current());
}

/// The same at the beginning of a connection, where the snapshot does not have it either.
#[test]
fn a_head_that_no_snapshot_brings_is_forgotten_after_a_few_tries() {
    let mut device = Follower::new();
    device.sync.connected(log_id("a"), Seq(50));
    let asked = device.fetch_all(|call| honest("a", 3, call));
    assert!(asked <= 5, "asked {asked} times");
    assert!(device.sync.is_current());
    assert_eq!(device.cursor(), 3);
}

/// A page that claims more than it brings is never believed to be the end, and never asked for without rest.
#[test]
fn pages_that_bring_nothing_are_asked_for_with_rests() {
    let mut device = Follower::at(3);
    device.sync.head_seen(Seq(50));
    let asked = device.live(TEN_MINUTES, |_| Ok(page("a", vec![], 50)));
    assert!((10..=FEW).contains(&asked), "asked {asked} times");
    assert!(!device.sync.is_current());
    device.fetch_all(|call| honest("a", 50, call));
    assert!(device.sync.is_current());
}

/// Only answers say that there is nothing more; a network that is away says nothing.
#[test]
fn failures_of_the_network_do_not_make_an_empty_page_the_end() {
    let mut device = Follower::at(3);
    device.sync.head_seen(Seq(4));
    for _ in 0..5 {
        device.fetch(Err(unreachable()));
        device.wait();
    }
    device.fetch(Ok(page("a", vec![], 3)));
    assert!(!device.sync.is_current(), "one stale page is not enough");
    device.fetch_all(|call| honest("a", 4, call));
    assert_eq!(device.cursor(), 4);
}

#[test]
fn logs_that_take_turns_are_asked_for_with_rests() {
    let mut device = Follower::at(3);
    device.sync.head_seen(Seq(50));
    let mut count = 0;
    let asked = device.live(TEN_MINUTES, |call| {
        count += 1;
        let log = if count % 2 == 0 { "a" } else { "b" };
        Ok(match call {
            ApiRequest::Snapshot => snapshot(log, 3),
            _ => page(log, vec![], 50),
        })
    });
    assert!(asked <= FEW, "asked {asked} times");
}

/// Each time another log: what a snapshot brings of a new one is no progress, however much it is.
#[test]
fn a_log_that_is_new_each_time_is_asked_for_with_rests() {
    let mut device = Follower::at(3);
    device.sync.head_seen(Seq(50));
    let mut count = 0;
    let mut asked = 0;
    for _ in 0..20 {
        asked += device.live(Duration::from_secs(30), |call| {
            count += 1;
            Ok(match call {
                ApiRequest::Snapshot => snapshot(&format!("log-{count}"), 3 + count),
                _ => page(&format!("log-{count}"), vec![], 50),
            })
        });
        device.sync.need_events();
    }
    assert!(asked <= FEW, "asked {asked} times");
}

/// A backup: the log is shorter than what the device has seen, and has another name.
#[test]
fn a_restored_backup_is_live_again_after_one_snapshot() {
    let mut device = Follower::at(10);
    device.sync.socket_lost();
    device.sync.connected(log_id("b"), Seq(4));
    let step = device.fetch(Ok(snapshot("b", 4)));
    assert!(!step.result.contains(&SyncNews::OtherLog));
    assert!(device.sync.is_current());
    assert_eq!(device.stored(), (Some(log_id("b")), 4));
    device.events(&[written(5)]);
    assert_eq!(device.cursor(), 5);
    device.sync.head_seen(Seq(5));
    assert_eq!(device.fetch_all(|call| honest("b", 5, call)), 0);
    assert!(device.sync.is_current());
}

/// The same when HTTP stands in for the socket.
#[test]
fn a_restored_backup_is_noticed_by_a_page_as_well() {
    let mut device = Follower::at(10);
    device.sync.socket_lost();
    device.sync.need_events();
    assert_eq!(device.fetch_all(|call| honest("b", 4, call)), 2);
    assert!(device.sync.is_current());
    assert_eq!(device.stored(), (Some(log_id("b")), 4));
}

#[test]
fn a_server_that_refuses_the_snapshot_too_is_asked_with_rests() {
    let mut device = Follower::at(3);
    device.sync.need_events();
    let asked = device.live(TEN_MINUTES, |_| Err(problem(Code::SyncReset)));
    assert!((10..=FEW).contains(&asked), "asked {asked} times");
    device.fetch_all(|call| honest("a", 5, call));
    assert!(device.sync.is_current());
    assert_eq!(device.cursor(), 5);
}

#[test]
fn every_code_to_a_page_and_to_a_snapshot() {
    let other = Code::Other("later.version".to_owned());
    for code in Code::ALL.iter().chain([&other]) {
        for missing in [Missing::Events, Missing::Everything] {
            let case = format!("{code} to {missing:?}");
            let mut device = Follower::at(3);
            device.sync.missing = missing;
            let step = device.fetch(Err(problem(code.clone())));
            assert_eq!(step.result, [], "{case}");
            assert!(
                device.sync.missing >= missing,
                "{case}: it is still missing"
            );
            let at_once = match (code, missing) {
                // A snapshot is another question.
                (Code::SyncReset, Missing::Events) => true,
                _ => code.class() == FailureClass::Authentication,
            };
            let rests = device.sync.timers().is_set(Timer::FetchAgain);
            assert_eq!(rests, !at_once, "{case}");
            device.fetch_all(|call| honest("a", 4, call));
            assert!(device.sync.is_current(), "{case}");
        }
    }
}

#[test]
fn every_other_failure_waits_longer_each_time() {
    for failure in [unreachable(), foreign(200), foreign(404), foreign(502)] {
        let mut device = Follower::at(3);
        device.sync.need_events();
        let mut longest = Duration::ZERO;
        for round in 0..8 {
            device.fetch(Err(failure.clone()));
            let wait = device.wait();
            assert!(wait <= device.config.backoff.cap, "{failure}");
            assert!(round == 0 || wait * 2 >= longest, "{failure}: {wait:?}");
            longest = longest.max(wait);
        }
        assert!(longest >= device.config.backoff.cap / 2, "{failure}");
    }
}

#[test]
fn it_waits_as_long_as_the_server_asks() {
    let mut device = Follower::at(3);
    device.sync.need_events();
    let asked = Problem::new(Code::RateLimited, "x").with_retry_after(Duration::from_secs(90));
    let failure = fulmar_protocol::AnswerError::Problem(asked);
    device.fetch(Err(RequestFailure::ErrorAnswer(failure)));
    assert_eq!(device.wait(), Duration::from_secs(90));
}

#[test]
fn an_answer_to_another_question_is_none() {
    for missing in [Missing::Events, Missing::Everything] {
        let wrong = match missing {
            Missing::Events => snapshot("a", 9),
            Missing::Everything => page("a", vec![written(4)], 4),
            Missing::Nothing => unreachable!("nothing is asked for"),
        };
        for answer in [wrong, Answer::UploadEnded] {
            let mut device = Follower::at(3);
            device.sync.missing = missing;
            assert_eq!(device.fetch(Ok(answer)).result, []);
            assert_eq!(device.cursor(), 3);
            assert!(device.sync.timers().is_set(Timer::FetchAgain));
        }
    }
}

#[test]
fn a_closed_gate_is_waited_for() {
    let mut device = Follower::at(3);
    device.sync.need_events();
    let opens = Mono(device.bench.now().mono.0 + 7_000);
    assert!(device.reconcile_with(Gate::ClosedUntil(opens)).is_none());
    assert_eq!(device.wait(), Duration::from_secs(7));
    assert!(device.reconcile().is_some());
}

#[test]
fn a_page_of_many_parts_is_fetched_to_its_end_without_rests() {
    let mut device = Follower::at(3);
    device.sync.head_seen(Seq(40));
    let before = device.bench.now().mono;
    while !device.sync.is_current() {
        let from = device.cursor() + 1;
        let to = (from + 9).min(40);
        device.fetch(Ok(page("a", (from..=to).map(written).collect(), 40)));
    }
    assert_eq!(device.bench.now().mono, before);
    assert_eq!(device.cursor(), 40);
}

/// A page with a hole is applied up to it; behind it there are rests.
#[test]
fn a_page_with_a_hole_is_asked_for_with_rests() {
    let mut device = Follower::at(3);
    device.sync.head_seen(Seq(6));
    let asked = device.live(TEN_MINUTES, |call| match call {
        ApiRequest::Sync { since, .. } if since.0 < 4 => {
            Ok(page("a", vec![written(4), written(6)], 6))
        }
        _ => Ok(page("a", vec![written(6)], 6)),
    });
    assert!(asked <= FEW, "asked {asked} times");
    assert_eq!(device.cursor(), 4);
}

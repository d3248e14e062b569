//! Answers that are late, tokens that live too short, and clocks that are wrong.

use std::time::Duration;

use fulmar_engine::{Command, NetworkState, SessionState};
use fulmar_protocol::{Answer, ApiRequest, ClientFrame, CloseCode, Limits, Position};

use crate::answers::{at_once, cut, never, no_socket};
use crate::bench::{Bench, LONG, MINUTE, SECOND, SLOW};
use crate::server::{Asked, DAY, Said, user};

#[test]
fn tokens_that_are_out_of_date_when_they_come_are_not_asked_for_without_rest() {
    for lifetime in [0, 1, 500, 999, 1_000, 1_500] {
        let mut bench = Bench::new();
        bench.server.lifetime_ms = 30_000;
        bench.sign_in();
        bench.run(SECOND);
        bench.hostile(move |server, asked, _| match asked {
            Asked::Http(ApiRequest::Refresh(_)) => {
                let mut session = server.session();
                session.expires_in_ms = lifetime;
                at_once(Said::Answer(Ok(Answer::Session(session))))
            }
            _ => None,
        });
        cut(&mut bench);
        bench.run(LONG);
        bench.recovers();
        assert_eq!(
            bench.session,
            SessionState::SignedIn {
                user_id: user("alice")
            }
        );
    }
}

/// Answers that come so late get through, sooner or later.
fn late(late: Duration, over_socket: bool) {
    let mut bench = Bench::new();
    bench.server.lifetime_ms = 3_600_000;
    bench.sign_in();
    bench.run(SECOND);
    bench.hostile(move |server, asked, now| {
        let delay = match asked {
            Asked::Socket if !over_socket => return no_socket(),
            Asked::Socket | Asked::Frame(ClientFrame::Ping(_)) => Duration::ZERO,
            _ => late,
        };
        let said = server.well(asked, now).into_iter();
        Some(said.map(|said| (delay, said)).collect())
    });
    cut(&mut bench);
    bench.bob_writes_unheard("meanwhile");
    let mut sent = false;
    for _ in 0..12 {
        // A poll that brings nothing new is progress for nobody, but what is sent is.
        bench.run(MINUTE * 15);
        let unsent = bench.unsent();
        sent = sent || (unsent == 0 && bench.shown().len() == 2);
    }
    assert!(sent, "{late:?} late, over a socket: {over_socket}");
    assert_eq!(bench.server.texts().len(), 2);
    // What was asked before comes as late as it did.
    bench.recovers_within(SLOW);
}

#[test]
fn answers_that_are_one_and_a_half_times_too_late_get_through() {
    late(SECOND * 30, true);
    late(SECOND * 30, false);
}

#[test]
fn answers_that_are_three_times_too_late_get_through() {
    late(SECOND * 60, true);
    late(SECOND * 60, false);
}

#[test]
fn answers_that_are_ten_times_too_late_get_through() {
    late(SECOND * 200, true);
    late(SECOND * 200, false);
}

#[test]
fn a_refresh_that_is_answered_late_gets_through() {
    for wait in [30, 60, 200] {
        let mut bench = Bench::new();
        bench.server.lifetime_ms = 30_000;
        bench.sign_in();
        bench.run(SECOND);
        bench.hostile(move |server, asked, _| match asked {
            Asked::Http(ApiRequest::Refresh(_)) => {
                let session = Answer::Session(server.session());
                Some(vec![(SECOND * wait, Said::Answer(Ok(session)))])
            }
            _ => None,
        });
        // The token is out of date when the message is written.
        bench.run(MINUTE);
        cut(&mut bench);
        bench.run(LONG);
        assert_eq!(
            bench.server.texts(),
            ["while nothing works"],
            "{wait} s late"
        );
        bench.recovers();
    }
}

#[test]
fn a_server_that_remembers_no_keys_and_has_limits_of_zero_is_sent_to() {
    let mut bench = Bench::new();
    bench.server.retention_ms = 0;
    bench.server.limits = Limits {
        operations_per_submit: 0,
        frame_bytes: 0,
        text_bytes: 0,
        page_size: 0,
        file_bytes: 0,
        chunk_bytes: 0,
    };
    bench.sign_in();
    bench.run(SECOND);
    bench.hostile(|_, asked, _| match asked {
        Asked::Frame(ClientFrame::Submit(_)) => never(),
        _ => None,
    });
    bench.send("one");
    bench.send("two");
    bench.run(LONG);
    bench.recovers();
    assert_eq!(bench.server.texts(), ["one", "two"]);
}

#[test]
fn a_device_clock_that_is_set_between_try_and_retry_changes_nothing() {
    for days in [40, -40, 4_000, -4_000] {
        let mut bench = Bench::live();
        bench.hostile(|_, asked, _| match asked {
            Asked::Frame(ClientFrame::Submit(_)) => never(),
            _ => None,
        });
        bench.send("one");
        bench.run(MINUTE * 15);
        bench.set_wall(days);
        bench.run(MINUTE * 15);
        bench.recovers();
        assert_eq!(bench.server.texts(), ["one"], "{days} days");
        bench.set_wall(-days);
        bench.send("two");
        bench.recovers();
        bench.set_wall(days);
        bench.restart_with(|_| {});
        bench.send("three");
        bench.recovers();
        assert_eq!(bench.server.texts(), ["one", "two", "three"]);
    }
}

#[test]
fn a_read_mark_that_is_older_than_the_memory_of_keys_goes_out() {
    let mut bench = Bench::live();
    bench.bob_writes("one");
    bench.run(SECOND);
    bench.hostile(|_, asked, _| match asked {
        Asked::Frame(ClientFrame::Submit(_)) => never(),
        _ => None,
    });
    let operation_key = bench.key();
    bench
        .command(Command::MarkRead {
            operation_key,
            conversation: "c-1".parse().unwrap(),
            up_to: Position(1),
        })
        .unwrap();
    bench.pin(true);
    bench.run(MINUTE);
    bench.server_says_if_open(Said::Closed(CloseCode::GoingAway));
    bench.network(NetworkState::Unavailable);
    bench.run(DAY * 40);
    bench.network(NetworkState::Available);
    bench.recovers();
    assert_eq!(bench.server.read_to, Position(1));
    assert!(bench.server.is_pinned());
}

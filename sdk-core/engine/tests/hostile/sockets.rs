//! Connections that come to nothing.

use std::time::Duration;

use fulmar_engine::{AppState, ConnectionState, NetworkState};
use fulmar_protocol::{ClientFrame, CloseCode, Pong, Seq, ServerFrame, Typing, TypingState};

use crate::answers::{at_once, cut, never};
use crate::bench::{Bench, LONG, MINUTE, SECOND, SLOW};
use crate::budget::Effort;
use crate::server::{Asked, Said, events, user};

#[test]
fn a_server_that_closes_after_each_ready_is_not_asked_without_rest() {
    let codes = [
        CloseCode::Unauthenticated,
        CloseCode::Revoked,
        CloseCode::GoingAway,
        CloseCode::Normal,
        CloseCode::Other(4999),
    ];
    for code in codes {
        for wait in [0, 10, 5_000] {
            let mut bench = Bench::live();
            bench.hostile(move |server, asked, now| match asked {
                Asked::Frame(ClientFrame::Hello(_)) => {
                    let said = server.well(asked, now).into_iter();
                    let mut script: Vec<_> = said.map(|said| (Duration::ZERO, said)).collect();
                    script.push((Duration::from_millis(wait), Said::Closed(code)));
                    Some(script)
                }
                Asked::Frame(_) => never(),
                _ => None,
            });
            cut(&mut bench);
            bench.run(LONG);
            assert!(bench.total(Effort::Connection) > 30, "it does go on");
            bench.recovers();
        }
    }
}

#[test]
fn a_store_that_fails_again_and_again_makes_no_engine_ask_without_rest() {
    let mut bench = Bench::live();
    bench.hostile(|_, _, _| None);
    for _ in 0..600 {
        bench.reopen();
        bench.run(SECOND / 2);
    }
    assert!(bench.total(Effort::Connection) > 30, "it does go on");
    bench.recovers();
}

#[test]
fn a_socket_that_says_nonsense_after_each_hello_is_not_opened_without_rest() {
    for said in [
        Said::Unreadable,
        Said::Frame(events(&[])),
        Said::Frame(ServerFrame::Pong(Pong {
            id: 1,
            head: Seq(9),
        })),
    ] {
        let mut bench = Bench::live();
        bench.hostile(move |_, asked, _| match asked {
            Asked::Frame(_) => at_once(said.clone()),
            _ => None,
        });
        cut(&mut bench);
        bench.run(LONG);
        bench.recovers();
    }
}

#[test]
fn frames_before_ready_are_no_connection() {
    let mut bench = Bench::live();
    bench.hostile(|server, asked, now| match asked {
        Asked::Frame(ClientFrame::Hello(_)) => {
            let mut said = server.well(asked, now);
            said.insert(0, Said::Frame(events(&server.events)));
            Some(
                said.into_iter()
                    .map(|said| (Duration::ZERO, said))
                    .collect(),
            )
        }
        _ => None,
    });
    cut(&mut bench);
    bench.run(LONG);
    bench.recovers();
    assert_eq!(bench.server.texts(), ["while nothing works"]);
}

#[test]
fn a_ready_for_another_user_is_no_connection() {
    let mut bench = Bench::live();
    bench.hostile(|server, asked, now| match asked {
        Asked::Frame(ClientFrame::Hello(_)) => {
            let mut ready = server.ready(now);
            ready.user_id = user("mallory");
            at_once(Said::Frame(ServerFrame::Ready(ready)))
        }
        _ => None,
    });
    cut(&mut bench);
    bench.run(LONG);
    assert_ne!(bench.connection, ConnectionState::Live);
    bench.recovers();
}

#[test]
fn many_readies_on_one_socket_are_one_connection() {
    let mut bench = Bench::live();
    bench.hostile(|server, asked, now| match asked {
        Asked::Frame(ClientFrame::Ping(_)) => {
            let ready = Said::Frame(ServerFrame::Ready(server.ready(now)));
            Some(vec![(Duration::ZERO, ready); 50])
        }
        _ => None,
    });
    bench.run(LONG);
    bench.recovers();
}

#[test]
fn a_half_open_socket_is_noticed_at_every_heartbeat() {
    for heartbeat in [1, 2, 5, 9, 10, 11, 30, 60, 600, 3_600] {
        for chatty in [false, true] {
            let mut bench = Bench::new();
            bench.server.heartbeat_ms = heartbeat * 1_000;
            bench.sign_in();
            bench.run(SECOND);
            assert_eq!(bench.connection, ConnectionState::Live);
            bench.hostile(|_, _, _| never());
            let wait = heartbeat + if chatty { 75 } else { 15 };
            for _ in 0..wait {
                if chatty && bench.connection == ConnectionState::Live {
                    let typing = ServerFrame::Typing(Typing {
                        conversation_id: "c-1".parse().unwrap(),
                        user_id: Some(user("bob")),
                        state: TypingState::Started,
                    });
                    bench.server_says(Said::Frame(typing));
                }
                bench.run(SECOND);
            }
            assert_ne!(
                bench.connection,
                ConnectionState::Live,
                "{heartbeat} s, {chatty}"
            );
            bench.recovers_within(SLOW);
        }
    }
}

#[test]
fn coming_to_the_foreground_does_not_put_off_that_a_socket_is_dead() {
    let mut bench = Bench::live();
    bench.hostile(|_, _, _| never());
    for _ in 0..10 {
        bench.app(AppState::Background);
        bench.app(AppState::Foreground);
        bench.run(SECOND * 4);
    }
    assert_ne!(bench.connection, ConnectionState::Live);
    bench.recovers();
}

#[test]
fn a_network_that_flaps_a_hundred_times_a_second_costs_no_more_than_the_budgets() {
    let mut bench = Bench::live();
    bench.hostile(|_, _, _| None);
    for _ in 0..6_000 {
        bench.network(NetworkState::Unavailable);
        bench.run(Duration::from_millis(5));
        bench.network(NetworkState::Available);
        bench.run(Duration::from_millis(5));
    }
    cut_if_open(&mut bench);
    bench.recovers();
}

#[test]
fn an_app_that_flaps_costs_no_more_than_the_budgets() {
    for silent in [false, true] {
        let mut bench = Bench::live();
        bench.hostile(move |_, asked, _| match asked {
            Asked::Http(_) | Asked::Frame(ClientFrame::Hello(_)) if silent => never(),
            _ => None,
        });
        cut(&mut bench);
        for _ in 0..6_000 {
            bench.app(AppState::Background);
            bench.run(Duration::from_millis(5));
            bench.app(AppState::Foreground);
            bench.run(Duration::from_millis(5));
        }
        bench.recovers();
    }
}

fn cut_if_open(bench: &mut Bench) {
    bench.run(MINUTE);
    cut(bench);
}

#[test]
fn a_socket_that_breaks_while_a_submit_is_under_way_is_not_opened_without_rest() {
    let mut bench = Bench::live();
    bench.hostile(|_, asked, _| match asked {
        Asked::Frame(ClientFrame::Submit(_)) => at_once(Said::Closed(CloseCode::GoingAway)),
        _ => None,
    });
    cut(&mut bench);
    bench.run(LONG);
    bench.recovers();
    assert_eq!(bench.server.texts(), ["while nothing works"]);
}

//! When there should be a socket, and what the platform says.

use std::time::Duration;

use fulmar_protocol::CloseCode;

use super::super::{LinkNews, Opening, State};
use super::{Wire, ready};
use crate::config::Config;
use crate::io::{AppState, ConnectionState, NetworkState, SocketEvent};
use crate::pace::Gate;
use crate::time::Mono;
use crate::timer::{Timed, Timer};

/// In the background nothing asks, unless something is queued.
#[test]
fn polling_rests_in_the_background() {
    let config = Config::default();
    for (app, queued, asks) in [
        (AppState::Foreground, false, true),
        (AppState::Foreground, true, true),
        (AppState::Background, false, false),
        (AppState::Background, true, true),
    ] {
        let mut wire = Wire::new();
        wire.link.polling = true;
        wire.link.app = app;
        let link = &mut wire.link;
        let step = wire.bench.run(|tx| link.poll(tx, queued, &config));
        let asked = matches!(&step.result[..], [LinkNews::PollDue]);
        assert_eq!(asked, asks, "{app:?} {queued}");
        assert!(wire.link.timers().is_set(Timer::Poll));
    }
}

#[test]
fn a_socket_is_opened_only_when_there_should_be_one() {
    for signed_in in [true, false] {
        for token in [true, false] {
            for network in [NetworkState::Available, NetworkState::Unavailable] {
                for gate in [Gate::OPEN, Gate::ClosedUntil(Mono(2_000_000))] {
                    let mut wire = Wire::new();
                    wire.link.network = network;
                    let opening = wire.reconcile_with(signed_in, token, gate).result;
                    let all = signed_in
                        && token
                        && network == NetworkState::Available
                        && gate == Gate::OPEN;
                    assert_eq!(opening == Opening::Begun, all);
                }
            }
        }
    }
}

#[test]
fn a_closed_gate_is_waited_for() {
    let mut wire = Wire::new();
    let at = wire.bench.now().mono.plus(Duration::from_secs(40));
    wire.reconcile_with(true, true, Gate::ClosedUntil(at));
    assert_eq!(wire.link.timers().get(Timer::Reconnect), Some(at));
}

/// Switching the network off and on does not get more tries than waiting.
#[test]
fn the_next_try_stays_where_it_is_when_the_network_goes() {
    let mut wire = Wire::new();
    let socket = wire.open(30_000);
    wire.event(socket, SocketEvent::Closed(CloseCode::GoingAway));
    let due = wire.link.timers().get(Timer::Reconnect);
    let link = &mut wire.link;
    let gone = wire
        .bench
        .run(|tx| link.network_changed(tx, NetworkState::Unavailable));
    assert!(gone.result.is_empty());
    let link = &mut wire.link;
    let back = wire
        .bench
        .run(|tx| link.network_changed(tx, NetworkState::Available));
    assert!(matches!(&back.result[..], [LinkNews::CameBack]));
    assert_eq!(wire.link.timers().get(Timer::Reconnect), due);
    wire.link.retry_now();
    assert_eq!(wire.reconcile().result, Opening::Begun);
}

#[test]
fn what_a_person_sees_of_each_state() {
    let mut wire = Wire::new();
    assert_eq!(wire.link.show(false, false), None, "a token is awaited");
    wire.reconcile();
    let connecting = ConnectionState::Connecting { attempt: 1 };
    assert_eq!(wire.link.show(true, false), Some(connecting));
    wire.frame(ready(30_000));
    assert_eq!(
        wire.link.show(true, false),
        Some(ConnectionState::CatchingUp)
    );
    assert_eq!(wire.link.show(true, true), Some(ConnectionState::Live));
    let socket = wire.socket();
    wire.event(socket, SocketEvent::Closed(CloseCode::GoingAway));
    let waiting = wire.link.show(true, true);
    assert!(matches!(
        waiting,
        Some(ConnectionState::Waiting {
            retry_at: Some(_),
            attempt: 1,
            ..
        })
    ));
    wire.link.network = NetworkState::Unavailable;
    assert_eq!(wire.link.show(true, true), Some(ConnectionState::Offline));
    assert!(matches!(wire.link.state, State::Down));
}

/// Sockets that end with their token came to something when the token was good for a while.
#[test]
fn after_a_token_that_was_good_the_wait_is_a_first_one_again() {
    let mut wire = Wire::new();
    let attempt = |wire: &mut Wire| {
        let socket = wire.open(30_000);
        wire.event(socket, SocketEvent::Closed(CloseCode::Unauthenticated));
        let shown = wire.link.show(true, true);
        let Some(ConnectionState::Waiting { attempt, .. }) = shown else {
            panic!("{shown:?}");
        };
        wire.wait();
        attempt
    };
    assert_eq!(
        [attempt(&mut wire), attempt(&mut wire), attempt(&mut wire)],
        [1, 2, 3]
    );
    wire.link.wait_anew();
    assert_eq!(attempt(&mut wire), 1);
}

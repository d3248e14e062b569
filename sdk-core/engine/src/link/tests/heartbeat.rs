//! Pings, pongs and patience.

use std::time::Duration;

use fulmar_protocol::{Pong, Seq, ServerFrame};

use super::{Wire, events, lost};
use crate::timer::{Timed, Timer};

/// A heartbeat that is shorter than the time that a pong may take must not put that off.
#[test]
fn a_half_open_connection_is_noticed_whatever_the_heartbeat() {
    for heartbeat in [0, 1_000, 3_000, 9_000, 10_000, 30_000, u64::MAX] {
        let mut wire = Wire::new();
        wire.open(heartbeat);
        wire.link.prove();
        let begun = wire.bench.now().mono;
        loop {
            match wire.wait() {
                Timer::Heartbeat => {
                    wire.ping();
                }
                Timer::PongMissing => break,
                other => panic!("{other:?}"),
            }
        }
        let heartbeat = Duration::from_millis(heartbeat.clamp(1_000, 3_600_000));
        let latest = begun.plus(heartbeat + wire.config.pong_timeout);
        assert!(wire.bench.now().mono <= latest, "{heartbeat:?}");
        assert!(lost(&wire.silent().result));
    }
}

#[test]
fn coming_to_the_foreground_again_and_again_does_not_put_off_the_pong() {
    let mut wire = Wire::new();
    wire.open(30_000);
    assert_eq!(wire.ping(), 1);
    let due = wire.link.timers().get(Timer::PongMissing).unwrap();
    for _ in 0..9 {
        wire.bench.pass(Duration::from_secs(1));
        assert_eq!(wire.ping(), 0, "one is under way");
        assert_eq!(wire.link.timers().get(Timer::PongMissing), Some(due));
    }
}

#[test]
fn frames_without_a_pong_keep_a_connection_only_so_long() {
    let mut wire = Wire::new();
    wire.open(1_000);
    wire.ping();
    let begun = wire.bench.now().mono;
    while wire.link.timers().get(Timer::PongMissing).unwrap() > wire.bench.now().mono {
        wire.bench.pass(Duration::from_secs(1));
        wire.frame(events());
        assert!(wire.bench.now().mono < begun.plus(Duration::from_secs(61)));
    }
    wire.frame(ServerFrame::Pong(Pong {
        id: 1,
        head: Seq(0),
    }));
    assert!(!wire.link.timers().is_set(Timer::PongMissing));
}

/// An answer that is later than the time for it is waited for longer the next time.
#[test]
fn the_time_for_ready_grows_while_none_comes() {
    let mut wire = Wire::new();
    let mut waits = Vec::new();
    for _ in 0..7 {
        wire.reconcile();
        let due = wire.link.timers().get(Timer::ReadyMissing).unwrap();
        waits.push(due.until(wire.bench.now().mono).as_secs());
        wire.bench.pass(Duration::from_secs(waits[waits.len() - 1]));
        wire.silent();
        while wire.wait() != Timer::Reconnect {}
    }
    assert_eq!(waits, [20, 40, 80, 160, 320, 320, 320]);
    wire.open(30_000);
    assert_eq!(wire.link.unanswered, 0);
}

/// A pong that is later than the time for it is waited for longer over the next socket: else a line that is
/// slower than that would be cut again and again.
#[test]
fn the_time_for_a_pong_grows_while_none_comes() {
    let mut wire = Wire::new();
    let mut waits = Vec::new();
    for _ in 0..5 {
        wire.open(30_000);
        wire.ping();
        let due = wire.link.timers().get(Timer::PongMissing).unwrap();
        waits.push(due.until(wire.bench.now().mono).as_secs());
        wire.bench.pass(Duration::from_secs(waits[waits.len() - 1]));
        wire.silent();
        while wire.wait() != Timer::Reconnect {}
    }
    assert_eq!(waits, [10, 20, 40, 40, 40]);
    wire.open(30_000);
    wire.ping();
    let after = |seconds| wire.bench.now().mono.plus(Duration::from_secs(seconds));
    // The network is back, or the app: then it is not waited for longer than the first time.
    assert!(!wire.link.is_overdue(after(9), &wire.config));
    assert!(wire.link.is_overdue(after(10), &wire.config));
    wire.frame(ServerFrame::Pong(Pong {
        id: 1,
        head: Seq(0),
    }));
    wire.ping();
    let due = wire.link.timers().get(Timer::PongMissing).unwrap();
    assert_eq!(due.until(wire.bench.now().mono).as_secs(), 10);
}

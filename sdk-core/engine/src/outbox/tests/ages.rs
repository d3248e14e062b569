//! How old what may have been applied is, whatever the clocks say, and that it is not tried again when it is too
//! old.

use super::*;
use fulmar_protocol::ReactionAdd;

/// Far in the future, in the year 2300.
const FAR: i64 = 10_413_792_000_000;

/// One kind of operation that went out once and had no answer.
fn old(desk: &mut Desk, what: &str) {
    let message_key = key(20);
    let conversation_id = conversation_id("c-1");
    match what {
        "message" => desk.write(1, "c-1"),
        "settings" => assert!(desk.change(1, pin("c-1", true)).is_ok()),
        "receipt" => assert!(desk.mark_read(1, "c-1", 7).is_ok()),
        "reaction" => {
            desk.run(|_, tx, acting| {
                let lane = conversations::find(&tx.db, &conversation_id)
                    .unwrap()
                    .unwrap();
                let there = message("c-1", message_key, 5);
                let own = Some(acting.owner);
                crate::store::messages::upsert_confirmed(&tx.db, lane, &there, own).unwrap();
            });
            let emoji = "👍".to_owned();
            let method = Method::ReactionAdd(ReactionAdd {
                conversation_id,
                message_key,
                emoji,
            });
            assert!(desk.change(1, method).is_ok());
        }
        other => panic!("{other}"),
    }
    let sent = desk.go_one(Over::Socket);
    desk.refuse(&sent, None);
    assert_eq!(desk.state(1), Some(OperationState::Unconfirmed));
}

/// What has no answer after so many days by each clock, and whether it is tried again.
fn after_days(what: &str, retention: u64, server: i64, device: i64) -> bool {
    let mut desk = Desk::new();
    let mut said = ready(EPOCH);
    said.operation_key_retention_ms = retention;
    desk.connected(&said);
    old(&mut desk, what);
    desk.restart();
    desk.bench.set_wall(Timestamp(EPOCH + device * DAY_MS));
    said.server_time = Timestamp(EPOCH + server * DAY_MS);
    desk.connected(&said);
    let tried = desk.go(Over::Socket).len() == 1;
    if tried {
        assert_eq!(desk.state(1), Some(OperationState::InFlight));
    } else {
        assert_eq!(desk.state(1), Some(OperationState::Failed));
        assert_eq!(desk.failure(1), Some(FailureReason::OutcomeUnknown));
    }
    tried
}

#[test]
fn age_is_measured_by_the_clock_of_the_server_alone() {
    let month = (30 * DAY_MS) as u64;
    for device in [-40, 0, 40, 4_000] {
        for what in ["message", "reaction"] {
            assert!(after_days(what, month, 0, device), "{what} {device}");
            assert!(after_days(what, month, 30, device), "{what} {device}");
            assert!(!after_days(what, month, 31, device), "{what} {device}");
            // Its clock was set back.
            assert!(after_days(what, month, -40, device), "{what} {device}");
        }
        for what in ["settings", "receipt"] {
            assert!(after_days(what, month, 4_000, device), "{what} {device}");
        }
    }
}

#[test]
fn a_memory_of_less_than_thirty_days_is_not_believed() {
    for retention in [0, 1, 29 * DAY_MS as u64] {
        assert!(after_days("message", retention, 29, 0), "{retention}");
        assert!(!after_days("message", retention, 31, 0), "{retention}");
    }
    let year = 365 * DAY_MS as u64;
    assert!(after_days("message", year, 364, 0));
    assert!(!after_days("message", year, 366, 0));
    assert!(after_days("message", u64::MAX, 40_000, 0));
}

#[test]
fn what_was_never_tried_or_certainly_not_applied_is_never_too_old() {
    for tried in [false, true] {
        let mut desk = Desk::new();
        desk.hears(EPOCH);
        desk.write(1, "c-1");
        if tried {
            let sent = desk.go_one(Over::Socket);
            desk.answer(&sent, vec![refused(key(1), Code::RateLimited)]);
        }
        desk.days_later(4_000, EPOCH + 4_000 * DAY_MS);
        assert_eq!(desk.go_one(Over::Socket).keys(), [key(1)]);
    }
}

#[test]
fn the_age_counts_from_the_first_try_without_an_answer() {
    let mut desk = Desk::new();
    desk.hears(EPOCH);
    desk.write(1, "c-1");
    for day in [0, 10, 20, 30] {
        if day > 0 {
            desk.days_later(10, EPOCH + day * DAY_MS);
        }
        let sent = desk.go_one(Over::Socket);
        desk.refuse(&sent, None);
    }
    desk.days_later(1, EPOCH + 31 * DAY_MS);
    assert!(desk.go(Over::Socket).is_empty());
    assert_eq!(desk.failure(1), Some(FailureReason::OutcomeUnknown));
}

#[test]
fn what_is_too_old_goes_out_again_when_the_app_says_so_and_is_as_young_as_that() {
    let mut desk = Desk::new();
    desk.hears(EPOCH);
    desk.in_doubt(1);
    desk.write(2, "c-1");
    desk.days_later(31, EPOCH + 31 * DAY_MS);
    assert!(desk.go(Over::Socket).is_empty(), "it holds its lane");
    assert_eq!(desk.retry(1), Ok(Reply::Done));
    assert_eq!(desk.state(1), Some(OperationState::Unconfirmed));
    let sent = desk.go_one(Over::Socket);
    assert_eq!(sent.keys(), [key(1), key(2)]);
    desk.refuse(&sent, None);
    desk.days_later(29, EPOCH + 60 * DAY_MS);
    assert_eq!(desk.go_one(Over::Socket).keys(), [key(1), key(2)]);
}

/// An operation that is in doubt since `EPOCH`, on a device that runs on.
fn in_doubt_since_epoch() -> Desk {
    let mut desk = Desk::new();
    desk.hears(EPOCH);
    desk.in_doubt(1);
    desk
}

/// Whether it goes out; it comes back without an answer.
fn is_tried(desk: &mut Desk) -> bool {
    let sent = desk.go(Over::Socket);
    for sent in &sent {
        desk.refuse(sent, None);
    }
    if sent.is_empty() {
        assert_eq!(desk.failure(1), Some(FailureReason::OutcomeUnknown));
    }
    !sent.is_empty()
}

#[test]
fn one_wrong_word_of_the_server_changes_no_age() {
    for wrong in [FAR, EPOCH - 4_000 * DAY_MS, 0, i64::MIN, i64::MAX] {
        let mut desk = in_doubt_since_epoch();
        desk.days_later(1, wrong);
        assert!(is_tried(&mut desk), "{wrong}");
        desk.days_later(28, EPOCH + 29 * DAY_MS);
        assert!(is_tried(&mut desk), "{wrong}");
        desk.days_later(2, EPOCH + 31 * DAY_MS);
        assert!(!is_tried(&mut desk), "{wrong}");
    }
}

#[test]
fn a_wrong_word_at_the_end_is_not_known_to_the_next_process() {
    let mut desk = in_doubt_since_epoch();
    desk.days_later(1, FAR);
    desk.restart();
    desk.hears(EPOCH + 20 * DAY_MS);
    assert!(is_tried(&mut desk));
    desk.restart();
    desk.hears(EPOCH + 31 * DAY_MS);
    assert!(!is_tried(&mut desk));
}

/// Nobody can tell then that it is wrong; but it does not stay.
#[test]
fn a_wrong_first_word_does_not_outlive_its_process() {
    let mut desk = Desk::new();
    desk.hears(FAR);
    desk.in_doubt(1);
    desk.restart();
    desk.hears(EPOCH);
    assert!(is_tried(&mut desk));
    desk.restart();
    desk.hears(EPOCH + 29 * DAY_MS);
    assert!(is_tried(&mut desk));
    desk.restart();
    desk.hears(EPOCH + 31 * DAY_MS);
    assert!(!is_tried(&mut desk));
}

#[test]
fn a_clock_that_is_set_anew_is_followed_and_changes_no_age() {
    for moved in [FAR, EPOCH - 4_000 * DAY_MS] {
        let mut desk = in_doubt_since_epoch();
        desk.days_later(1, moved);
        desk.days_later(1, moved + DAY_MS);
        assert!(is_tried(&mut desk), "{moved}");
        desk.restart();
        desk.hears(moved + 28 * DAY_MS);
        assert!(is_tried(&mut desk), "{moved}");
        desk.restart();
        desk.hears(moved + 30 * DAY_MS);
        assert!(!is_tried(&mut desk), "{moved}");
    }
}

#[test]
fn a_server_whose_clock_stands_still_makes_nothing_younger() {
    let mut desk = in_doubt_since_epoch();
    for _ in 0..6 {
        desk.days_later(5, EPOCH);
        assert!(is_tried(&mut desk));
    }
    desk.days_later(1, EPOCH);
    assert!(!is_tried(&mut desk));
}

#[test]
fn what_is_tried_late_on_a_long_connection_is_not_as_old_as_the_connection() {
    let mut desk = Desk::new();
    desk.hears(EPOCH);
    desk.bench.pass(Duration::from_millis(40 * DAY_MS as u64));
    desk.in_doubt(1);
    desk.days_later(1, EPOCH + 41 * DAY_MS);
    assert!(is_tried(&mut desk));
}

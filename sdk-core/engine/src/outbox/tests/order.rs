//! Where each submit stands among those of the session, and what it means when one was overtaken (PROTOCOL.md §5.2).

use super::*;

/// So far a store that was restored from a backup is behind at most.
const FARTHEST: u64 = 1 << 32;

fn overtaken_by(newest: u64) -> Option<Problem> {
    Some(Problem::new(Code::SubmitOvertaken, "x").with_order(SubmitOrder(newest)))
}

#[test]
fn each_submit_stands_behind_all_before_it_over_both_routes_and_in_every_process() {
    let mut desk = Desk::new();
    let mut newest = SubmitOrder::ZERO;
    for (number, over) in (1..).zip([Over::Socket, Over::Http, Over::Http, Over::Socket]) {
        desk.write(number, "c-1");
        let sent = desk.go_one(over);
        assert!(sent.order > newest, "{sent:?}");
        newest = sent.order;
        desk.refuse(&sent, None);
        desk.restart();
    }
}

#[test]
fn what_was_overtaken_may_have_been_applied_and_goes_out_again_behind_the_newest() {
    for over in BOTH {
        let mut desk = Desk::new();
        desk.write(1, "c-1");
        let sent = desk.go_one(over);
        desk.refuse_with(&sent, overtaken_by(5_000));
        assert_eq!(desk.state(1), Some(OperationState::Unconfirmed), "{over:?}");
        assert!(desk.go(over).is_empty(), "at once, {over:?}");
        desk.rested();
        let again = desk.go_one(over);
        assert_eq!(again.keys(), [key(1)]);
        assert_eq!(again.order, SubmitOrder(5_001), "{over:?}");
    }
}

#[test]
fn a_place_that_was_made_up_changes_nothing() {
    for said in [0, 1, FARTHEST + 2, (1 << 53) - 1, u64::MAX >> 1] {
        let mut desk = Desk::new();
        desk.write(1, "c-1");
        let sent = desk.go_one(Over::Socket);
        desk.refuse_with(&sent, overtaken_by(said));
        desk.rested();
        let again = desk.go_one(Over::Socket);
        assert_eq!(again.order, sent.order.next(), "{said}");
    }
}

#[test]
fn a_server_that_says_overtaken_for_ever_is_asked_with_rest() {
    for over in BOTH {
        let mut desk = Desk::new();
        desk.write(1, "c-1");
        let mut waited = Duration::ZERO;
        for _ in 0..20 {
            let sent = desk.go_one(over);
            desk.refuse_with(&sent, overtaken_by(sent.order.0));
            let before = desk.bench.now().mono;
            desk.rested();
            waited += desk.bench.now().mono.until(before);
        }
        assert!(waited > Duration::from_secs(180), "{waited:?}");
        assert_eq!(desk.state(1), Some(OperationState::Unconfirmed));
    }
}

//! What is left of what was read when an earlier state took the place of the server's.

use super::*;
use crate::store::log;

/// What an answer of another log can say of an operation.
fn every_outcome(key: OperationKey) -> [Option<Outcome>; 6] {
    [
        Some(applied_message(message("c-1", key, 11))),
        Some(applied(key)),
        Some(refused(key, Code::ParamsInvalid)),
        Some(refused(key, Code::RateLimited)),
        Some(skipped(key)),
        None,
    ]
}

/// Whether the outcome leaves open that the operation was applied.
fn is_in_doubt(outcome: Option<&Outcome>) -> bool {
    outcome.is_none_or(|outcome| match outcome.status {
        OutcomeStatus::Applied { .. } => true,
        OutcomeStatus::Failed { .. } | OutcomeStatus::Skipped => false,
    })
}

impl Desk {
    fn follows(&mut self, name: &str) {
        let log_id = LogId::new(name).unwrap();
        self.bench
            .run(|tx| log::set_log(&tx.db, &log_id, Seq(0)).unwrap());
    }

    /// The server with this log answers.
    pub(super) fn answer_of(
        &mut self,
        name: &str,
        sent: &Sent,
        outcomes: Vec<Outcome>,
    ) -> Vec<OutboxNews> {
        let answer = OperationsAnswer {
            log_id: Some(LogId::new(name).unwrap()),
            outcomes,
        };
        self.answer_with(sent, answer)
    }

    /// The group c-1 goes so far in the other log.
    fn log_is_replaced(&mut self, head: u64) {
        self.knows(&group("c-1", head));
        self.run(|_, tx, _| Outbox::log_replaced(tx).unwrap());
    }
}

/// A restored server has fewer messages than were read, and takes no pointer beyond them.
#[test]
fn what_was_read_is_as_the_server_says_when_the_log_has_told_of_it() {
    let mut desk = Desk::new();
    desk.mark_read(1, "c-1", 9).unwrap();
    let sent = desk.go_one(Over::Socket);
    desk.answer(&sent, vec![applied(key(1))]);
    assert_eq!(desk.read_to("c-1"), Position(9));
    desk.mark_read(2, "c-1", 10).unwrap();
    desk.run(|outbox, tx, _| outbox.told_up_to(tx, Seq(5)).unwrap());
    assert_eq!(desk.read_to("c-1"), Position(10), "another waits");
    let sent = desk.go_one(Over::Socket);
    desk.answer(&sent, vec![applied(key(2))]);
    desk.run(|outbox, tx, _| outbox.told_up_to(tx, Seq(9)).unwrap());
    assert_eq!(desk.read_to("c-1"), Position::ZERO);
}

/// The next message at a position that was read before is another one.
#[test]
fn what_the_server_was_told_of_and_has_lost_is_unread_again() {
    let mut desk = Desk::new();
    desk.mark_read(1, "c-1", 9).unwrap();
    let sent = desk.go_one(Over::Socket);
    desk.answer(&sent, vec![applied(key(1))]);
    desk.run(|outbox, tx, _| outbox.told_up_to(tx, Seq(5)).unwrap());
    assert_eq!(desk.state(1), None);
    desk.log_is_replaced(4);
    assert_eq!(desk.read_to("c-1"), Position::ZERO);
}

#[test]
fn what_waits_is_read_as_far_as_there_are_messages() {
    for (tried, head, read, told) in [(false, 4, 4, 4), (false, 12, 9, 9), (true, 4, 4, 9)] {
        let mut desk = Desk::new();
        desk.mark_read(1, "c-1", 9).unwrap();
        if tried {
            let sent = desk.go_one(Over::Socket);
            desk.refuse(&sent, None);
        }
        desk.log_is_replaced(head);
        assert_eq!(desk.read_to("c-1"), Position(read));
        // What may be at the server says the same under its key.
        let sent = desk.go_one(Over::Socket);
        assert_eq!(sent.operations[0].params["readTo"], told);
    }
}

/// It may be of a log that is lost, or of one that the next snapshot, of a copy that lags behind, has not come to.
#[test]
fn nothing_is_taken_of_an_answer_of_another_log() {
    for over in BOTH {
        for outcome in every_outcome(key(1)) {
            let what = format!("{over:?} {outcome:?}");
            let mut desk = Desk::new();
            desk.follows("a");
            desk.write(1, "c-1");
            let sent = desk.go_one(over);
            let said: Vec<Outcome> = outcome.clone().into_iter().collect();
            let news = desk.answer_of("b", &sent, said);
            assert!(matches!(news[..], [OutboxNews::AnotherLog]), "{what}");
            let waits = match is_in_doubt(outcome.as_ref()) {
                true => OperationState::Unconfirmed,
                false => OperationState::Queued,
            };
            assert_eq!(desk.state(1), Some(waits), "{what}");
            // Its lane rests: a server at odds with itself is not asked without a pause.
            assert!(desk.go(over).is_empty(), "{what}");
            desk.rested();
            let again = desk.go_one(over);
            assert_eq!(again.keys(), [key(1)], "{what}");
            desk.follows("b");
            let there = vec![applied_message(message("c-1", key(1), 11))];
            let news = desk.answer_of("b", &again, there);
            assert!(is_progress(&news), "{what}");
            assert_eq!(desk.state(1), None, "{what}");
        }
    }
}

#[test]
fn an_answer_that_names_no_log_is_of_the_one_that_is_followed() {
    for over in BOTH {
        let mut desk = Desk::new();
        desk.follows("a");
        desk.write(1, "c-1");
        let sent = desk.go_one(over);
        let news = desk.answer(&sent, vec![applied_message(message("c-1", key(1), 11))]);
        assert!(is_progress(&news));
        assert_eq!(desk.state(1), None);
    }
}

/// An answer is late: the device has followed another log since it asked.
#[test]
fn an_answer_of_a_log_that_is_lost_is_none() {
    let mut desk = Desk::new();
    desk.follows("a");
    desk.change(1, pin("c-1", true)).unwrap();
    let sent = desk.go_one(Over::Http);
    desk.follows("b");
    desk.answer_of("a", &sent, vec![applied(key(1))]);
    assert_eq!(desk.state(1), Some(OperationState::Unconfirmed));
}

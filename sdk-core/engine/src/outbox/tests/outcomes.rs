//! Every state of an operation and everything that a server can say of it.

use super::*;
use fulmar_protocol::FailureClass;

/// Everything that an outcome can say, and that it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Applied,
    AppliedWithoutContent,
    Failed(FailureClass),
    Skipped,
    Nothing,
}

const ALL: [Says; 7] = [
    Says::Applied,
    Says::AppliedWithoutContent,
    Says::Failed(FailureClass::Permanent),
    Says::Failed(FailureClass::Authentication),
    Says::Failed(FailureClass::Transient),
    Says::Skipped,
    Says::Nothing,
];

fn code_of(class: FailureClass) -> Code {
    match class {
        FailureClass::Permanent => Code::ParamsInvalid,
        FailureClass::Authentication => Code::TokenExpired,
        FailureClass::Transient => Code::RateLimited,
    }
}

/// Which of [`ALL`] an outcome is: a new status or class fails to compile here.
fn class_of(status: &OutcomeStatus) -> Says {
    match status {
        OutcomeStatus::Applied { message: None, .. } => Says::AppliedWithoutContent,
        OutcomeStatus::Applied { .. } => Says::Applied,
        OutcomeStatus::Failed { problem } => Says::Failed(problem.code.class()),
        OutcomeStatus::Skipped => Says::Skipped,
    }
}

fn outcomes(says: Says, key: OperationKey) -> Vec<Outcome> {
    let outcome = match says {
        Says::Applied => applied_message(message("c-1", key, 11)),
        Says::AppliedWithoutContent => applied(key),
        Says::Failed(class) => refused(key, code_of(class)),
        Says::Skipped => skipped(key),
        Says::Nothing => return Vec::new(),
    };
    assert_eq!(class_of(&outcome.status), says);
    vec![outcome]
}

/// What becomes of a message that is in flight.
fn expected(says: Says, tried_before: bool) -> Option<OperationState> {
    let not_done = if tried_before {
        OperationState::Unconfirmed
    } else {
        OperationState::Queued
    };
    match says {
        Says::Applied => None,
        Says::AppliedWithoutContent | Says::Nothing => Some(OperationState::Unconfirmed),
        Says::Failed(FailureClass::Permanent) => Some(OperationState::Failed),
        Says::Failed(FailureClass::Authentication | FailureClass::Transient) | Says::Skipped => {
            Some(not_done)
        }
    }
}

/// A desk with one message in c-1 in this state, and the submit that brought it there.
fn in_state(state: OperationState, over: Over) -> (Desk, Sent) {
    let mut desk = Desk::new();
    if state == OperationState::Applied {
        desk.change(1, pin("c-1", true)).unwrap();
    } else {
        desk.write(1, "c-1");
    }
    let sent = desk.go_one(over);
    match state {
        OperationState::InFlight => {}
        OperationState::Queued => {
            desk.answer(&sent, vec![refused(key(1), Code::RateLimited)]);
        }
        OperationState::Unconfirmed => {
            desk.refuse(&sent, None);
        }
        OperationState::Applied => {
            desk.answer(&sent, vec![applied(key(1))]);
        }
        OperationState::Failed => {
            desk.answer(&sent, vec![refused(key(1), Code::ParamsInvalid)]);
        }
    }
    assert_eq!(desk.state(1), Some(state));
    (desk, sent)
}

#[test]
fn every_state_and_every_outcome() {
    for over in BOTH {
        for state in OperationState::all() {
            for says in ALL {
                let what = format!("{over:?} {state:?} {says:?}");
                let (mut desk, sent) = in_state(state, over);
                let news = desk.answer(&sent, outcomes(says, key(1)));
                if state == OperationState::InFlight {
                    assert_eq!(desk.state(1), expected(says, false), "{what}");
                    let certain =
                        matches!(says, Says::Applied | Says::Failed(FailureClass::Permanent));
                    assert_eq!(is_progress(&news), certain, "{what}");
                } else {
                    // The submit has its answer already: another one says nothing.
                    assert_eq!(desk.state(1), Some(state), "{what}");
                    assert!(news.is_empty(), "{what}");
                }
            }
        }
    }
}

#[test]
fn a_second_try_after_an_unanswered_first_is_not_certain() {
    for over in BOTH {
        for says in ALL {
            let (mut desk, first) = in_state(OperationState::Unconfirmed, over);
            desk.rested();
            let second = desk.go_one(over);
            assert_eq!(second.keys(), first.keys());
            desk.answer(&second, outcomes(says, key(1)));
            assert_eq!(desk.state(1), expected(says, true), "{over:?} {says:?}");
        }
    }
}

#[test]
fn what_has_no_outcome_yet_is_not_tried_without_rest() {
    for over in BOTH {
        for says in ALL {
            let (mut desk, sent) = in_state(OperationState::InFlight, over);
            desk.answer(&sent, outcomes(says, key(1)));
            let again = desk.go(over);
            // There was no reason to skip it, because nothing before it failed.
            assert!(again.is_empty(), "{over:?} {says:?}");
            let waits = desk.outbox.timers().next();
            let rests = matches!(
                says,
                Says::AppliedWithoutContent
                    | Says::Nothing
                    | Says::Skipped
                    | Says::Failed(FailureClass::Authentication | FailureClass::Transient)
            );
            let lane = Timer::LaneRetry(desk.lane("c-1"));
            assert_eq!(
                waits.is_some_and(|next| next.timer == lane),
                rests,
                "{over:?} {says:?}"
            );
        }
    }
}

#[test]
fn a_refused_token_is_told_of_and_is_no_failure_of_the_operation() {
    for code in [Code::TokenExpired, Code::TokenInvalid] {
        let (mut desk, sent) = in_state(OperationState::InFlight, Over::Socket);
        let news = desk.answer(&sent, vec![refused(key(1), code.clone())]);
        assert!(matches!(&news[..], [OutboxNews::SocketTokenRejected]));
        let (mut desk, sent) = in_state(OperationState::InFlight, Over::Socket);
        let news = desk.refuse(&sent, Some(code));
        assert!(matches!(&news[..], [OutboxNews::SocketTokenRejected]));
        assert_eq!(desk.state(1), Some(OperationState::Queued));
        assert!(desk.go(Over::Socket).is_empty(), "not without rest");
        desk.rested();
        assert_eq!(desk.go(Over::Socket).len(), 1);
    }
}

#[test]
fn every_code_does_what_its_class_says() {
    for code in Code::ALL {
        let (mut desk, sent) = in_state(OperationState::InFlight, Over::Socket);
        let news = desk.answer(&sent, vec![refused(key(1), code.clone())]);
        let state = desk.state(1);
        let files = news
            .iter()
            .any(|news| matches!(news, OutboxNews::FilesMissing(_)));
        assert_eq!(files, *code == Code::FileNotFound, "{code}");
        match code.class() {
            FailureClass::Permanent if *code != Code::FileNotFound => {
                assert_eq!(state, Some(OperationState::Failed), "{code}");
            }
            FailureClass::Permanent | FailureClass::Authentication | FailureClass::Transient => {
                assert_eq!(state, Some(OperationState::Queued), "{code}");
            }
        }
    }
}

#[test]
fn changes_are_shown_from_here_until_the_log_has_told_of_them() {
    for over in BOTH {
        let mut desk = Desk::new();
        desk.change(1, pin("c-1", true)).unwrap();
        let sent = desk.go_one(over);
        assert!(is_progress(&desk.answer(&sent, vec![applied(key(1))])));
        assert_eq!(desk.state(1), Some(OperationState::Applied));
        for (seq, left) in [(4, true), (5, false)] {
            desk.run(|outbox, tx, _| outbox.told_up_to(tx, Seq(seq)).unwrap());
            assert_eq!(desk.state(1).is_some(), left, "{seq}");
        }
    }
}

/// The log never reaches such a number, so the change would be shown for good.
#[test]
fn an_outcome_with_an_implausible_seq_is_not_waited_for() {
    let mut desk = Desk::new();
    desk.change(1, pin("c-1", true)).unwrap();
    let sent = desk.go_one(Over::Socket);
    let mut outcome = applied(key(1));
    if let OutcomeStatus::Applied { seq, .. } = &mut outcome.status {
        *seq = Seq((1 << 53) - 1);
    }
    desk.answer(&sent, vec![outcome]);
    assert_eq!(desk.state(1), None);
}

#[test]
fn a_message_that_cannot_be_what_was_sent_is_no_outcome() {
    let wrong = [
        ("another key", message("c-1", key(9), 11)),
        ("no position", message("c-1", key(1), 0)),
        ("far beyond", message("c-1", key(1), 1 << 52)),
        ("another conversation", message("c-2", key(1), 11)),
        ("an unknown conversation", message("c-9", key(1), 11)),
        (
            "a revision far beyond",
            Message {
                revision: Revision(1 << 52),
                ..message("c-1", key(1), 11)
            },
        ),
    ];
    for over in BOTH {
        for (what, wrong) in wrong.clone() {
            let (mut desk, sent) = in_state(OperationState::InFlight, over);
            let outcome = Outcome {
                operation_key: key(1),
                ..applied_message(wrong)
            };
            let news = desk.answer(&sent, vec![outcome]);
            assert!(news.is_empty(), "{over:?} {what}: {news:?}");
            assert_eq!(desk.state(1), Some(OperationState::Unconfirmed), "{what}");
        }
    }
}

#[test]
fn outcomes_of_others_and_twice_the_same_change_nothing() {
    for over in BOTH {
        let (mut desk, sent) = in_state(OperationState::InFlight, over);
        let stranger = Sent {
            order: sent.order,
            id: SubmitId(999),
            request: sent.request.map(|_| RequestId(999)),
            operations: Vec::new(),
        };
        let yes = applied_message(message("c-1", key(1), 11));
        assert!(desk.answer(&stranger, vec![yes.clone()]).is_empty());
        assert_eq!(desk.state(1), Some(OperationState::InFlight));
        let both = vec![yes.clone(), yes.clone(), skipped(key(77))];
        let news = desk.answer(&sent, both);
        assert_eq!(news.len(), 2, "progress and the message: {news:?}");
        assert!(desk.answer(&sent, vec![yes]).is_empty());
        assert!(desk.refuse(&sent, Some(Code::ParamsInvalid)).is_empty());
        assert_eq!(desk.state(1), None);
    }
}

#[test]
fn an_event_that_comes_before_the_outcome_confirms() {
    for over in BOTH {
        for state in OperationState::all() {
            let (mut desk, sent) = in_state(state, over);
            desk.run(|outbox, tx, _| outbox.confirmed(tx, key(1)).unwrap());
            assert_eq!(desk.state(1), None, "{state:?}");
            for says in ALL {
                let news = desk.answer(&sent, outcomes(says, key(1)));
                assert!(news.is_empty(), "{over:?} {state:?} {says:?}");
            }
        }
    }
}

#[test]
fn a_conversation_that_was_created_is_told_of_once() {
    for over in BOTH {
        let mut desk = Desk::new();
        let with = user("carol");
        let new = crate::io::NewConversation::Direct { with };
        let step = desk.run(|outbox, tx, acting| outbox.create(tx, key(1), new, acting));
        assert!(step.result.unwrap().is_ok());
        let sent = desk.go_one(over);
        let news = desk.answer(&sent, vec![applied(key(1))]);
        assert!(news.is_empty(), "without a conversation it says nothing");
        assert_eq!(desk.state(1), Some(OperationState::Unconfirmed));
        desk.rested();
        let sent = desk.go_one(over);
        let outcome = Outcome {
            operation_key: key(1),
            status: OutcomeStatus::Applied {
                applied_at: Timestamp(EPOCH),
                seq: Seq(5),
                message: None,
                conversation: Some(Box::new(group("c-7", 0))),
            },
        };
        let news = desk.answer(&sent, vec![outcome]);
        assert!(matches!(
            &news[..],
            [OutboxNews::Progress, OutboxNews::Created(_, _, Seq(5))]
        ));
        assert_eq!(desk.state(1), None);
    }
}

#[test]
fn an_outcome_that_is_missing_says_that_the_socket_is_dead_and_waits_longer_next_time() {
    let mut desk = Desk::new();
    desk.write(1, "c-1");
    let mut waits = Vec::new();
    for _ in 0..7 {
        let sent = desk.go_one(Over::Socket);
        let timer = Timer::OutcomeMissing(sent.id);
        let at = desk.outbox.timers().get(timer).unwrap();
        waits.push(at.until(desk.bench.now().mono).as_secs());
        desk.outbox.take_news();
        desk.outbox.outcome_missing(sent.id);
        assert!(matches!(&desk.outbox.take_news()[..], [OutboxNews::Silent]));
        desk.refuse(&sent, None);
        desk.outbox.outcome_missing(sent.id);
        assert!(desk.outbox.take_news().is_empty(), "it was taken back");
    }
    assert_eq!(waits, [20, 40, 80, 160, 320, 320, 320]);
    let sent = desk.go_one(Over::Socket);
    desk.answer(&sent, vec![refused(key(1), Code::RateLimited)]);
    desk.rested();
    let sent = desk.go_one(Over::Socket);
    let at = desk
        .outbox
        .timers()
        .get(Timer::OutcomeMissing(sent.id))
        .unwrap();
    assert_eq!(at.until(desk.bench.now().mono).as_secs(), 20);
}

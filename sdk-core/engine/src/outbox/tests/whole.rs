//! Submits that are refused as a whole, and what tells of deliveries.

use super::*;
use fulmar_protocol::FailureClass;
use std::time::Duration;

impl Desk {
    /// Bob has written something in these conversations, and 200 ms have passed.
    fn delivered(&mut self, conversations: &[&str]) {
        for name in conversations {
            let lane = self.lane(name);
            self.run(|outbox, tx, _| outbox.delivered(tx, lane.conversation()));
        }
        self.wait(Timer::TellDelivered);
    }

    /// How many submits go out in so long, when each is refused with this code.
    fn refused_for(&mut self, over: Over, code: &Code, long: Duration) -> usize {
        let end = self.bench.now().mono.plus(long);
        let mut count = 0;
        loop {
            let sent = self.go(over);
            count += sent.len();
            assert!(count < 1_000, "without rest");
            for sent in &sent {
                self.refuse(sent, Some(code.clone()));
            }
            if !sent.is_empty() {
                continue;
            }
            match self.outbox.timers().next() {
                Some(next) if next.at <= end => self.wait(next.timer),
                Some(_) | None => return count,
            }
        }
    }
}

#[test]
fn a_whole_submit_that_is_refused_is_taken_back() {
    for over in BOTH {
        for code in Code::ALL.iter().cloned().map(Some).chain([None]) {
            let mut desk = Desk::new();
            desk.write(1, "c-1");
            desk.write(2, "c-2");
            let sent = desk.go_one(over);
            desk.refuse(&sent, code.clone());
            let state = match code {
                // It may be a copy of one that was applied.
                None | Some(Code::SubmitOvertaken) => OperationState::Unconfirmed,
                Some(_) => OperationState::Queued,
            };
            for number in [1, 2] {
                assert_eq!(desk.state(number), Some(state), "{over:?} {code:?}");
            }
            let news = desk.answer(&sent, vec![applied_message(message("c-1", key(1), 11))]);
            assert!(news.is_empty(), "late");
        }
    }
}

#[test]
fn a_permanent_refusal_lands_on_the_one_that_deserves_it() {
    for over in BOTH {
        for code in Code::ALL {
            if code.class() != FailureClass::Permanent {
                continue;
            }
            let mut desk = Desk::new();
            desk.write(1, "c-1");
            desk.write(2, "c-1");
            let sent = desk.go_one(over);
            desk.refuse(&sent, Some(code.clone()));
            let sent = desk.go_one(over);
            assert_eq!(sent.keys(), [key(1)], "one by one");
            desk.answer(&sent, vec![applied_message(message("c-1", key(1), 11))]);
            let sent = desk.go_one(over);
            assert_eq!(sent.keys(), [key(2)]);
            let news = desk.refuse(&sent, Some(code.clone()));
            assert!(is_progress(&news));
            assert_eq!(desk.state(2), Some(OperationState::Failed), "{code}");
            desk.write(3, "c-2");
            desk.change(4, pin("c-2", true)).unwrap();
            let sent = desk.go_one(over);
            assert_eq!(sent.keys(), [key(3), key(4)], "together again");
        }
    }
}

#[test]
fn a_delivery_that_is_refused_for_good_is_not_told_again() {
    for over in BOTH {
        let mut desk = Desk::new();
        desk.delivered(&["c-1"]);
        let code = Code::ParamsInvalid;
        let count = desk.refused_for(over, &code, Duration::from_secs(3_600));
        assert_eq!(count, 1, "{over:?}");
        desk.write(1, "c-1");
        desk.write(2, "c-2");
        assert_eq!(desk.go_one(over).keys(), [key(1), key(2)], "no single ones");
    }
}

#[test]
fn several_deliveries_that_are_refused_for_good_come_to_an_end_too() {
    for over in BOTH {
        let mut desk = Desk::new();
        desk.delivered(&["c-1", "c-2"]);
        let code = Code::RequestMalformed;
        let count = desk.refused_for(over, &code, Duration::from_secs(3_600));
        assert_eq!(count, 3, "together, then each once");
        desk.write(1, "c-1");
        desk.write(2, "c-2");
        assert_eq!(desk.go_one(over).keys(), [key(1), key(2)]);
    }
}

#[test]
fn a_delivery_that_spoils_the_submit_of_others_is_found() {
    for over in BOTH {
        let mut desk = Desk::new();
        desk.delivered(&["c-2"]);
        desk.write(1, "c-1");
        let sent = desk.go_one(over);
        assert_eq!(sent.operations.len(), 2);
        desk.refuse(&sent, Some(Code::RequestTooLarge));
        let sent = desk.go_one(over);
        assert_eq!(sent.keys(), [key(1)]);
        desk.answer(&sent, vec![applied_message(message("c-1", key(1), 11))]);
        let code = Code::RequestTooLarge;
        let count = desk.refused_for(over, &code, Duration::from_secs(3_600));
        assert_eq!(count, 1);
    }
}

/// Nothing is asked at the speed of the network, whatever the server says.
#[test]
fn what_is_refused_again_and_again_is_tried_with_growing_waits() {
    for over in BOTH {
        for code in Code::ALL {
            // A token that is refused over HTTP is not used again; that is the session's part.
            let by_token = code.class() == FailureClass::Authentication;
            if by_token && over == Over::Http {
                continue;
            }
            for deliveries in [false, true] {
                let mut desk = Desk::new();
                if deliveries {
                    desk.delivered(&["c-1"]);
                } else {
                    desk.write(1, "c-1");
                }
                let count = desk.refused_for(over, code, Duration::from_secs(600));
                let what = format!("{over:?} {code} {deliveries} {count}");
                match code.class() {
                    FailureClass::Permanent => assert_eq!(count, 1, "{what}"),
                    FailureClass::Authentication | FailureClass::Transient => {
                        assert!((15..=50).contains(&count), "{what}");
                    }
                }
            }
        }
    }
}

#[test]
fn deliveries_that_were_lost_are_told_again_and_those_that_were_told_are_not() {
    for (over, of_another_log) in BOTH
        .into_iter()
        .flat_map(|over| [(over, false), (over, true)])
    {
        let mut desk = Desk::new();
        desk.delivered(&["c-1", "c-2"]);
        let sent = desk.go_one(over);
        assert_eq!(sent.operations.len(), 2);
        let told: Vec<_> = sent
            .operations
            .iter()
            .map(|operation| operation.params["deliveredTo"].as_u64())
            .collect();
        assert_eq!(told, [Some(10), Some(10)]);
        if of_another_log {
            let all = sent.keys().into_iter().map(applied).collect();
            desk.answer_of("b", &sent, all);
        } else {
            desk.refuse(&sent, None);
        }
        assert!(desk.go(over).is_empty(), "not at once");
        desk.wait(Timer::TellDelivered);
        let sent = desk.go_one(over);
        let news = desk.answer(&sent, sent.keys().into_iter().map(applied).collect());
        assert!(is_progress(&news));
        desk.rested();
        assert!(desk.go(over).is_empty());
    }
}

#[test]
fn a_delivery_is_told_until_it_has_its_outcome() {
    let every: [fn(OperationKey) -> Option<Outcome>; 6] = [
        |_| None,
        |key| Some(skipped(key)),
        |key| Some(refused(key, Code::RateLimited)),
        |key| Some(refused(key, Code::TokenExpired)),
        |key| Some(refused(key, Code::ParamsInvalid)),
        |key| Some(applied(key)),
    ];
    for over in BOTH {
        for says in every {
            let mut desk = Desk::new();
            desk.delivered(&["c-1"]);
            let mut waits = Vec::new();
            for _ in 0..6 {
                let sent = desk.go_one(over);
                let outcome = says(sent.keys()[0]);
                let ends = outcome.as_ref().is_some_and(|one| match &one.status {
                    OutcomeStatus::Applied { .. } => true,
                    OutcomeStatus::Failed { problem } => {
                        problem.code.class() == FailureClass::Permanent
                    }
                    OutcomeStatus::Skipped => false,
                });
                let news = desk.answer(&sent, outcome.into_iter().collect());
                assert_eq!(is_progress(&news), ends, "{over:?}");
                let again = desk.outbox.timers().get(Timer::TellDelivered);
                assert_eq!(again.is_none(), ends, "{over:?}");
                let Some(at) = again else { break };
                assert!(desk.go(over).is_empty(), "not at once");
                waits.push(at.until(desk.bench.now().mono));
                desk.wait(Timer::TellDelivered);
            }
            let [first, .., last] = waits.as_slice() else {
                continue;
            };
            assert!(
                *first >= Duration::from_secs(2) && *last > *first,
                "{waits:?}"
            );
        }
    }
}

#[test]
fn a_delivery_waits_for_its_lane_and_goes_with_the_others() {
    let mut desk = Desk::new();
    desk.write(1, "c-1");
    let sent = desk.go_one(Over::Socket);
    desk.delivered(&["c-1", "c-2"]);
    let told = desk.go_one(Over::Socket);
    assert_eq!(told.operations.len(), 1, "c-1 is busy");
    assert_eq!(told.operations[0].params["conversationId"], "c-2");
    desk.answer(&sent, vec![applied_message(message("c-1", key(1), 11))]);
    let told = desk.go_one(Over::Socket);
    assert_eq!(told.operations[0].params["conversationId"], "c-1");
}

#[test]
fn deliveries_in_conversations_that_are_gone_or_new_are_not_told() {
    let mut desk = Desk::new();
    desk.delivered(&["c-1"]);
    let lane = desk.lane("c-1");
    desk.bench
        .run(|tx| conversations::set_gone(&tx.db, lane.conversation()).unwrap());
    assert!(desk.go(Over::Socket).is_empty());
    desk.bench
        .run(|tx| conversations::remove_if_gone(&tx.db, lane.conversation()).unwrap());
    desk.run(|outbox, tx, _| outbox.delivered(tx, lane.conversation()));
    desk.rested();
    assert!(desk.go(Over::Socket).is_empty());
}

#[test]
fn after_a_connection_what_is_behind_is_found_from_the_rows() {
    let mut desk = Desk::new();
    let own = desk.owner.clone();
    desk.run(|outbox, tx, _| outbox.find_deliveries(tx, None).unwrap());
    assert_eq!(desk.outbox.timers().next(), None);
    desk.run(|outbox, tx, _| outbox.find_deliveries(tx, Some(&own)).unwrap());
    desk.wait(Timer::TellDelivered);
    assert_eq!(desk.go_one(Over::Socket).operations.len(), 2);
}

/// The server has not looked at it, and an earlier submit of it went without an answer.
#[test]
fn a_whole_refusal_says_nothing_of_what_may_be_sent_already() {
    for over in BOTH {
        for earlier in [false, true] {
            let mut desk = Desk::new();
            if earlier {
                desk.in_doubt(1);
            } else {
                desk.write(1, "c-1");
            }
            let sent = desk.go_one(over);
            desk.refuse(&sent, Some(Code::RequestMalformed));
            assert_eq!(desk.state(1), Some(OperationState::Failed));
            let unknown = desk.failure(1) == Some(FailureReason::OutcomeUnknown);
            assert_eq!(unknown, earlier, "{over:?}");
            // Its deletion goes out all the same: it may be there.
            desk.discard(1, Some(9)).unwrap();
            assert_eq!(desk.state(9).is_some(), earlier, "{over:?}");
        }
    }
}

/// However small the frames are, and however many conversations there are.
#[test]
fn deliveries_take_no_more_room_than_a_frame_has() {
    const CONVERSATIONS: usize = 40;
    for over in BOTH {
        let mut desk = Desk::new();
        let mut said = ready(EPOCH);
        said.limits.frame_bytes = 2_000;
        desk.connected(&said);
        let names: Vec<String> = (1..=CONVERSATIONS).map(|it| format!("c-{it}")).collect();
        for name in &names {
            desk.knows(&group(name, 10));
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        desk.delivered(&names);
        let mut told = 0;
        while told < CONVERSATIONS {
            let sent = desk.go(over);
            assert!(!sent.is_empty(), "{told}");
            for sent in sent {
                let frame = serde_json::to_string(&sent.operations).unwrap();
                assert!(frame.len() < 2_000, "{}", frame.len());
                told += sent.operations.len();
                desk.answer(&sent, sent.keys().into_iter().map(applied).collect());
            }
        }
        assert_eq!(told, CONVERSATIONS, "{over:?}");
    }
}

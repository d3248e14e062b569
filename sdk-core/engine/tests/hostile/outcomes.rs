//! Outcomes that say something else than what became of the operations.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use fulmar_protocol::{
    Answer, ApiRequest, ClientFrame, Code, LogId, OperationsAnswer, Outcome, OutcomeFrame,
    OutcomeStatus, Position, Problem, ProblemFrame, ServerFrame, Submit, SyncPage,
};

use crate::answers::{at_once, cut, no_socket};
use crate::bench::{Bench, LONG, MINUTE, SECOND};
use crate::server::{Asked, Said, Server, problem};

/// How many submits in half an hour are patient.
const PATIENT: u32 = 600;

/// Every submit gets these outcomes, over the socket and over HTTP alone.
fn outcomes(judge: impl Fn(&mut Server, &Submit) -> Vec<Outcome> + Clone + 'static) {
    for over_socket in [true, false] {
        let mut bench = Bench::live();
        let submits = Rc::new(Cell::new(0));
        let (count, judge) = (Rc::clone(&submits), judge.clone());
        bench.hostile(move |server, asked, _| match asked {
            Asked::Socket if !over_socket => no_socket(),
            Asked::Frame(ClientFrame::Submit(submit)) => {
                count.set(count.get() + 1);
                at_once(Said::Frame(ServerFrame::Outcome(OutcomeFrame {
                    submit_id: submit.submit_id,
                    log_id: Some(server.log_id.clone()),
                    outcomes: judge(server, submit),
                })))
            }
            Asked::Http(ApiRequest::Submit(submit)) => {
                let outcomes = judge(server, submit);
                at_once(Said::Answer(Ok(Answer::Operations(OperationsAnswer {
                    log_id: Some(server.log_id.clone()),
                    outcomes,
                }))))
            }
            _ => None,
        });
        cut(&mut bench);
        bench.send("and another");
        bench.run(LONG);
        let count = submits.get();
        assert!(count < PATIENT, "{count} submits");
        bench.recovers();
        assert_eq!(bench.server.texts(), ["while nothing works", "and another"]);
    }
}

/// What a server without fault says, changed.
fn applied(change: impl Fn(&mut OutcomeStatus) + Clone + 'static) {
    outcomes(move |server, submit| {
        let mut outcomes = server.submit(&submit.operations, fulmar_engine::Mono(1));
        for outcome in &mut outcomes {
            change(&mut outcome.status);
        }
        outcomes
    });
}

fn all(status: OutcomeStatus) -> impl Fn(&mut Server, &Submit) -> Vec<Outcome> + Clone {
    move |_, submit| {
        let keys = submit
            .operations
            .iter()
            .map(|operation| operation.operation_key);
        keys.map(|operation_key| Outcome {
            operation_key,
            status: status.clone(),
        })
        .collect()
    }
}

#[test]
fn operations_that_are_skipped_each_time_are_not_submitted_without_rest() {
    outcomes(all(OutcomeStatus::Skipped));
}

#[test]
fn operations_that_fail_for_now_each_time_are_not_submitted_without_rest() {
    for code in [
        Code::ServerError,
        Code::RateLimited,
        Code::SyncReset,
        Code::UploadConflict,
    ] {
        let problem = Problem::new(code, "no");
        outcomes(all(OutcomeStatus::Failed { problem }));
    }
}

#[test]
fn operations_whose_token_is_refused_each_time_are_not_submitted_without_rest() {
    for code in [Code::TokenExpired, Code::TokenInvalid] {
        let problem = Problem::new(code, "no");
        outcomes(all(OutcomeStatus::Failed { problem }));
    }
}

#[test]
fn outcomes_of_nothing_are_not_asked_for_without_rest() {
    outcomes(|_, _| Vec::new());
}

#[test]
fn messages_that_come_without_a_place_are_not_submitted_without_rest() {
    applied(|status| {
        if let OutcomeStatus::Applied { message, .. } = status {
            *message = None;
        }
    });
}

#[test]
fn messages_that_come_at_an_impossible_place_are_not_submitted_without_rest() {
    for position in [0, (1 << 53) - 1] {
        applied(move |status| {
            if let OutcomeStatus::Applied {
                message: Some(message),
                ..
            } = status
            {
                message.position = Position(position);
            }
        });
    }
}

#[test]
fn a_submit_whose_token_is_refused_as_a_whole_is_not_repeated_without_rest() {
    for code in [Code::TokenExpired, Code::TokenInvalid, Code::ServerError] {
        let mut bench = Bench::live();
        let submits = Rc::new(Cell::new(0));
        let count = Rc::clone(&submits);
        bench.hostile(move |_, asked, _| match asked {
            Asked::Frame(ClientFrame::Submit(submit)) => {
                count.set(count.get() + 1);
                at_once(Said::Frame(ServerFrame::Problem(ProblemFrame {
                    submit_id: Some(submit.submit_id),
                    problem: Problem::new(code.clone(), "no"),
                })))
            }
            Asked::Http(ApiRequest::Submit(_)) => at_once(Said::Answer(Err(problem(code.clone())))),
            _ => None,
        });
        bench.send("one");
        bench.run(LONG);
        let count = submits.get();
        assert!(count < PATIENT, "{count} submits");
        bench.recovers();
        assert_eq!(bench.server.texts(), ["one"]);
    }
}

#[test]
fn settings_that_are_skipped_each_time_are_not_submitted_without_rest() {
    let mut bench = Bench::live();
    let submits = Rc::new(Cell::new(0));
    let count = Rc::clone(&submits);
    bench.hostile(move |server, asked, _| match asked {
        Asked::Frame(ClientFrame::Submit(submit)) => {
            count.set(count.get() + 1);
            let outcomes = all(OutcomeStatus::Skipped)(server, submit);
            let submit_id = submit.submit_id;
            let frame = OutcomeFrame {
                submit_id,
                log_id: Some(server.log_id.clone()),
                outcomes,
            };
            Some(vec![(
                Duration::from_millis(20),
                Said::Frame(ServerFrame::Outcome(frame)),
            )])
        }
        _ => None,
    });
    bench.pin(true);
    bench.run(LONG);
    assert!(submits.get() < PATIENT, "{} submits", submits.get());
    bench.recovers();
    assert!(bench.server.is_pinned());
}

/// Over HTTP the answer to a submit may be the first word of another log, and what tells the snapshot of it may be a
/// copy that lags behind.
#[test]
fn what_a_restored_server_took_stays_on_the_screen_whatever_a_lagging_copy_tells() {
    let mut bench = Bench::live();
    bench.bob_writes("before");
    bench.run(MINUTE);
    bench.server.log_id = LogId::new("restored").unwrap();
    let copy = bench.server.snapshot();
    let (restored, head) = (copy.log_id.clone(), copy.seq);
    bench.hostile(move |_, asked, _| match asked {
        Asked::Socket => no_socket(),
        Asked::Http(ApiRequest::Snapshot) => {
            at_once(Said::Answer(Ok(Answer::Snapshot(copy.clone()))))
        }
        Asked::Http(ApiRequest::Sync { log_id, .. }) if log_id.as_ref() == Some(&restored) => {
            at_once(Said::Answer(Ok(Answer::Sync(SyncPage {
                log_id: restored.clone(),
                events: Vec::new(),
                head,
            }))))
        }
        _ => None,
    });
    cut(&mut bench);
    for second in 0..180 {
        bench.run(SECOND);
        let shown = bench.shown();
        assert_eq!(shown, ["before", "while nothing works"], "{second}");
    }
    assert_eq!(bench.server.texts(), ["before", "while nothing works"]);
    bench.recovers();
}

/// Nothing of it is taken, and the log that it names is never the one of the snapshot.
#[test]
fn answers_that_are_always_of_another_log_are_outlived() {
    for over_socket in [true, false] {
        let mut bench = Bench::live();
        let submits = Rc::new(Cell::new(0));
        let count = Rc::clone(&submits);
        bench.hostile(move |server, asked, now| match asked {
            Asked::Socket if !over_socket => no_socket(),
            Asked::Frame(ClientFrame::Submit(_)) | Asked::Http(ApiRequest::Submit(_)) => {
                count.set(count.get() + 1);
                let kept = std::mem::replace(&mut server.log_id, LogId::new("another").unwrap());
                let said = server.well(asked, now);
                server.log_id = kept;
                // The event would tell of it.
                said.into_iter()
                    .take(1)
                    .map(|one| (Duration::ZERO, one))
                    .collect::<Vec<_>>()
                    .into()
            }
            Asked::Http(ApiRequest::Sync { .. }) => {
                at_once(Said::Answer(Err(problem(Code::ServerUnavailable))))
            }
            _ => None,
        });
        cut(&mut bench);
        bench.run(LONG);
        let count = submits.get();
        assert!(
            (2..PATIENT).contains(&count),
            "{count} submits over a socket: {over_socket}"
        );
        bench.recovers();
    }
}

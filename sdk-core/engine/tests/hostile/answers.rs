//! HTTP answers that bring nothing on.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use fulmar_engine::{AppState, ConnectionState, RequestFailure, SocketFailure};
use fulmar_protocol::{
    Answer, ApiRequest, ClientFrame, Code, Method, OperationsAnswer, ProblemFrame, ServerFrame,
    Submit,
};

use crate::bench::{Bench, LONG, MINUTE, SECOND, SLOW};
use crate::budget::Effort;
use crate::server::{Asked, Said, Script, foreign, problem};

pub(crate) fn at_once(said: Said) -> Option<Script> {
    Some(vec![(Duration::ZERO, said)])
}

pub(crate) fn never() -> Option<Script> {
    Some(Vec::new())
}

pub(crate) fn no_socket() -> Option<Script> {
    let failure = SocketFailure::Unreachable("refused".to_owned());
    at_once(Said::Failed(failure))
}

fn refuse(failure: RequestFailure) -> Option<Script> {
    at_once(Said::Answer(Err(failure)))
}

/// Something waits to be sent all the time, and the socket is gone when the test becomes hostile.
pub(crate) fn cut(bench: &mut Bench) {
    bench.server_says(Said::Closed(fulmar_protocol::CloseCode::GoingAway));
    bench.send("while nothing works");
}

#[test]
fn fresh_tokens_that_are_refused_over_http_are_not_asked_for_without_rest() {
    let mut bench = Bench::live();
    bench.hostile(|_, asked, _| match asked {
        Asked::Socket => no_socket(),
        Asked::Http(ApiRequest::Refresh(_)) => None,
        _ => refuse(problem(Code::TokenInvalid)),
    });
    cut(&mut bench);
    bench.run(LONG);
    assert!(bench.total(Effort::Refresh) > 10, "it does go on");
    bench.recovers();
    assert_eq!(bench.server.texts(), ["while nothing works"]);
}

/// One answer to everything, over HTTP alone and beside a socket that works.
fn every_answer_is(
    answer: impl Fn(&ApiRequest) -> Result<Answer, RequestFailure> + Clone + 'static,
) {
    for with_socket in [false, true] {
        let mut bench = Bench::live();
        let answer = answer.clone();
        bench.hostile(move |_, asked, _| match asked {
            Asked::Socket if !with_socket => no_socket(),
            Asked::Http(call) => at_once(Said::Answer(answer(call))),
            _ => None,
        });
        bench.bob_writes_unheard("one");
        cut(&mut bench);
        bench.run(LONG);
        bench.recovers();
        assert_eq!(bench.server.texts().len(), 2);
    }
}

#[test]
fn a_server_that_answers_everything_with_an_empty_200_is_outlived() {
    every_answer_is(|_| Err(foreign(200)));
}

#[test]
fn a_server_that_answers_everything_with_a_bare_410_is_outlived() {
    every_answer_is(|_| Err(foreign(410)));
}

#[test]
fn a_server_that_answers_everything_with_a_bare_401_is_outlived() {
    every_answer_is(|_| Err(foreign(401)));
}

#[test]
fn a_server_that_answers_everything_with_sync_reset_is_outlived() {
    every_answer_is(|_| Err(problem(Code::SyncReset)));
}

#[test]
fn a_server_that_answers_everything_with_token_expired_is_outlived() {
    every_answer_is(|_| Err(problem(Code::TokenExpired)));
}

#[test]
fn a_server_that_answers_everything_with_a_valid_answer_of_another_kind_is_outlived() {
    every_answer_is(|_| Ok(Answer::PushTokenNoted));
}

#[test]
fn a_server_that_answers_each_submit_with_no_outcomes_is_outlived() {
    every_answer_is(|call| match call {
        ApiRequest::Submit(_) => Ok(Answer::Operations(OperationsAnswer {
            log_id: None,
            outcomes: Vec::new(),
        })),
        _ => Err(problem(Code::ServerUnavailable)),
    });
}

#[test]
fn a_server_that_never_answers_anything_is_outlived() {
    let mut bench = Bench::live();
    bench.hostile(|_, _, _| never());
    cut(&mut bench);
    bench.run(LONG);
    bench.recovers_within(SLOW);
}

#[test]
fn nothing_asks_over_http_while_the_app_is_in_the_background() {
    let mut bench = Bench::live();
    bench.hostile(|_, asked, _| match asked {
        Asked::Socket => no_socket(),
        _ => None,
    });
    bench.server_says(Said::Closed(fulmar_protocol::CloseCode::GoingAway));
    for _ in 0..5 {
        bench.budgets.allow(Effort::Request, bench.now.mono);
    }
    bench.run(MINUTE);
    assert!(matches!(bench.connection, ConnectionState::Polling { .. }));
    bench.app(AppState::Background);
    bench.run(SECOND * 30);
    let before = (
        bench.total(Effort::Request),
        bench.total(Effort::Connection),
    );
    bench.run(LONG);
    let after = (
        bench.total(Effort::Request),
        bench.total(Effort::Connection),
    );
    assert_eq!(after, before);
    bench.send("from the background");
    bench.run(MINUTE);
    assert_eq!(bench.server.texts(), ["from the background"]);
    bench.app(AppState::Foreground);
    bench.recovers();
}

fn tells_delivery(submit: &Submit) -> bool {
    submit
        .operations
        .iter()
        .any(|operation| match operation.read() {
            Ok(Method::ReceiptUpdate(receipt)) => receipt.delivered_to.is_some(),
            _ => false,
        })
}

#[test]
fn a_delivery_receipt_that_is_refused_for_good_is_not_told_again_and_holds_nobody_up() {
    for with_socket in [true, false] {
        let mut bench = Bench::live();
        let refused = Rc::new(Cell::new(0));
        let count = Rc::clone(&refused);
        let refuse = move |submit: &Submit| {
            let refused = tells_delivery(submit);
            count.set(count.get() + u32::from(refused));
            refused
        };
        bench.hostile(move |_, asked, _| match asked {
            Asked::Socket if !with_socket => no_socket(),
            Asked::Frame(ClientFrame::Submit(submit)) if refuse(submit) => {
                at_once(Said::Frame(ServerFrame::Problem(ProblemFrame {
                    submit_id: Some(submit.submit_id),
                    problem: fulmar_protocol::Problem::new(Code::ParamsInvalid, "no"),
                })))
            }
            Asked::Http(ApiRequest::Submit(submit)) if refuse(submit) => {
                at_once(Said::Answer(Err(problem(Code::ParamsInvalid))))
            }
            _ => None,
        });
        if !with_socket {
            bench.server_says(Said::Closed(fulmar_protocol::CloseCode::GoingAway));
        }
        for minute in 0..30 {
            if minute % 10 == 0 {
                bench.bob_writes("hello");
                bench.send("hello, too");
                bench.send("and more");
                for _ in 0..8 {
                    bench.budgets.allow(Effort::Request, bench.now.mono);
                }
            }
            bench.run(MINUTE);
        }
        assert_eq!(bench.unsent(), 0, "the messages go out beside it");
        assert!((1..=30).contains(&refused.get()), "{} times", refused.get());
        bench.recovers();
    }
}

#[test]
fn an_act_of_the_app_asks_anew_what_waits_for_an_answer_that_is_long_overdue() {
    for socket_only in [false, true] {
        let mut bench = Bench::live();
        bench.hostile(move |_, asked, _| match asked {
            Asked::Http(_) if socket_only => None,
            _ => never(),
        });
        for _ in 0..30 {
            bench.budgets.allow(Effort::Request, bench.now.mono);
        }
        cut(&mut bench);
        bench.run(LONG);
        // The moment that is the worst for it: everything was just asked, and the answers are long awaited.
        bench.well();
        bench.run(SECOND * 25);
        bench.app(AppState::Background);
        bench.app(AppState::Foreground);
        bench.run(SECOND * 25);
        bench.app(AppState::Background);
        bench.app(AppState::Foreground);
        bench.recovers_within(SECOND * 30);
    }
}

/// A server that is never ready for a submit: it asks to be tried again at once, and says that it is there.
#[test]
fn a_submit_is_not_repeated_without_rest_whatever_the_server_asks_for() {
    for (asked_ms, with_ready) in [
        (None, true),
        (Some(0), false),
        (Some(1), true),
        (Some(0), true),
    ] {
        let mut bench = Bench::live();
        let submits = Rc::new(Cell::new(0_u32));
        let count = submits.clone();
        bench.hostile(move |server, asked, now| match asked {
            Asked::Frame(ClientFrame::Submit(submit)) => {
                count.set(count.get() + 1);
                let mut problem = fulmar_protocol::Problem::new(Code::ServerUnavailable, "no");
                problem.retry_after_ms = asked_ms;
                let refused = ServerFrame::Problem(ProblemFrame {
                    submit_id: Some(submit.submit_id),
                    problem,
                });
                let mut script = vec![(Duration::ZERO, Said::Frame(refused))];
                if with_ready {
                    let ready = ServerFrame::Ready(server.ready(now));
                    script.push((Duration::ZERO, Said::Frame(ready)));
                }
                Some(script)
            }
            _ => None,
        });
        bench.send("hello");
        bench.run(10 * MINUTE);
        let submits = submits.get();
        assert!(
            (10..60).contains(&submits),
            "{submits} with {asked_ms:?}, {with_ready}"
        );
        bench.recovers();
    }
}

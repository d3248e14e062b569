//! Sessions begin, go on and end only when they should.

use fulmar_engine::{Command, CommandError, NetworkState, Reply, SessionEnd, SessionState, Unsent};
use fulmar_protocol::{Answer, ApiRequest, Code, FailureClass, Secret};

use crate::answers::{at_once, cut, never};
use crate::bench::{Bench, LONG, MINUTE, SECOND};
use crate::server::{Asked, DAY, Said, problem, user};

fn signed_in() -> SessionState {
    let user_id = user("alice");
    SessionState::SignedIn { user_id }
}

#[test]
fn no_permanent_code_at_a_refresh_ends_the_session_but_the_two_that_say_so() {
    for code in Code::ALL {
        let ends = matches!(code, Code::SessionRevoked | Code::CredentialsInvalid);
        let mut bench = Bench::new();
        bench.server.lifetime_ms = 30_000;
        bench.sign_in();
        bench.run(SECOND);
        let said = code.clone();
        bench.hostile(move |_, asked, _| match asked {
            Asked::Http(ApiRequest::Refresh(_)) => {
                at_once(Said::Answer(Err(problem(said.clone()))))
            }
            _ => None,
        });
        bench.run(MINUTE);
        if ends {
            let (user_id, code) = (user("alice"), code.clone());
            let end = SessionEnd::ByServer { code };
            assert_eq!(bench.session, SessionState::Ended { user_id, end });
            continue;
        }
        cut(&mut bench);
        bench.run(LONG);
        assert_eq!(
            bench.session,
            signed_in(),
            "{code} ({:?})",
            FailureClass::Permanent
        );
        bench.recovers();
        assert_eq!(bench.server.texts(), ["while nothing works"]);
    }
}

#[test]
fn a_refresh_for_another_user_is_none() {
    let mut bench = Bench::new();
    bench.server.lifetime_ms = 30_000;
    bench.sign_in();
    bench.run(SECOND);
    bench.hostile(|server, asked, _| match asked {
        Asked::Http(ApiRequest::Refresh(_)) => {
            let mut session = server.session();
            session.user_id = user("mallory");
            at_once(Said::Answer(Ok(Answer::Session(session))))
        }
        _ => None,
    });
    bench.run(MINUTE);
    cut(&mut bench);
    bench.run(LONG);
    assert_eq!(bench.session, signed_in());
    bench.recovers();
}

#[test]
fn of_two_sign_ins_at_once_the_second_is_refused() {
    let mut bench = Bench::new();
    bench.hostile(|server, asked, now| match asked {
        Asked::Http(ApiRequest::SignIn(_)) => {
            let said = server.well(asked, now).into_iter();
            Some(said.map(|said| (SECOND * 5, said)).collect())
        }
        _ => None,
    });
    let first = bench.sign_in();
    let second = bench.begin(Command::SignIn {
        user_id: user("bob"),
        password: Secret::new("another"),
    });
    assert_eq!(bench.reply(second), Some(Err(CommandError::SignInUnderWay)));
    bench.run(LONG);
    assert_eq!(bench.reply(first), Some(Ok(Reply::Done)));
    assert_eq!(bench.session, signed_in());
    assert!(bench.server.tokens >= 1);
    bench.recovers();
}

#[test]
fn a_sign_out_without_a_network_is_told_later_by_whichever_engine_there_is() {
    for restart in [false, true] {
        let mut bench = Bench::live();
        bench.hostile(|_, _, _| None);
        bench.network(NetworkState::Unavailable);
        let unsent = Unsent::Refuse;
        assert_eq!(bench.command(Command::SignOut { unsent }), Ok(Reply::Done));
        bench.run(DAY);
        assert!(bench.server.sign_outs.is_empty());
        if restart {
            // A new process believes in a network until it hears otherwise.
            bench.restart_with(|_| {});
        }
        bench.network(NetworkState::Available);
        bench.well();
        bench.run(MINUTE * 2);
        assert_eq!(bench.server.sign_outs, [Secret::new("refresh-1")]);
        bench.sign_in();
        bench.recovers();
    }
}

#[test]
fn a_sign_out_that_is_not_answered_is_told_again_but_not_without_rest() {
    let codes = [Code::ServerError, Code::RateLimited, Code::TokenInvalid];
    for failure in codes
        .map(problem)
        .into_iter()
        .chain([crate::server::foreign(200)])
    {
        let mut bench = Bench::live();
        let transient = failure.clone();
        bench.hostile(move |_, asked, _| match asked {
            Asked::Http(ApiRequest::SignOut(_)) => at_once(Said::Answer(Err(transient.clone()))),
            Asked::Http(_) => never(),
            _ => None,
        });
        let unsent = Unsent::Refuse;
        assert_eq!(bench.command(Command::SignOut { unsent }), Ok(Reply::Done));
        bench.run(LONG);
        bench.well();
        bench.run(MINUTE * 2);
        // A code that says that this session is none ends the matter as well.
        let told = bench.server.sign_outs.len();
        assert!(told <= 1, "{failure}: {told}");
        bench.sign_in();
        bench.recovers();
    }
}

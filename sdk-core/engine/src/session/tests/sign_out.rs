//! The server is told of the end of a session, whatever it answers.

use fulmar_protocol::{ApiRequest, FailureClass};

use super::*;
use crate::io::Effect;

/// Only the end of the session itself leaves nothing to tell; who else refuses may not be the server.
#[test]
fn every_code_at_a_sign_out() {
    for code in Code::ALL {
        let mut desk = Desk::signed_in();
        let session = &mut desk.session;
        desk.bench.run(|tx| session.sign_out(tx).unwrap());
        let ends = matches!(code, Code::SessionRevoked | Code::CredentialsInvalid);
        let mut times = 0;
        while let Some(request) = told(&mut desk) {
            times += 1;
            assert!(times <= 30, "{code}: it never rests");
            desk.answer(request, Err(problem(code.clone())));
            desk.bench.pass(Duration::from_secs(30));
            desk.session.timers_mut().clear(Timer::TellSignOut);
            if code.class() == FailureClass::Transient && times == 30 {
                break;
            }
        }
        let expected = match (ends, code.class()) {
            (true, _) => 1,
            (false, FailureClass::Transient) => 30,
            (false, FailureClass::Permanent | FailureClass::Authentication) => 20,
        };
        assert_eq!(times, expected, "{code}");
        desk.new_process();
        assert_eq!(told(&mut desk).is_some(), !ends, "{code}: a later process");
    }
}

/// One that the server does not take does not hold up the others.
#[test]
fn a_sign_out_that_is_refused_lets_the_next_one_be_told() {
    let mut desk = Desk::signed_in();
    let session = &mut desk.session;
    desk.bench.run(|tx| session.sign_out(tx).unwrap());
    let first = told(&mut desk).unwrap();
    let request = desk.sign_in(7, "alice").unwrap();
    desk.answer(request, Ok(tokens("alice", 2, 900_000)));
    let session = &mut desk.session;
    desk.bench.run(|tx| session.sign_out(tx).unwrap());
    desk.answer(first, Err(problem(Code::RequestMalformed)));
    desk.new_process();
    for answer in [Ok(Answer::SignedOut), Err(problem(Code::RequestMalformed))] {
        let request = told(&mut desk).unwrap();
        desk.answer(request, answer);
        desk.bench.pass(Duration::from_secs(30));
        desk.session.timers_mut().clear(Timer::TellSignOut);
    }
    assert!(told(&mut desk).is_some(), "the one that was refused");
}

/// Its session is the provider's to end, but pushes with texts must not go on to this device.
#[test]
fn a_session_of_a_token_provider_takes_its_push_token_back() {
    for (answer, over) in [
        (Ok(Answer::PushTokenNoted), true),
        (Err(problem(Code::TokenExpired)), true),
        (Err(problem(Code::SessionRevoked)), true),
        (Err(problem(Code::ServerUnavailable)), false),
        (Err(unreachable()), false),
        (Err(foreign(200)), false),
    ] {
        let mut desk = signed_in_with_provider();
        let access = desk.access();
        let session = &mut desk.session;
        desk.bench.run(|tx| session.sign_out(tx).unwrap());
        desk.new_process();
        let Some(Effect::Request {
            request,
            call: ApiRequest::RemovePushToken { .. },
            access_token,
        }) = untold(&mut desk)
        else {
            panic!("it is not told by a new process");
        };
        assert_eq!(access_token, Some(access));
        desk.answer(request, answer);
        desk.new_process();
        assert_eq!(told(&mut desk).is_none(), over);
    }
}

/// The server is told of a sign-out until it knows, also by a later process and beside a later session.
#[test]
fn a_sign_out_is_told_until_the_server_knows() {
    let mut desk = Desk::signed_in();
    let session = &mut desk.session;
    desk.bench.run(|tx| session.sign_out(tx).unwrap());
    assert_eq!(desk.session.show(), SessionState::SignedOut);
    for answer in [
        Err(unreachable()),
        Err(problem(Code::ServerUnavailable)),
        Err(foreign(200)),
    ] {
        let request = told(&mut desk).expect("it is told");
        desk.answer(request, answer);
        assert!(told(&mut desk).is_none(), "not at once");
        let due = desk.session.timers().get(Timer::TellSignOut).unwrap();
        desk.bench.pass(due.until(desk.bench.now().mono));
        desk.session.timers_mut().clear(Timer::TellSignOut);
    }
    desk.new_process();
    let request = told(&mut desk).expect("it is told by a new process");
    desk.answer(request, Ok(Answer::SignedOut));
    assert!(told(&mut desk).is_none(), "the server knows");
    desk.bench.pass(Duration::from_secs(3_600));
    assert!(told(&mut desk).is_none());
}

fn told(desk: &mut Desk) -> Option<RequestId> {
    match untold(desk)? {
        Effect::Request { request, .. } => Some(request),
        other => panic!("{other:?}"),
    }
}

/// What is told of an end.
fn untold(desk: &mut Desk) -> Option<Effect> {
    let (session, config) = (&mut desk.session, &desk.config);
    let network = NetworkState::Available;
    let step = desk.bench.run(|tx| {
        session
            .reconcile(tx, network, Gate::OPEN, Gate::OPEN, config)
            .unwrap();
    });
    let asked = step
        .asked
        .iter()
        .find(|asked| asked.owner == Owner::SignOut)?;
    let request = asked.request;
    step.effects.into_iter().find(
        |effect| matches!(effect, Effect::Request { request: found, .. } if *found == request),
    )
}

fn signed_in_with_provider() -> Desk {
    let mut desk = Desk::new();
    let session = &mut desk.session;
    let step = desk.bench.run(|tx| {
        session
            .sign_in_with_provider(tx, CommandId(1), user("alice"))
            .unwrap()
            .unwrap();
    });
    let token = ProvidedToken {
        access_token: Secret::new("provided"),
        expires_in: None,
    };
    let (session, config) = (&mut desk.session, &desk.config);
    let request = step.asked[0].request;
    let step = desk.bench.run(|tx| {
        session
            .token_provided(tx, request, Ok(token), config)
            .unwrap()
    });
    desk.answer(step.asked[0].request, Ok(me("alice")));
    assert!(desk.session.signed_in());
    desk
}

//! Token providers are foreign code, and say anything as well.

use fulmar_engine::{SessionState, TokenFailure};
use fulmar_protocol::{ClientFrame, CloseCode, Code};

use crate::answers::{at_once, cut, never, no_socket};
use crate::bench::{Bench, LONG, MINUTE, SLOW};
use crate::budget::Effort;
use crate::server::{Asked, Said, Script, Server, problem, user};

/// A provider that says this when the token is out of date.
fn provider(say: impl FnMut(&mut Server) -> Option<Script> + 'static) {
    let mut say = say;
    let mut bench = Bench::live_with_provider();
    bench.server.lifetime_ms = 30_000;
    bench.server_says(Said::Closed(CloseCode::Unauthenticated));
    bench.run(MINUTE);
    bench.hostile(move |server, asked, _| match asked {
        Asked::Token => say(server),
        _ => None,
    });
    bench.run(MINUTE);
    cut(&mut bench);
    bench.run(LONG);
    assert!(bench.total(Effort::Refresh) > 3, "it does go on");
    let user_id = user("alice");
    assert_eq!(bench.session, SessionState::SignedIn { user_id });
    bench.recovers_within(SLOW);
}

#[test]
fn a_provider_that_has_no_token_is_not_asked_without_rest() {
    provider(|_| {
        let reason = "not now".to_owned();
        at_once(Said::Token(Err(TokenFailure::Unavailable { reason })))
    });
}

#[test]
fn a_provider_that_never_answers_is_asked_again_but_not_without_rest() {
    provider(|_| never());
}

#[test]
fn a_provider_whose_tokens_are_out_of_date_is_not_asked_without_rest() {
    for lifetime in [0, 1, 999, 1_000] {
        provider(move |server| at_once(Said::Token(Ok(server.provided(Some(lifetime))))));
    }
}

#[test]
fn a_provider_whose_tokens_the_server_refuses_is_not_asked_without_rest() {
    for over_socket in [true, false] {
        let mut bench = Bench::live_with_provider();
        bench.hostile(move |server, asked, _| match asked {
            Asked::Token => at_once(Said::Token(Ok(server.provided(None)))),
            Asked::Socket if !over_socket => no_socket(),
            Asked::Frame(ClientFrame::Hello(_)) => {
                at_once(Said::Closed(CloseCode::Unauthenticated))
            }
            Asked::Http(_) => at_once(Said::Answer(Err(problem(Code::TokenInvalid)))),
            _ => None,
        });
        cut(&mut bench);
        bench.run(LONG);
        bench.recovers();
        assert_eq!(bench.server.texts(), ["while nothing works"]);
    }
}

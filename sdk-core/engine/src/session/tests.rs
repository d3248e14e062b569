//! The session, stepped without an engine.

use std::time::Duration;

use fulmar_protocol::{Answer, Code, Secret, Timestamp};

mod refresh;
mod sign_out;
mod states;
mod table;

use super::{Session, SessionNews};
use crate::config::Config;
use crate::io::{
    CommandError, CommandId, NetworkState, ProvidedToken, RequestFailure, RequestId, SessionState,
    TokenFailure,
};
use crate::pace::Gate;
use crate::store::account;
use crate::testing::answers::{me, session as tokens};
use crate::testing::server::{foreign, problem, unreachable, user};
use crate::testing::{Bench, EPOCH, Step};
use crate::time::Mono;
use crate::timer::{Timed, Timer};
use crate::tx::Owner;

struct Desk {
    bench: Bench,
    session: Session,
    config: Config,
}

impl Desk {
    fn new() -> Self {
        let mut bench = Bench::new();
        let account = bench
            .run(|tx| account::load(&tx.db, None).unwrap().unwrap())
            .result;
        let session = Session::of(account, None, bench.now());
        Self {
            bench,
            session,
            config: Config::default(),
        }
    }

    fn signed_in() -> Self {
        let mut desk = Self::new();
        let request = desk.sign_in(1, "alice").unwrap();
        desk.answer(request, Ok(tokens("alice", 1, 900_000)));
        desk
    }

    fn sign_in(&mut self, command: u64, name: &str) -> Result<RequestId, CommandError> {
        let session = &mut self.session;
        let step = self.bench.run(|tx| {
            session
                .sign_in(tx, CommandId(command), user(name), Secret::new("x"))
                .unwrap()
        });
        step.result.map(|()| step.asked[0].request)
    }

    fn answer(
        &mut self,
        request: RequestId,
        result: Result<Answer, RequestFailure>,
    ) -> Step<Vec<SessionNews>> {
        let (session, config) = (&mut self.session, &self.config);
        self.bench
            .run(|tx| session.answered(tx, request, result, config).unwrap())
    }

    fn reconcile_with(&mut self, refreshes: Gate) -> Option<RequestId> {
        let (session, config) = (&mut self.session, &self.config);
        let network = NetworkState::Available;
        let step = self.bench.run(|tx| {
            session
                .reconcile(tx, network, refreshes, Gate::OPEN, config)
                .unwrap();
        });
        let asked = step.asked.into_iter();
        asked
            .filter(|asked| asked.owner == Owner::Refresh)
            .map(|asked| asked.request)
            .next()
    }

    /// It knows what is in the store.
    fn new_process(&mut self) {
        let account = self
            .bench
            .run(|tx| account::load(&tx.db, None).unwrap().unwrap())
            .result;
        self.session = Session::of(account, None, self.bench.now());
    }

    fn reconcile(&mut self) -> Option<RequestId> {
        self.reconcile_with(Gate::OPEN)
    }

    fn access(&self) -> Secret {
        self.session.account.tokens.as_ref().unwrap().access.clone()
    }

    fn reject(&mut self) {
        let token = self.access();
        self.session.token_rejected(&token);
    }
}

#[test]
fn a_sign_in_begins_a_session_and_answers_its_command() {
    let mut desk = Desk::new();
    let request = desk.sign_in(1, "alice").unwrap();
    let step = desk.answer(request, Ok(tokens("alice", 1, 900_000)));
    assert!(matches!(&step.result[..], [SessionNews::Renewed(_)]));
    assert!(matches!(&step.replies[..], [(CommandId(1), Ok(_))]));
    let user_id = user("alice");
    assert_eq!(desk.session.show(), SessionState::SignedIn { user_id });
}

/// Two at once would wipe each other's store.
#[test]
fn one_sign_in_at_a_time() {
    let mut desk = Desk::new();
    let first = desk.sign_in(1, "alice").unwrap();
    assert_eq!(desk.sign_in(2, "alice"), Err(CommandError::SignInUnderWay));
    assert_eq!(desk.sign_in(3, "bob"), Err(CommandError::SignInUnderWay));
    desk.answer(first, Err(unreachable()));
    assert!(desk.sign_in(4, "bob").is_ok());
}

#[test]
fn an_answer_comes_once() {
    let mut desk = Desk::new();
    let request = desk.sign_in(1, "alice").unwrap();
    desk.answer(request, Ok(tokens("alice", 1, 900_000)));
    let again = desk.answer(request, Ok(tokens("mallory", 2, 900_000)));
    assert!(again.result.is_empty() && again.replies.is_empty());
    assert_eq!(desk.session.owner(), Some(&user("alice")));
}

#[test]
fn a_token_provider_begins_a_session_once_the_server_says_whose_token_it_is() {
    for (owner, good) in [("alice", true), ("mallory", false)] {
        let mut desk = Desk::new();
        let session = &mut desk.session;
        let step = desk.bench.run(|tx| {
            session
                .sign_in_with_provider(tx, CommandId(1), user("alice"))
                .unwrap()
                .unwrap();
        });
        let request = step.asked[0].request;
        assert!(desk.session.awaits_provider(request));
        let token = ProvidedToken {
            access_token: Secret::new("provided"),
            expires_in: None,
        };
        let (session, config) = (&mut desk.session, &desk.config);
        let step = desk.bench.run(|tx| {
            session
                .token_provided(tx, request, Ok(token), config)
                .unwrap()
        });
        let step = desk.answer(step.asked[0].request, Ok(me(owner)));
        assert_eq!(step.result.len(), usize::from(good), "{owner}");
        assert_eq!(desk.session.signed_in(), good, "{owner}");
    }
}

#[test]
fn only_the_providers_own_word_ends_its_session() {
    let mut desk = Desk::new();
    desk.config.token_timeout = Duration::from_secs(30);
    let session = &mut desk.session;
    let step = desk.bench.run(|tx| {
        session
            .sign_in_with_provider(tx, CommandId(1), user("alice"))
            .unwrap()
            .unwrap();
    });
    let (session, config) = (&mut desk.session, &desk.config);
    let request = step.asked[0].request;
    let late = desk
        .bench
        .run(|tx| session.missed(tx, request, config).unwrap());
    assert!(matches!(
        &late.replies[..],
        [(CommandId(1), Err(CommandError::NoToken { .. }))]
    ));
    // What comes later is nobody's.
    let over = Err(TokenFailure::SessionOver {
        reason: "x".to_owned(),
    });
    let (session, config) = (&mut desk.session, &desk.config);
    let step = desk
        .bench
        .run(|tx| session.token_provided(tx, request, over, config).unwrap());
    assert!(step.result.is_empty() && step.replies.is_empty());
}

#[test]
fn a_stored_token_is_never_good_for_longer_than_it_ever_was() {
    let mut desk = Desk::signed_in();
    let account = desk
        .bench
        .run(|tx| account::load(&tx.db, None).unwrap().unwrap())
        .result;
    // The wall clock was set back by a year while the process was away.
    let mut now = desk.bench.now();
    now.wall = Timestamp(EPOCH - 365 * 24 * 60 * 60 * 1000);
    let session = Session::of(account, None, now);
    assert!(session.usable_token(now.mono).is_some());
    let later = Mono(now.mono.0 + 900_000);
    assert!(session.usable_token(later).is_none());
}

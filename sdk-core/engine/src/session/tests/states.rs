//! What a session can be, what can happen to it, and how a test brings it there. The table is in `table.rs`.

use std::time::Duration;

use fulmar_protocol::{Answer, Code, Secret};

use super::{Desk, problem, unreachable, user};
use crate::config::Config;
use crate::io::{
    CommandError, CommandId, CommandResult, NetworkState, ProvidedToken, RequestFailure, RequestId,
    SessionState, TokenFailure, Unsent,
};
use crate::pace::Gate;
use crate::session::{Ask, Session, SessionNews};
use crate::store::account::{self, Renewal};
use crate::testing::answers::{me, session};
use crate::testing::server::foreign;
use crate::testing::{Step, every};
use crate::timer::{Timed, Timer};
use crate::tx::Tx;

const NOBODY: RequestId = RequestId(u64::MAX);

/// Where the tests begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum State {
    /// A new store.
    Out,
    SigningIn,
    AskingForTheFirstToken,
    AskingWhoseTokenItIs,
    SignedIn,
    Rejected,
    Refreshing,
    ByProvider,
    AskingForTheNextToken,
    Ended,
    /// Bob signs in on the store of alice, whose session has ended.
    Replacing,
    /// Signed out here; the server is being told.
    Telling,
    /// Signed out here; the server is to be told.
    Untold,
    /// The refresh failed.
    Waiting,
}

/// What can happen to a session.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Input {
    Session,
    SessionOfBob,
    ShortSession,
    MeAlice,
    MeBob,
    SignedOut,
    OtherAnswer,
    Revoked,
    Refused,
    TokenRefused,
    ServerError,
    Foreign,
    Unreachable,
    Token,
    ShortToken,
    NoToken,
    SessionOver,
    NothingInTime,
    SignIn,
    Register,
    SignInWithProvider,
    SignOut,
    TokenRejected,
    OldTokenRejected,
    RetryNow,
    Reconcile,
    ReconcileOffline,
    ReconcileLater,
}

/// What comes back for a question, from the server or from the token provider.
#[derive(Debug, Clone)]
pub(super) enum Back {
    Http(Result<Answer, RequestFailure>),
    Provided(Result<ProvidedToken, TokenFailure>),
    Missed,
}

fn token(expires_in: Duration) -> ProvidedToken {
    ProvidedToken {
        access_token: Secret::new("provided"),
        expires_in: Some(expires_in),
    }
}

/// What an input brings back for a question that is under way.
pub(super) fn back(input: Input) -> Option<Back> {
    let reason = || "x".to_owned();
    Some(match input {
        Input::Session => Back::Http(Ok(session("alice", 5, 900_000))),
        Input::SessionOfBob => Back::Http(Ok(session("bob", 5, 900_000))),
        Input::ShortSession => Back::Http(Ok(session("alice", 5, 1))),
        Input::MeAlice => Back::Http(Ok(me("alice"))),
        Input::MeBob => Back::Http(Ok(me("bob"))),
        Input::SignedOut => Back::Http(Ok(Answer::SignedOut)),
        Input::OtherAnswer => Back::Http(Ok(Answer::UploadEnded)),
        Input::Revoked => Back::Http(Err(problem(Code::SessionRevoked))),
        Input::Refused => Back::Http(Err(problem(Code::ParamsInvalid))),
        Input::TokenRefused => Back::Http(Err(problem(Code::TokenExpired))),
        Input::ServerError => Back::Http(Err(problem(Code::ServerError))),
        Input::Foreign => Back::Http(Err(foreign(200))),
        Input::Unreachable => Back::Http(Err(unreachable())),
        Input::Token => Back::Provided(Ok(token(Duration::from_secs(900)))),
        Input::ShortToken => Back::Provided(Ok(token(Duration::ZERO))),
        Input::NoToken => Back::Provided(Err(TokenFailure::Unavailable { reason: reason() })),
        Input::SessionOver => Back::Provided(Err(TokenFailure::SessionOver { reason: reason() })),
        Input::NothingInTime => Back::Missed,
        Input::SignIn
        | Input::Register
        | Input::SignInWithProvider
        | Input::SignOut
        | Input::TokenRejected
        | Input::OldTokenRejected
        | Input::RetryNow
        | Input::Reconcile
        | Input::ReconcileOffline
        | Input::ReconcileLater => return None,
    })
}

impl Desk {
    fn step(
        &mut self,
        step: impl FnOnce(&mut Session, &mut Tx<'_>, &Config) -> Vec<SessionNews>,
    ) -> Step<Vec<SessionNews>> {
        let (session, config) = (&mut self.session, &self.config);
        self.bench.run(|tx| step(session, tx, config))
    }

    pub(super) fn comes_back(&mut self, request: RequestId, back: Back) -> Step<Vec<SessionNews>> {
        self.step(|session, tx, config| match back {
            Back::Http(result) => session.answered(tx, request, result, config).unwrap(),
            Back::Provided(result) => session.token_provided(tx, request, result, config).unwrap(),
            Back::Missed => session.missed(tx, request, config).unwrap(),
        })
    }

    /// A command, which is answered at once if it cannot be begun.
    fn command(
        &mut self,
        command: impl FnOnce(&mut Session, &mut Tx<'_>) -> Result<(), CommandError>,
    ) -> Step<Vec<SessionNews>> {
        self.step(|session, tx, _| {
            if let Err(error) = command(session, tx) {
                tx.reply(CommandId(7), Err(error));
            }
            Vec::new()
        })
    }

    fn reconcile_all(&mut self, network: NetworkState, gate: Gate) -> Step<Vec<SessionNews>> {
        self.step(|session, tx, config| {
            session.reconcile(tx, network, gate, gate, config).unwrap();
            Vec::new()
        })
    }

    pub(super) fn happens(&mut self, input: Input) -> Step<Vec<SessionNews>> {
        if let Some(back) = back(input) {
            return self.comes_back(self.under_way(), back);
        }
        let (alice, name) = (user("alice"), "Alice".to_owned());
        let (command, password) = (CommandId(7), Secret::new("x"));
        let available = NetworkState::Available;
        let later = Gate::ClosedUntil(self.bench.now().mono.plus(Duration::from_secs(9)));
        match input {
            Input::SignIn => {
                self.command(|it, tx| it.sign_in(tx, command, alice, password).unwrap())
            }
            Input::Register => {
                self.command(|it, tx| it.register(tx, command, alice, name, password).unwrap())
            }
            Input::SignInWithProvider => {
                self.command(|it, tx| it.sign_in_with_provider(tx, command, alice).unwrap())
            }
            Input::SignOut => self.command(|it, tx| {
                it.may_sign_out(tx, Unsent::Refuse).unwrap()?;
                it.sign_out(tx).unwrap();
                Ok(())
            }),
            Input::TokenRejected => self.command(|it, _| {
                let tokens = it.account.tokens.clone();
                it.token_rejected(&tokens.map_or(password, |tokens| tokens.access));
                Ok(())
            }),
            Input::OldTokenRejected => self.command(|it, _| {
                it.token_rejected(&Secret::new("long gone"));
                Ok(())
            }),
            Input::RetryNow => self.command(|it, tx| {
                it.retry_now(tx.now.mono);
                Ok(())
            }),
            Input::Reconcile => self.reconcile_all(available, Gate::OPEN),
            Input::ReconcileOffline => self.reconcile_all(NetworkState::Unavailable, Gate::OPEN),
            Input::ReconcileLater => self.reconcile_all(available, later),
            other => panic!("{other:?} comes back"),
        }
    }

    /// The store is as a new one.
    fn begin_anew(&mut self) {
        let step = self.bench.run(|tx| {
            account::wipe(&tx.db).unwrap();
            while let Some((key, _)) = account::ended(&tx.db, None).unwrap() {
                account::forget_ended(&tx.db, key).unwrap();
            }
            account::load(&tx.db, None).unwrap().unwrap()
        });
        self.session = Session::of(step.result, None, self.bench.now());
    }

    /// The question that is under way.
    pub(super) fn under_way(&self) -> RequestId {
        assert!(self.session.asks.len() <= 1);
        self.session.asks.keys().next().copied().unwrap_or(NOBODY)
    }

    /// The state, in short: who is signed in, what is asked, and whether something waits for a timer.
    pub(super) fn state(&self) -> String {
        let session = &self.session;
        let tokens = session.account.tokens.as_ref();
        let who = match session.show() {
            SessionState::SignedOut => "out".to_owned(),
            SessionState::SignedIn { user_id } => user_id.to_string(),
            SessionState::Ended { .. } => "ended".to_owned(),
        };
        let how = match tokens.map(|tokens| &tokens.renewal) {
            Some(Renewal::Provider) => "*",
            Some(Renewal::RefreshToken(_)) | None => "",
        };
        let usable = session.usable_token(self.bench.now().mono).is_some();
        let stale = if tokens.is_some() && !usable { "?" } else { "" };
        let asks: Vec<&str> = session.asks.values().map(name).collect();
        let waits = session.not_before > self.bench.now().mono
            || session.timers().is_set(Timer::TellSignOut);
        let waits = if waits { " waits" } else { "" };
        let due = session.timers().is_set(Timer::RefreshToken);
        let due = if due { " due" } else { "" };
        format!("{who}{how}{stale}{}{waits}{due}", asks.concat())
    }
}

fn name(ask: &Ask) -> &'static str {
    match ask {
        Ask::SignIn { .. } => " signIn",
        Ask::FirstToken { .. } => " first",
        Ask::Me { .. } => " me",
        Ask::Refresh => " refresh",
        Ask::NextToken => " next",
        Ask::SignOut(..) => " tell",
    }
}

/// What others are told, in short.
pub(super) fn said(step: &Step<Vec<SessionNews>>) -> String {
    let news = step.result.iter().map(|news| match news {
        SessionNews::Renewed(_) => " +renewed",
        SessionNews::Ended => " +ended",
        SessionNews::Replaced(_, _) => " +replaced",
    });
    let replies = step.replies.iter().map(|(_, reply)| reply_name(reply));
    news.chain(replies).collect()
}

fn reply_name(reply: &CommandResult) -> &'static str {
    match reply {
        Ok(_) => " =done",
        Err(CommandError::SignedOut) => " =signedOut",
        Err(CommandError::Refused { .. }) => " =refused",
        Err(CommandError::Unreachable { .. }) => " =unreachable",
        Err(CommandError::ForeignAnswer { .. }) => " =foreign",
        Err(CommandError::NoToken { .. }) => " =noToken",
        Err(CommandError::SignInUnderWay) => " =underWay",
        Err(CommandError::AlreadySignedIn { .. }) => " =already",
        Err(other) => panic!("{other:?}"),
    }
}

/// Brings a session there, in a store that was used before.
pub(super) fn bring(desk: &mut Desk, state: State) {
    use Input::{
        MeAlice, Reconcile, Revoked, Session, SignIn, SignInWithProvider, SignOut, Token,
        TokenRejected, Unreachable,
    };
    desk.begin_anew();
    let inputs: &[Input] = match state {
        State::Out => &[],
        State::SigningIn => &[SignIn],
        State::AskingForTheFirstToken => &[SignInWithProvider],
        State::AskingWhoseTokenItIs => &[SignInWithProvider, Token],
        State::SignedIn => &[SignIn, Session],
        State::Rejected => &[SignIn, Session, TokenRejected],
        State::Refreshing => &[SignIn, Session, TokenRejected, Reconcile],
        State::Waiting => &[SignIn, Session, TokenRejected, Reconcile, Unreachable],
        State::ByProvider => &[SignInWithProvider, Token, MeAlice],
        State::AskingForTheNextToken => {
            &[SignInWithProvider, Token, MeAlice, TokenRejected, Reconcile]
        }
        State::Ended | State::Replacing => &[SignIn, Session, TokenRejected, Reconcile, Revoked],
        State::Telling => &[SignIn, Session, SignOut, Reconcile],
        State::Untold => &[SignIn, Session, SignOut],
    };
    for input in inputs {
        desk.happens(*input);
    }
    if state == State::Replacing {
        desk.sign_in(7, "bob").unwrap();
    }
}

#[rustfmt::skip]
pub(super) fn states() -> [State; 14] {
    every!(State {
        State::Out => [State::Out],
        State::SigningIn => [State::SigningIn],
        State::AskingForTheFirstToken => [State::AskingForTheFirstToken],
        State::AskingWhoseTokenItIs => [State::AskingWhoseTokenItIs],
        State::SignedIn => [State::SignedIn],
        State::Rejected => [State::Rejected],
        State::Refreshing => [State::Refreshing],
        State::ByProvider => [State::ByProvider],
        State::AskingForTheNextToken => [State::AskingForTheNextToken],
        State::Ended => [State::Ended],
        State::Replacing => [State::Replacing],
        State::Telling => [State::Telling],
        State::Untold => [State::Untold],
        State::Waiting => [State::Waiting],
    })
}

#[rustfmt::skip]
pub(super) fn inputs() -> [Input; 28] {
    every!(Input {
        Input::Session => [Input::Session],
        Input::SessionOfBob => [Input::SessionOfBob],
        Input::ShortSession => [Input::ShortSession],
        Input::MeAlice => [Input::MeAlice],
        Input::MeBob => [Input::MeBob],
        Input::SignedOut => [Input::SignedOut],
        Input::OtherAnswer => [Input::OtherAnswer],
        Input::Revoked => [Input::Revoked],
        Input::Refused => [Input::Refused],
        Input::TokenRefused => [Input::TokenRefused],
        Input::ServerError => [Input::ServerError],
        Input::Foreign => [Input::Foreign],
        Input::Unreachable => [Input::Unreachable],
        Input::Token => [Input::Token],
        Input::ShortToken => [Input::ShortToken],
        Input::NoToken => [Input::NoToken],
        Input::SessionOver => [Input::SessionOver],
        Input::NothingInTime => [Input::NothingInTime],
        Input::SignIn => [Input::SignIn],
        Input::Register => [Input::Register],
        Input::SignInWithProvider => [Input::SignInWithProvider],
        Input::SignOut => [Input::SignOut],
        Input::TokenRejected => [Input::TokenRejected],
        Input::OldTokenRejected => [Input::OldTokenRejected],
        Input::RetryNow => [Input::RetryNow],
        Input::Reconcile => [Input::Reconcile],
        Input::ReconcileOffline => [Input::ReconcileOffline],
        Input::ReconcileLater => [Input::ReconcileLater],
    })
}

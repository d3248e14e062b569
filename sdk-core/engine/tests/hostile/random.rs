//! A server that answers each question at random: with what is right, with what is wrong, late or never.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use fulmar_engine::{
    AppState, Command, DownloadId, Mono, NetworkState, RequestFailure, SessionState, SocketFailure,
    TokenFailure, TransferFailure,
};
use fulmar_protocol::{
    Answer, ApiRequest, ClientFrame, CloseCode, Code, ContentHash, Event, FileId, LogId,
    MessageSend, OperationsAnswer, Outcome, OutcomeFrame, OutcomeStatus, Pong, Position, Problem,
    ProblemFrame, ResetFrame, Seq, ServerFrame, SubmitId, SyncPage,
};

use crate::bench::{Bench, SLOW};
use crate::server::{Asked, Said, Script, Server, events, foreign, problem, user};
use crate::transfers::with_a_file;

/// How many servers are made up.
const SEEDS: u64 = 40;

fn delay(rng: &mut fastrand::Rng) -> Duration {
    match rng.u8(0..10) {
        0..=6 => Duration::ZERO,
        7 => Duration::from_millis(rng.u64(0..3_000)),
        8 => Duration::from_secs(rng.u64(0..60)),
        _ => Duration::from_secs(rng.u64(0..400)),
    }
}

fn log(rng: &mut fastrand::Rng, server: &Server) -> LogId {
    match rng.u8(0..3) {
        0 => server.log_id.clone(),
        1 => LogId::new("stale").unwrap(),
        _ => LogId::new(format!("log-{}", rng.u64(..))).unwrap(),
    }
}

fn seq(rng: &mut fastrand::Rng, server: &Server) -> Seq {
    match rng.u8(0..4) {
        0 => Seq(0),
        1 => server.head(),
        2 => Seq(server.head().0 + rng.u64(0..1_000)),
        _ => Seq((1 << 53) - 1),
    }
}

/// Any code but those that end the session, which is right of them.
fn code(rng: &mut fastrand::Rng) -> Code {
    loop {
        let code = rng.choice(Code::ALL).unwrap().clone();
        if !matches!(code, Code::SessionRevoked | Code::CredentialsInvalid) {
            return code;
        }
    }
}

fn failure(rng: &mut fastrand::Rng) -> RequestFailure {
    match rng.u8(0..4) {
        0 => foreign(
            *rng.choice(&[200, 204, 301, 401, 404, 410, 413, 500, 503])
                .unwrap(),
        ),
        1 => RequestFailure::Unreachable("reset".to_owned()),
        _ => problem(code(rng)),
    }
}

fn answer(rng: &mut fastrand::Rng, server: &mut Server, call: &ApiRequest) -> Said {
    Said::Answer(match (rng.u8(0..4), call) {
        (0, ApiRequest::Refresh(_)) => {
            let mut session = server.session();
            session.expires_in_ms = *rng.choice(&[0, 1, 500, 1_000, 5_000, u64::MAX]).unwrap();
            if rng.u8(0..4) == 0 {
                session.user_id = user("mallory");
            }
            Ok(Answer::Session(session))
        }
        (0, ApiRequest::Sync { .. }) => {
            let mut events = server.after(seq(rng, server));
            rng.shuffle(&mut events);
            let (log_id, head) = (log(rng, server), seq(rng, server));
            Ok(Answer::Sync(SyncPage {
                log_id,
                events,
                head,
            }))
        }
        (0, ApiRequest::Snapshot) => {
            let mut snapshot = server.snapshot();
            snapshot.log_id = log(rng, server);
            snapshot.seq = seq(rng, server);
            if rng.bool() {
                snapshot.conversations.clear();
            }
            Ok(Answer::Snapshot(snapshot))
        }
        (0, ApiRequest::Submit(_)) => Ok(Answer::Operations(OperationsAnswer {
            log_id: rng.bool().then(|| log(rng, server)),
            outcomes: Vec::new(),
        })),
        (0 | 1, _) => Ok(match rng.u8(0..6) {
            0 => Answer::PushTokenNoted,
            1 => Answer::SignedOut,
            2 => Answer::UploadOffset(rng.u64(0..400_000)),
            3 => Answer::UploadCreated(FileId::new("another").unwrap()),
            4 => Answer::Session(server.session()),
            _ => Answer::Snapshot(server.snapshot()),
        }),
        (_, _) => Err(failure(rng)),
    })
}

fn frame(rng: &mut fastrand::Rng, server: &Server, now: Mono) -> Said {
    let submit_id = SubmitId(rng.u64(0..200));
    let (log_id, head) = (log(rng, server), seq(rng, server));
    match rng.u8(0..8) {
        0 => Said::Unreadable,
        1 => Said::Closed(CloseCode::from(
            *rng.choice(&[1000, 1001, 1009, 4400, 4401, 4403, 4408, 4413, 4999])
                .unwrap(),
        )),
        2 => Said::Failed(SocketFailure::Unreachable("broken".to_owned())),
        3 => {
            let mut ready = server.ready(now);
            (ready.log_id, ready.head) = (log_id, head);
            ready.heartbeat_ms = *rng.choice(&[0, 1, 1_000, 9_000, 60_000, u64::MAX]).unwrap();
            ready.operation_key_retention_ms = 0;
            if rng.u8(0..4) == 0 {
                ready.user_id = user("mallory");
            }
            Said::Frame(ServerFrame::Ready(ready))
        }
        4 => Said::Frame(ServerFrame::Reset(ResetFrame { log_id, head })),
        5 => Said::Frame(ServerFrame::Pong(Pong { id: 1, head })),
        6 => {
            let after = server.after(Seq(rng.u64(0..=server.head().0)));
            let wrong: Vec<_> = after.iter().map(|event| distorted(rng, event)).collect();
            Said::Frame(events(&wrong))
        }
        _ => Said::Frame(ServerFrame::Problem(ProblemFrame {
            submit_id: Some(submit_id),
            problem: Problem::new(code(rng), "no"),
        })),
    }
}

/// What did not become of an operation. Refused for good is right of a server.
fn status(rng: &mut fastrand::Rng) -> OutcomeStatus {
    if rng.bool() {
        return OutcomeStatus::Skipped;
    }
    let transient = [
        Code::ServerError,
        Code::RateLimited,
        Code::TokenExpired,
        Code::SyncReset,
    ];
    let problem = Problem::new(rng.choice(transient).unwrap(), "no");
    OutcomeStatus::Failed { problem }
}

/// An event as it is, or with something wrong in it.
fn distorted(rng: &mut fastrand::Rng, event: &Event) -> Event {
    let mut event = event.clone();
    let far = [0, 1, 7, 1 << 20, (1 << 53) - 1, u64::MAX];
    match rng.u8(0..6) {
        0 => event.data = serde_json::Value::Null,
        1 => event.kind = "something.new".to_owned(),
        2 => event.data["position"] = (*rng.choice(&far).unwrap()).into(),
        3 => event.data["revision"] = (*rng.choice(&far).unwrap()).into(),
        4 => event.data["conversationId"] = "c-2".into(),
        _ => {}
    }
    event
}

fn wrong(rng: &mut fastrand::Rng, server: &mut Server, asked: &Asked<'_>, now: Mono) -> Script {
    let said = match asked {
        Asked::Socket => Said::Failed(match rng.u8(0..2) {
            0 => SocketFailure::Unreachable("refused".to_owned()),
            _ => SocketFailure::Refused {
                status: *rng.choice(&[200, 401, 403, 503]).unwrap(),
            },
        }),
        Asked::Frame(ClientFrame::Submit(submit)) if rng.bool() => {
            let outcomes = submit.operations.iter().map(|operation| Outcome {
                operation_key: operation.operation_key,
                status: status(rng),
            });
            let outcomes = outcomes.collect();
            Said::Frame(ServerFrame::Outcome(OutcomeFrame {
                submit_id: submit.submit_id,
                log_id: rng.bool().then(|| log(rng, server)),
                outcomes,
            }))
        }
        Asked::Frame(_) => {
            let some = rng.usize(1..4);
            return (0..some)
                .map(|_| (delay(rng), frame(rng, server, now)))
                .collect();
        }
        Asked::Http(call) => answer(rng, server, call),
        Asked::SendChunk(part) | Asked::FetchChunk(part) => Said::Transferred(match rng.u8(0..4) {
            0 => Ok(rng.u64(0..400_000)),
            1 => Ok(part.offset),
            2 => Err(TransferFailure::Request(failure(rng))),
            _ => Err(TransferFailure::Disk("full".to_owned())),
        }),
        Asked::Token => Said::Token(match rng.u8(0..3) {
            0 => Err(TokenFailure::Unavailable {
                reason: "not now".to_owned(),
            }),
            1 => Ok(server.provided(Some(rng.u64(0..3_000)))),
            _ => Ok(server.provided(None)),
        }),
    };
    vec![(delay(rng), said)]
}

/// What the user and the platform do meanwhile.
fn act(rng: &mut fastrand::Rng, bench: &mut Bench, download: &mut u64) {
    match rng.u8(0..8) {
        0 => bench.try_send(MessageSend::text("c-1".parse().unwrap(), "something")),
        1 => bench.app(AppState::Background),
        2 => bench.app(AppState::Foreground),
        3 => bench.network(NetworkState::Unavailable),
        4 => bench.network(NetworkState::Available),
        5 => bench.bob_writes("something else"),
        6 => {
            *download += 1;
            bench.begin(Command::Download {
                id: DownloadId(*download),
                file_id: FileId::new("f-0").unwrap(),
                content: ContentHash::from_bytes([9; 32]),
                size: 300 * 1024,
                have: 0,
            });
        }
        _ => {
            let operation_key = bench.key();
            bench.begin(Command::MarkRead {
                operation_key,
                conversation: "c-1".parse().unwrap(),
                up_to: Position(rng.u64(0..20)),
            });
        }
    }
}

fn play(seed: u64) {
    let rng = Rc::new(RefCell::new(fastrand::Rng::with_seed(seed)));
    let mut bench = if seed.is_multiple_of(2) {
        Bench::live()
    } else {
        Bench::live_with_provider()
    };
    bench.server.lifetime_ms = 60_000;
    let chance = rng.borrow_mut().u8(20..=100);
    let dice = Rc::clone(&rng);
    bench.hostile(move |server, asked, now| {
        let rng = &mut *dice.borrow_mut();
        if rng.u8(0..100) < chance {
            return Some(match rng.u8(0..5) {
                0 => Vec::new(),
                _ => wrong(rng, server, asked, now),
            });
        }
        let said = server.well(asked, now);
        let late = delay(rng);
        Some(said.into_iter().map(|said| (late, said)).collect())
    });
    // What went well may have brought something on.
    bench.budgets.count_progress();
    bench.try_send(with_a_file());
    let mut downloads = 0;
    for _ in 0..60 {
        let mut own = rng.borrow_mut().fork();
        act(&mut own, &mut bench, &mut downloads);
        let wait = rng.borrow_mut().u64(1..40_000);
        bench.run(Duration::from_millis(wait));
    }
    let (bytes, under_way) = bench.size();
    assert!(
        bytes < 1024 * 1024,
        "seed {seed}: the store has {bytes} bytes"
    );
    assert!(
        under_way <= 12,
        "seed {seed}: {under_way} requests are under way"
    );
    assert!(
        matches!(bench.session, SessionState::SignedIn { .. }),
        "seed {seed}"
    );
    bench.well();
    bench.network(NetworkState::Available);
    bench.app(AppState::Background);
    bench.app(AppState::Foreground);
    // Promises of the hostile server come true for a while.
    bench.run(SLOW);
    let failed = bench.failures();
    for (operation_key, _) in failed {
        bench.begin(Command::Discard {
            operation_key,
            delete_key: None,
        });
    }
    bench.recovers_within(SLOW);
}

#[test]
fn whatever_a_server_says_the_budgets_hold_and_all_is_well_when_it_is() {
    for seed in 0..SEEDS {
        play(seed);
    }
}

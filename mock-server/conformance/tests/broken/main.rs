//! The mock server keeps every rule, and the suite can fail: each server that is broken on purpose is caught by the
//! right check.
#![allow(clippy::unwrap_used, clippy::panic)]

mod mistakes;
mod shim;

use std::sync::Arc;
use std::time::Duration;

use fulmar_conformance::{Backend, Report, Verdict, run};
use fulmar_mock_server::{Action, Capability, Config, FrameKind, MockServer, Restart, When};
use futures_util::{StreamExt as _, stream};
use mistakes::{
    AppliesHalf, CountsTooMuch, ForgetsKeys, GuessesRoles, KeepsTheName, LeavesHoles, ManyPerPair,
    ManySuccessors, PinsForGood, ShowsEverything, SkipsNothing, StopsAtUnknownMethods,
    TakesBlankTexts, TellsCapitals, TellsNullApart, TellsWhoExists,
};
use shim::Mistake;

/// A server whose backups can be restored, and how it is judged.
async fn judged(config: Config) -> (Arc<MockServer>, Backend) {
    let server = MockServer::builder()
        .demo()
        .config(config)
        .start()
        .await
        .unwrap();
    server.checkpoint().unwrap();
    let server = Arc::new(server);
    let restored = Arc::clone(&server);
    let backend = Backend {
        restore: Some(Arc::new(move || {
            restored
                .restart(Restart::Losing)
                .map_err(|error| error.to_string())
        })),
        ..Backend::new(&server.url())
    };
    (server, backend)
}

fn failed(reports: &[Report]) -> Vec<&str> {
    let failed = |report: &&Report| matches!(report.result, Verdict::Fail { .. });
    reports
        .iter()
        .filter(failed)
        .map(|report| report.id)
        .collect()
}

/// A server on which faults act, and what of a section it fails.
async fn with_faults(faults: &[(When, Action)], only: &str, expected: &[&str]) {
    let (server, backend) = judged(Config::default()).await;
    for (when, action) in faults {
        server
            .faults()
            .when(when.clone().always())
            .then(action.clone());
    }
    let reports = run(&backend, Some(only)).await;
    assert_eq!(failed(&reports), expected, "{faults:?}");
}

/// A server with a mistake, and what of a section it fails. Sockets go past the mistake.
async fn with_mistake(mistake: impl Mistake + 'static, only: &str, expected: &[&str]) {
    let (server, backend) = judged(Config::default()).await;
    let backend = Backend {
        url: shim::start(&server.url(), Arc::new(mistake)).await,
        ws: Some(format!(
            "{}/v1/socket",
            server.url().replacen("http", "ws", 1)
        )),
        ..backend
    };
    let reports = run(&backend, Some(only)).await;
    assert_eq!(failed(&reports), expected, "{reports:#?}");
}

#[tokio::test]
async fn the_mock_server_keeps_every_rule() {
    let (_server, backend) = judged(Config::default()).await;
    let reports = run(&backend, None).await;
    assert!(reports.len() >= 200);
    // A token that lives for minutes is not waited for.
    for report in reports.iter().filter(|report| report.id != "7.2.4") {
        assert_eq!(
            report.result,
            Verdict::Pass,
            "{} {}",
            report.id,
            report.rule
        );
    }
}

#[tokio::test]
async fn a_world_of_the_mock_server_keeps_every_rule() {
    let server = MockServer::builder().start().await.unwrap();
    let demo = fulmar_mock_server::Scenario {
        demo: true,
        ..fulmar_mock_server::Scenario::default()
    };
    let world = server.create_world(&demo).unwrap();
    let reports = run(&Backend::new(&world.url()), None).await;
    assert_eq!(failed(&reports), [""; 0]);
}

/// A server that lacks some capabilities is judged without what rests on them, and on nothing else.
async fn without(lacking: &[Capability]) -> usize {
    let mut config = Config::default();
    for capability in lacking {
        config.capabilities.remove(capability);
    }
    let (_server, backend) = judged(config).await;
    let reports = run(&backend, None).await;
    for report in &reports {
        match &report.result {
            Verdict::Pass => {}
            Verdict::Skip { .. } if report.id == "7.2.4" => {}
            Verdict::Skip { reason } => {
                let name = reason.rsplit(' ').next().unwrap();
                let known = lacking.iter().any(|capability| capability.name() == name);
                assert!(known, "{} is skipped because {reason}", report.id);
            }
            Verdict::Fail { reason, .. } => {
                panic!("without {lacking:?} {} fails: {reason}", report.id);
            }
        }
    }
    let passed = |report: &&Report| report.result == Verdict::Pass;
    reports.iter().filter(passed).count()
}

#[tokio::test]
async fn tokens_that_run_out_soon_are_seen_to_and_renewed() {
    let (_server, backend) = judged(Config {
        access_token_lifetime: Duration::from_secs(5),
        ..Config::default()
    })
    .await;
    for report in run(&backend, None).await {
        assert_eq!(
            report.result,
            Verdict::Pass,
            "{} {}",
            report.id,
            report.rule
        );
    }
}

#[tokio::test]
async fn a_server_without_any_capability_keeps_every_other_rule() {
    let passed = without(&Capability::ALL).await;
    assert!(passed >= 90, "{passed}");
}

/// Four at a time, for most of the time each waits for what does not come.
#[tokio::test]
async fn a_server_without_one_capability_keeps_every_other_rule() {
    let each = stream::iter(Capability::ALL).map(async |capability| {
        let passed = without(&[capability]).await;
        assert!(passed >= 145, "{capability}: {passed}");
    });
    each.buffer_unordered(4).collect::<()>().await;
}

fn events() -> When {
    When::outgoing(FrameKind::Events)
}

#[tokio::test]
async fn pongs() {
    let wrong = Action::Replace("{\"type\":\"pong\",\"id\":0,\"head\":0}".to_owned());
    with_faults(
        &[(When::outgoing(FrameKind::Pong), wrong)],
        "3.5",
        &["3.5.1", "3.5.3"],
    )
    .await;
    // The pong overtakes the events that it names.
    with_faults(&[(events(), Action::Reorder)], "3.5", &["3.5.2"]).await;
    with_faults(
        &[(When::incoming(FrameKind::Ping), Action::Drop)],
        "3.5",
        &["3.5.1", "3.5.2", "3.5.3"],
    )
    .await;
}

#[tokio::test]
async fn events_that_are_wrong() {
    with_faults(&[(events(), Action::Gap)], "6.1", &["6.1.1", "6.1.2"]).await;
    with_faults(&[(events(), Action::Repeat)], "6.1", &["6.1.1"]).await;
    with_faults(
        &[(events(), Action::UnknownEvents)],
        "6.2",
        &["6.2.1", "6.2.2"],
    )
    .await;
    with_faults(
        &[(When::http("/v1/sync"), Action::Reorder)],
        "6.3.1",
        &["6.3.1"],
    )
    .await;
}

#[tokio::test]
async fn greetings() {
    let wrong = Action::Replace(
        "{\"type\":\"ready\",\"userId\":\"mallory\",\"deviceId\":\"judge\",\"logId\":\"l\",\"head\":1}".to_owned(),
    );
    with_faults(
        &[(When::outgoing(FrameKind::Ready), wrong)],
        "3.3.1",
        &["3.3.1"],
    )
    .await;
    let skew = Action::Skew(10 * 86_400_000);
    with_faults(
        &[(When::outgoing(FrameKind::Ready), skew)],
        "2.2",
        &["2.2.1"],
    )
    .await;
    let refused = (When::handshake(), Action::Html(403));
    with_faults(&[refused], "3.1", &["7.1.0"]).await;
    let close = (When::outgoing(FrameKind::Problem), Action::Close(1000));
    with_faults(&[close], "3.8.1", &["3.8.1"]).await;
    let late = (
        When::incoming(FrameKind::Hello),
        Action::Delay(Duration::from_secs(30)),
    );
    with_faults(&[late], "3.3", &["7.1.0"]).await;
}

#[tokio::test]
async fn keys_that_are_kept_for_a_day() {
    let day = Config {
        operation_key_retention: Duration::from_secs(86_400),
        ..Config::default()
    };
    let (_server, backend) = judged(day).await;
    assert_eq!(failed(&run(&backend, Some("3.3")).await), ["3.3.1"]);
}

#[tokio::test]
async fn signals_that_nobody_hears() {
    with_faults(
        &[(When::outgoing(FrameKind::Typing), Action::Drop)],
        "3.10",
        &["3.10.1", "3.10.4"],
    )
    .await;
    with_faults(
        &[(When::outgoing(FrameKind::Presence), Action::Drop)],
        "3.11",
        &["3.11.1"],
    )
    .await;
    with_faults(
        &[(When::outgoing(FrameKind::Outcome), Action::Drop)],
        "5.3",
        &["5.3.1", "5.3.3"],
    )
    .await;
}

#[tokio::test]
async fn answers_that_are_wrong() {
    let empty = |text: &str| Action::Replace(text.to_owned());
    let conversations = When::http("GET /v1/conversations/");
    with_faults(
        &[(conversations, empty("{\"messages\":[]}"))],
        "7.5.1",
        &["7.5.1"],
    )
    .await;
    with_faults(
        &[(When::http("/v1/me"), Action::WrongTypes)],
        "7.4.2",
        &["7.4.2"],
    )
    .await;
    with_faults(
        &[(When::http("/health"), Action::Html(200))],
        "7.7",
        &["7.7.1"],
    )
    .await;
    with_faults(
        &[(When::http("/v1/search"), empty("{\"messages\":[]}"))],
        "7.6",
        &["7.6.1", "7.6.2", "7.6.3", "7.6.4", "7.6.5", "7.6.6"],
    )
    .await;
    let unknown = When::http("GET /v1/conversations/no-such");
    with_faults(&[(unknown, Action::Html(404))], "8.0", &["8.0.1"]).await;
    let refresh = When::http("/v1/auth/refresh");
    with_faults(&[(refresh, Action::MalformToken)], "7.2.1", &["7.2.1"]).await;
    let files = When::http("GET /v1/files");
    with_faults(&[(files, empty("other bytes"))], "7.10.2", &["7.10.2"]).await;
    let reset = When::http("/v1/sync");
    with_faults(&[(reset, Action::ExpireToken)], "6.3.2", &["6.3.2"]).await;
}

#[tokio::test]
async fn operations_that_are_applied_wrongly() {
    let forgotten = [
        "5.1.1", "5.1.2", "5.1.5", "5.1.6", "5.1.8", "5.1.9", "5.1.10", "5.1.11", "5.1.12",
        "5.1.13", "5.1.14", "5.1.15", "5.1.16", "5.1.17", "5.1.19",
    ];
    with_mistake(ForgetsKeys::after(0), "5.1", &forgotten).await;
    with_mistake(TellsNullApart, "5.1", &["5.1.6"]).await;
    with_mistake(ForgetsKeys::after(50), "5.1", &["5.1.5"]).await;
    with_mistake(AppliesHalf, "5.1", &["5.1.4", "5.1.14"]).await;
    with_mistake(SkipsNothing, "5.2", &["5.2.1", "5.2.4"]).await;
    with_mistake(LeavesHoles, "4.2.2", &["4.2.2"]).await;
    with_mistake(ManyPerPair, "4.1", &["4.1.1", "4.1.3", "4.1.4"]).await;
    with_mistake(TakesBlankTexts, "5.4.1", &["5.4.1"]).await;
    with_mistake(StopsAtUnknownMethods, "2.4", &["2.4.3"]).await;
    with_mistake(GuessesRoles, "2.4", &["2.4.4"]).await;
    with_mistake(TellsCapitals, "2.3", &["2.3.3"]).await;
    with_mistake(
        CountsTooMuch,
        "4.3",
        &["4.3.2", "4.3.3", "4.3.4", "4.3.5", "4.3.6"],
    )
    .await;
    with_mistake(PinsForGood, "4.9", &["4.9.2"]).await;
    with_mistake(PinsForGood, "5.13", &["5.13.2", "5.13.4"]).await;
}

#[tokio::test]
async fn secrets_and_sessions_that_are_kept_badly() {
    with_mistake(
        ShowsEverything::default(),
        "7.0",
        &["7.0.2", "7.0.4", "7.0.6"],
    )
    .await;
    with_mistake(ManySuccessors::default(), "7.2.1", &["7.2.1"]).await;
    with_mistake(TellsWhoExists, "7.1", &["7.1.1"]).await;
    with_mistake(KeepsTheName, "6.3.4", &["6.3.4"]).await;
}

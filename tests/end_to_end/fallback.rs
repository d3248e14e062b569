//! When the WebSocket cannot be had, HTTP does its work.

use fulmar::ConnectionState;
use std::time::Duration;

use fulmar_mock_server::{Action, Restart, When, Where};
use fulmar_protocol::{Code, Problem};
use fulmar_tests::{Stage, connection, live};

#[tokio::test]
async fn messages_come_and_go_over_http_until_the_socket_is_back() {
    let stage = Stage::new().await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    let id = alice.chat.id().clone();
    drop(alice);
    stage.server.faults().add(
        When::at(Where::Handshake)
            .user("alice")
            .always()
            .then(Action::Html(403)),
    );
    let client = stage.open("alice").await;
    let state = connection(&client, |state| {
        matches!(state, ConnectionState::Polling { .. })
    })
    .await;
    assert!(
        matches!(
            &state,
            ConnectionState::Polling {
                reason: fulmar::WaitReason::HandshakeRefused { status: 403 },
                ..
            }
        ),
        "{state:?}"
    );
    let mut alice = fulmar_tests::Person::new(client.clone(), client.conversation(&id));
    alice.say(&["over http"]).await;
    bob.sees(&["over http"]).await;
    bob.say(&["heard"]).await;
    alice.sees(&["over http", "heard"]).await;
    stage.server.faults().clear();
    live(&client).await;
    bob.say(&["over the socket"]).await;
    alice.sees(&["over http", "heard", "over the socket"]).await;
}

#[tokio::test]
async fn a_submit_over_http_whose_answer_is_lost_is_applied_once() {
    let stage = Stage::new().await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    let id = alice.chat.id().clone();
    drop(alice);
    let faults = stage.server.faults();
    faults.add(
        When::at(Where::Handshake)
            .user("alice")
            .always()
            .then(Action::Cut),
    );
    let operations = Where::Http("/v1/operations".to_owned());
    faults.add(
        When::at(operations.clone())
            .times(2)
            .then(Action::SwallowAnswer),
    );
    faults.add(When::at(operations.clone()).then(Action::Html(520)));
    faults.add(When::at(operations.clone()).then(Action::Html(404)));
    faults.add(When::at(operations).then(Action::Repeat));
    let client = stage.open("alice").await;
    let mut alice = fulmar_tests::Person::new(client.clone(), client.conversation(&id));
    alice.say(&["one", "two"]).await;
    alice.sees(&["one", "two"]).await;
    bob.sees(&["one", "two"]).await;
}

#[tokio::test]
async fn a_server_that_is_gone_is_waited_for_and_nobody_claims_to_poll_it() {
    let stage = Stage::new().await;
    let (alice, _bob) = stage.alice_and_bob().await;
    let Stage {
        server,
        config: _,
        folder: _folder,
    } = stage;
    server.stop().await;
    let mut watch = alice.client.connection();
    fulmar_tests::patiently("the third try", async {
        loop {
            match watch.next().await.unwrap() {
                ConnectionState::Polling { .. } => panic!("polling nobody"),
                ConnectionState::Waiting {
                    attempt, retry_at, ..
                } if attempt >= 3 => {
                    assert!(retry_at.is_some());
                    break;
                }
                _ => {}
            }
        }
    })
    .await;
}

/// Over HTTP alone everything arrives once, whatever happens to requests. Each act comes to nothing at least once: so
/// many that there is still one try left (PROTOCOL.md §3.9).
async fn everything_arrives_once(actions: impl IntoIterator<Item = Action>) {
    let mut stage = Stage::new().await;
    stage.config.answer_timeout = Duration::from_millis(500);
    let faults = stage.server.faults();
    faults
        .when(When::handshake().always())
        .then(Action::Html(403));
    let client = stage.sign_in("alice").await;
    let chat = client.create_direct("bob").await.unwrap();
    let mut alice = fulmar_tests::Person::new(client, chat);
    let mut texts = Vec::new();
    for action in actions {
        for place in ["/v1/operations", "/v1/sync"] {
            faults
                .when(When::http(place).user("alice"))
                .then(action.clone());
        }
        let text = format!("{action:?}");
        alice.say(&[&text]).await;
        texts.push(text);
        let shown: Vec<&str> = texts.iter().map(String::as_str).collect();
        alice.sees(&shown).await;
    }
    let there = stage.server.conversations_of("bob").unwrap();
    assert_eq!(there[0].last_position.0 as usize, texts.len());
}

#[tokio::test]
async fn requests_that_are_late_lost_or_doubled() {
    everything_arrives_once([
        Action::Delay(Duration::from_millis(20)),
        Action::BytesPerSecond(20_000),
        Action::Drop,
        Action::SwallowAnswer,
        Action::Repeat,
        Action::Reorder,
        Action::Cut,
        Action::CutInTheMiddle,
        Action::CutAfter,
        Action::HalfOpen,
    ])
    .await;
}

#[tokio::test]
async fn requests_that_are_refused() {
    let busy = Problem::new(Code::ServerUnavailable, "Not now");
    everything_arrives_once([
        Action::Html(200),
        Action::Problem(busy),
        Action::RateLimit(Duration::from_millis(30)),
        Action::ExpireToken,
        Action::MalformToken,
        Action::Restart(Restart::Keeping),
    ])
    .await;
}

#[tokio::test]
async fn answers_to_requests_that_are_wrong() {
    everything_arrives_once([
        Action::Truncate,
        Action::Malform,
        Action::WrongTypes,
        Action::UnknownFields,
        Action::UnknownEvents,
        Action::Gap,
        Action::Replace("[]".to_owned()),
        Action::Skew(86_400_000),
        Action::ResetLog,
    ])
    .await;
}

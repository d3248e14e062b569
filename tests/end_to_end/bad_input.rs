//! Bad input on both sides: a clear answer, nothing lost, and the process lives.

use fulmar::CommandError;
use fulmar_mock_server::{Action, FrameKind, When, Where};
use fulmar_tests::Stage;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::server::http;

async fn post(stage: &Stage, path: &str, body: Vec<u8>) -> (u16, Value) {
    let response = http()
        .post(format!("{}{path}", stage.server.url()))
        .body(body)
        .send()
        .await
        .unwrap();
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap(),
    )
}

#[tokio::test]
async fn the_server_answers_bad_requests_with_a_problem_and_lives() {
    let stage = Stage::new().await;
    let deep = "[".repeat(10_000).into_bytes();
    let cases: Vec<(&str, Vec<u8>, u16, &str)> = vec![
        ("/v1/auth/login", b"{".to_vec(), 400, "request.malformed"),
        (
            "/v1/auth/login",
            b"\xff\xfe".to_vec(),
            400,
            "request.malformed",
        ),
        (
            "/v1/auth/login",
            b"{\"userId\": 7}".to_vec(),
            422,
            "params.invalid",
        ),
        ("/v1/auth/login", deep, 400, "request.malformed"),
        (
            "/v1/auth/login",
            vec![b' '; 2 << 20],
            413,
            "request.tooLarge",
        ),
        (
            "/v1/auth/refresh",
            b"{\"refreshToken\":\"\"}".to_vec(),
            401,
            "session.revoked",
        ),
        ("/v1/operations", b"{}".to_vec(), 401, "token.invalid"),
        ("/v1/%ff", b"{}".to_vec(), 400, "request.malformed"),
        ("/nowhere", b"{}".to_vec(), 404, "route.unknown"),
    ];
    for (path, body, status, code) in cases {
        let (got, problem) = post(&stage, path, body).await;
        assert_eq!(
            (got, problem["code"].as_str()),
            (status, Some(code)),
            "{path}"
        );
        assert_eq!(problem["status"], json!(status));
    }
}

#[tokio::test]
async fn the_server_closes_sockets_that_do_not_speak_the_protocol() {
    let stage = Stage::new().await;
    let url = format!("{}/v1/socket", stage.server.url().replace("http", "ws"));
    let huge = format!("{{\"type\":\"hello\",\"x\":\"{}\"}}", "x".repeat(2 << 20));
    for (message, code) in [
        (Message::text("nonsense"), 4400),
        (Message::text("{\"type\":7}"), 4400),
        (Message::text("{\"type\":\"ping\",\"id\":1}"), 4400),
        (Message::binary(vec![0, 1, 2]), 4400),
        (Message::text(huge), 1009),
        (
            Message::text("{\"type\":\"hello\",\"version\":99,\"since\":0}"),
            4400,
        ),
    ] {
        let (mut socket, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
        socket.send(message).await.unwrap();
        let mut closed = None;
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Close(Some(frame)) = message {
                closed = Some(u16::from(frame.code));
            }
        }
        assert_eq!(closed, Some(code));
    }
    // A frame of an unknown type is no offence.
    let (mut socket, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    socket
        .send(Message::text("{\"type\":\"dance\"}"))
        .await
        .unwrap();
    socket.send(Message::text("nonsense")).await.unwrap();
    let first = socket.next().await.unwrap().unwrap();
    assert!(first.to_text().unwrap().contains("request.malformed"));
}

/// Bob's client gets this instead of an events frame, and ends up with everything all the same.
async fn instead_of_events(text: &str) {
    let stage = Stage::new().await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    let events = Where::Outgoing(FrameKind::Events);
    stage.server.faults().add(
        When::at(events)
            .user("bob")
            .then(Action::Replace(text.to_owned())),
    );
    alice.say(&["one", "two"]).await;
    bob.client.set_app_state(fulmar::AppState::Background);
    bob.client.set_app_state(fulmar::AppState::Foreground);
    bob.sees(&["one", "two"]).await;
}

#[tokio::test]
async fn a_client_survives_frames_that_are_none() {
    instead_of_events("nonsense").await;
    instead_of_events("{\"type\":\"events\",\"events\":7}").await;
    instead_of_events("{\"type\":\"events\",\"events\":[{\"seq\":-1}]}").await;
    instead_of_events(
        "{\"type\":\"events\",\"events\":[{\"seq\":18446744073709551615,\"at\":0,\"type\":\"x\"}]}",
    )
    .await;
    instead_of_events("{\"type\":\"dance\",\"to\":\"the music\"}").await;
    instead_of_events("{\"type\":\"outcome\",\"submitId\":999,\"outcomes\":[]}").await;
}

#[tokio::test]
async fn an_event_that_nobody_understands_stops_nothing() {
    let stage = Stage::new().await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    // What bob's log has at this place is only known to the server: ask it.
    alice.say(&["one"]).await;
    bob.sees(&["one"]).await;
    let events = Where::Outgoing(FrameKind::Events);
    // The next event of bob's log is his fifth: conversation, two messages, conversation, message.
    let unknown = json!({"type": "events", "events": [
        {"seq": 6, "at": 1, "type": "weather.changed", "data": {"rain": true}},
    ]});
    stage.server.faults().add(
        When::at(events)
            .user("bob")
            .then(Action::Replace(unknown.to_string())),
    );
    alice.say(&["lost in translation"]).await;
    alice.say(&["two"]).await;
    // The event was taken for what it claimed to be, and kept; the next ones go on.
    fulmar_tests::until(&mut bob.screen, |items| {
        items.last().is_some_and(|item| item.text() == "two")
    })
    .await;
}

#[tokio::test]
async fn answers_that_are_no_answers_are_tried_again() {
    let stage = Stage::new().await;
    let client = stage.open("alice").await;
    let login = Where::Http("/v1/auth/login".to_owned());
    let kind = |error| match error {
        CommandError::ForeignAnswer { status } => Some(status),
        CommandError::Unreachable { .. } => None,
        other => panic!("{other:?}"),
    };
    for (action, expected) in [
        (Action::Html(200), Some(200)),
        (Action::Html(502), Some(502)),
        (Action::Replace("{\"userId\":".to_owned()), Some(200)),
        (Action::Drop, None),
    ] {
        stage
            .server
            .faults()
            .add(When::at(login.clone()).then(action));
        let result = client.sign_in("alice", "alice-password").await;
        assert_eq!(result.map_err(kind), Err(expected));
    }
    let snapshot = Where::Http("/v1/snapshot".to_owned());
    for action in [
        Action::Html(200),
        Action::Html(404),
        Action::Replace("[]".to_owned()),
    ] {
        stage
            .server
            .faults()
            .add(When::at(snapshot.clone()).then(action));
    }
    client.sign_in("alice", "alice-password").await.unwrap();
    fulmar_tests::live(&client).await;
}

//! Tokens run out, are refused, and are stolen; no message ever fails for it.

use std::time::Duration;

use fulmar::SessionState;
use fulmar_mock_server::{Action, When, Where};
use fulmar_tests::{Stage, live, patiently};
use serde_json::{Value, json};

const LONGER_THAN_A_TOKEN: Duration = Duration::from_secs(16 * 60);

#[tokio::test]
async fn a_token_runs_out_on_the_live_socket() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    alice.say(&["before"]).await;
    bob.sees(&["before"]).await;
    stage.server.advance(LONGER_THAN_A_TOKEN);
    alice.say(&["after"]).await;
    alice.sees(&["before", "after"]).await;
    bob.sees(&["before", "after"]).await;
}

#[tokio::test]
async fn a_token_runs_out_over_http() {
    let stage = Stage::new().await;
    stage
        .server
        .faults()
        .add(When::at(Where::Handshake).always().then(Action::Html(502)));
    let alice = stage.sign_in("alice").await;
    let chat = alice.create_direct("bob").await.unwrap();
    let mut alice = fulmar_tests::Person::new(alice, chat);
    alice.say(&["before"]).await;
    alice.sees(&["before"]).await;
    stage.server.advance(LONGER_THAN_A_TOKEN);
    alice.say(&["after"]).await;
    alice.sees(&["before", "after"]).await;
}

#[tokio::test]
async fn the_answer_to_a_refresh_is_lost_and_the_session_lives() {
    let stage = Stage::new().await;
    let (mut alice, _bob) = stage.alice_and_bob().await;
    let refresh = Where::Http("/v1/auth/refresh".to_owned());
    stage.server.faults().add(
        When::at(refresh.clone())
            .times(2)
            .then(Action::SwallowAnswer),
    );
    stage.server.advance(LONGER_THAN_A_TOKEN);
    alice.say(&["after"]).await;
    alice.sees(&["after"]).await;
    // And again, with a request that arrives twice.
    stage.server.faults().clear();
    stage
        .server
        .faults()
        .add(When::at(refresh).times(2).then(Action::Repeat));
    for round in 0..2 {
        stage.server.advance(LONGER_THAN_A_TOKEN);
        alice.chat.send(format!("round {round}")).await.unwrap();
    }
    alice.sees(&["after", "round 0", "round 1"]).await;
    assert!(matches!(
        alice.client.session(),
        SessionState::SignedIn { .. }
    ));
}

#[tokio::test]
async fn a_portal_in_front_of_the_refresh_is_not_the_end_of_the_session() {
    let stage = Stage::new().await;
    let (mut alice, _bob) = stage.alice_and_bob().await;
    let refresh = Where::Http("/v1/auth/refresh".to_owned());
    for status in [200, 401, 403, 520] {
        stage
            .server
            .faults()
            .add(When::at(refresh.clone()).then(Action::Html(status)));
    }
    stage.server.advance(LONGER_THAN_A_TOKEN);
    alice.say(&["after"]).await;
    alice.sees(&["after"]).await;
}

#[tokio::test]
async fn a_fresh_token_goes_to_the_live_socket_before_the_old_one_runs_out() {
    // A token of three seconds is refreshed before it runs out: while the socket is open.
    let stage = Stage::with(fulmar_mock_server::Config {
        access_token_lifetime: Duration::from_secs(3),
        ..fulmar_mock_server::Config::default()
    })
    .await;
    let alice = stage.sign_in("alice").await;
    live(&alice).await;
    let mut states = alice.connection();
    states.next().await.unwrap();
    // The socket would be closed when the first token runs out. It stays, so no state changes: the
    // handshake of another connection would be refused.
    stage
        .server
        .faults()
        .add(When::at(Where::Handshake).always().then(Action::Html(502)));
    let refresh = Where::Http("/v1/auth/refresh".to_owned());
    stage.server.faults().add(
        When::at(refresh)
            .times(2)
            .then(Action::Delay(Duration::ZERO)),
    );
    patiently("two refreshes", async {
        while stage.server.faults().pending() > 1 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    assert_eq!(states.current(), fulmar::ConnectionState::Live);
}

#[tokio::test]
async fn many_requests_need_a_token_and_one_refresh_gets_it() {
    let stage = Stage::new().await;
    let (mut alice, bob) = stage.alice_and_bob().await;
    // The one refresh that passes is to be hers.
    bob.client.close().await;
    stage.server.disconnect("alice");
    for number in 0..20 {
        alice.chat.send(format!("{number}")).await.unwrap();
    }
    let refresh = Where::Http("/v1/auth/refresh".to_owned());
    // The first one passes; a second one would find this.
    stage
        .server
        .faults()
        .add(When::at(refresh).after(1).always().then(Action::Cut));
    stage.server.advance(LONGER_THAN_A_TOKEN);
    stage.server.reconnect("alice");
    let texts: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    alice.sees(&texts).await;
    live(&alice.client).await;
}

async fn post(stage: &Stage, path: &str, body: Value) -> (u16, Value) {
    let response = reqwest_client()
        .post(format!("{}{path}", stage.server.url()))
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

fn reqwest_client() -> reqwest::Client {
    crate::server::http()
}

#[tokio::test]
async fn a_refresh_token_that_is_used_again_ends_the_session() {
    let stage = Stage::new().await;
    let body = json!({"userId": "alice", "password": "alice-password", "deviceId": "thief-test"});
    let (_, first) = post(&stage, "/v1/auth/login", body).await;
    let refresh = |token: &Value| json!({ "refreshToken": token });
    let (_, second) = post(&stage, "/v1/auth/refresh", refresh(&first["refreshToken"])).await;
    // The same again, as long as the answer may have been lost: the same successor.
    let (status, again) = post(&stage, "/v1/auth/refresh", refresh(&first["refreshToken"])).await;
    assert_eq!(status, 200);
    assert_eq!(again["refreshToken"], second["refreshToken"]);
    let (status, _) = post(&stage, "/v1/auth/refresh", refresh(&second["refreshToken"])).await;
    assert_eq!(status, 200);
    // Now the first one can only be stolen.
    let (status, problem) = post(&stage, "/v1/auth/refresh", refresh(&first["refreshToken"])).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (401, Some("session.revoked"))
    );
    let (status, _) = post(&stage, "/v1/auth/refresh", refresh(&second["refreshToken"])).await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn a_socket_whose_hello_has_no_good_token_is_closed() {
    use futures_util::{SinkExt as _, StreamExt as _};
    use tokio_tungstenite::tungstenite::Message;
    let stage = Stage::new().await;
    let url = format!("{}/v1/socket", stage.server.url().replace("http", "ws"));
    let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let hello = json!({"type": "hello", "version": 1, "since": 0, "accessToken": "no.such.token"});
    socket.send(Message::text(hello.to_string())).await.unwrap();
    let mut code = None;
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Close(Some(frame)) = message {
            code = Some(u16::from(frame.code));
        }
    }
    assert_eq!(code, Some(4401));
}

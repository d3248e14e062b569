//! The server by itself: restarts, and which user sees what.

use fulmar_mock_server::{MockServer, StartError};
use fulmar_tests::{Person, Stage, live, quick};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A plain HTTP client.
pub(crate) fn http() -> reqwest::Client {
    use std::sync::Once;
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(fulmar_tests::install_tls_provider);
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn get(url: &str, token: Option<&str>) -> (u16, Value) {
    let mut request = http().get(url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap(),
    )
}

/// An access token of a user, as a backend would get one for them.
pub(crate) async fn token(url: &str, user: &str) -> String {
    let body = json!({"userId": user, "password": format!("{user}-password"), "deviceId": "curl"});
    let response = http()
        .post(format!("{url}/v1/auth/login"))
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    let session: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    session["accessToken"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_restart_from_the_database_forgets_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let start = |port: u16| {
        MockServer::builder()
            .address(([127, 0, 0, 1], port).into())
            .database(folder.path().join("server.db"))
            .demo()
            .start()
    };
    let server = start(0).await.unwrap();
    let (url, port) = (server.url(), server.address().port());
    let open = |user: &str| {
        fulmar::Client::builder(&url, folder.path().join(format!("{user}.db")))
            .config(quick())
            .build()
    };
    let (alice, bob) = (open("alice").await.unwrap(), open("bob").await.unwrap());
    alice.sign_in("alice", "alice-password").await.unwrap();
    bob.sign_in("bob", "bob-password").await.unwrap();
    let hers = alice.create_direct("bob").await.unwrap();
    let mut alice = Person::new(alice, hers);
    alice.say(&["before"]).await;
    alice.sees(&["before"]).await;
    server.stop().await;
    alice.say(&["while it was away"]).await;

    let server = start(port).await.unwrap();
    live(&alice.client).await;
    alice.sees(&["before", "while it was away"]).await;
    let his = bob.create_direct("alice").await.unwrap();
    let mut bob = Person::new(bob, his);
    bob.sees(&["before", "while it was away"]).await;
    server.stop().await;
}

/// What is in a file has a write-ahead log, and a checkpoint of it is in memory.
#[tokio::test]
async fn a_database_comes_back_to_its_checkpoint_as_often_as_it_is_asked_to() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("server.db");
    let start = || MockServer::builder().database(&database).demo().start();
    let server = start().await.unwrap();
    // A second one would tell nobody of what the first one does.
    assert!(start().await.is_err());
    let messages =
        async || get(&format!("{}/stats", server.url()), None).await.1["messages"].clone();
    let before = messages().await;
    server.checkpoint().unwrap();
    for _ in 0..2 {
        let act = fulmar_mock_server::Act {
            user: "alice".to_owned(),
            conversation: None,
            steps: vec![fulmar_mock_server::Step::Say("soon lost".to_owned())],
        };
        server.act(act).await.unwrap();
        assert_ne!(messages().await, before);
        server.restart(fulmar_mock_server::Restart::Losing).unwrap();
        assert_eq!(messages().await, before);
    }
    server.stop().await;
    start().await.unwrap().stop().await;
}

#[tokio::test]
async fn nobody_sees_what_is_not_theirs() {
    let stage = Stage::new().await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    alice.say(&["a secret"]).await;
    bob.sees(&["a secret"]).await;
    let url = stage.server.url();
    let carol = token(&stage.server.url(), "carol").await;
    // The conversation under the server's own id.
    let alices = token(&stage.server.url(), "alice").await;
    let (_, page) = get(&format!("{url}/v1/conversations"), Some(&alices)).await;
    let id = page["conversations"][0]["conversationId"]
        .as_str()
        .unwrap()
        .to_owned();
    for path in [
        format!("/v1/conversations/{id}"),
        format!("/v1/conversations/{id}/messages"),
        "/v1/conversations/c-none".to_owned(),
        "/v1/conversations/c-none/messages?before=9".to_owned(),
    ] {
        let (status, problem) = get(&format!("{url}{path}"), Some(&carol)).await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (404, Some("conversation.notFound")),
            "{path}"
        );
        let (status, problem) = get(&format!("{url}{path}"), None).await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (401, Some("token.invalid")),
            "{path}"
        );
    }
    let (_, page) = get(&format!("{url}/v1/conversations"), Some(&carol)).await;
    assert_eq!(page["conversations"], json!([]));
    let (_, snapshot) = get(&format!("{url}/v1/snapshot"), Some(&carol)).await;
    assert_eq!(snapshot["conversations"], json!([]));

    // Nor may anyone write there, mark it read, or use somebody's key.
    for (method, params) in [
        (
            "message.send",
            json!({"conversationId": id, "text": "let me in"}),
        ),
        ("receipt.update", json!({"conversationId": id, "readTo": 1})),
    ] {
        let key = "0190b5f0-0000-7000-8000-000000000001";
        let submit =
            json!({"operations": [{"operationKey": key, "method": method, "params": params}]});
        let response = http()
            .post(format!("{url}/v1/operations"))
            .bearer_auth(&carol)
            .body(submit.to_string())
            .send()
            .await
            .unwrap();
        let answer: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        assert_eq!(
            answer["outcomes"][0]["problem"]["code"],
            "conversation.notFound"
        );
    }
    bob.say(&["still only us"]).await;
    bob.sees(&["a secret", "still only us"]).await;
}

#[tokio::test]
async fn curl_can_do_what_a_client_can() {
    let stage = Stage::new().await;
    let url = stage.server.url();
    let (status, health) = get(&format!("{url}/health"), None).await;
    assert_eq!((status, health), (200, json!({"status": "ok"})));
    let (_, stats) = get(&format!("{url}/stats"), None).await;
    assert_eq!(
        (&stats["users"], &stats["messages"]),
        (&json!(3), &json!(2))
    );
    let alice = token(&stage.server.url(), "alice").await;
    let (_, me) = get(&format!("{url}/v1/me?token={alice}"), None).await;
    assert_eq!(me["name"], "Alice");
    let (_, page) = get(&format!("{url}/v1/conversations"), Some(&alice)).await;
    let id = page["conversations"][0]["conversationId"].as_str().unwrap();
    let response = http()
        .post(format!("{url}/v1/conversations/{id}/messages"))
        .bearer_auth(&alice)
        .body(json!({"text": "from a shell"}).to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status().as_u16(), 200);
    let (_, page) = get(
        &format!("{url}/v1/conversations/{id}/messages?after=2"),
        Some(&alice),
    )
    .await;
    assert_eq!(page["messages"][0]["text"], "from a shell");
    assert_eq!(page["messages"][0]["position"], 3);
}

/// Sends bytes as they are, then nothing more, and gives what comes back.
async fn raw(server: &MockServer, bytes: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_body_that_is_too_large() {
    let server = MockServer::builder().demo().start().await.unwrap();
    let announced =
        "POST /v1/auth/login HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{";
    let answer = raw(&server, announced).await;
    // Permanent would be the end of it for a client.
    assert!(answer.contains("503"), "{answer}");
    assert!(answer.contains("server.unavailable"), "{answer}");
}

#[tokio::test]
async fn of_somebody_unknown_no_large_body_is_read() {
    let server = MockServer::builder().demo().start().await.unwrap();
    // Announced, and never sent: who waits for it does not answer.
    let ask = |path: &str, token: &str| {
        let some = "x".repeat(65 * 1024);
        format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
             content-length: 1000000\r\n\r\n{some}"
        )
    };
    let answer = raw(&server, &ask("/v1/operations", "nonsense")).await;
    assert!(answer.contains("token.invalid"), "{answer}");
    let answer = raw(&server, &ask("/v1/auth/login", "nonsense")).await;
    assert!(answer.contains("request.tooLarge"), "{answer}");
    // Somebody who is known may send that much: it breaks off here.
    let token = token(&server.url(), "alice").await;
    let answer = raw(&server, &ask("/v1/operations", &token)).await;
    assert!(answer.contains("server.unavailable"), "{answer}");
    let in_query = ask(&format!("/v1/operations?token={token}"), "nonsense");
    let answer = raw(&server, &in_query).await;
    assert!(answer.contains("server.unavailable"), "{answer}");
}

#[tokio::test]
async fn a_handshake_of_another_websocket_is_told_which_one_is_spoken() {
    let server = MockServer::builder().demo().start().await.unwrap();
    for version in ["sec-websocket-version: 8\r\n", ""] {
        let handshake = format!(
            "GET /v1/socket HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             {version}sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let answer = raw(&server, &handshake).await;
        assert!(answer.starts_with("HTTP/1.1 426"), "{answer}");
        assert!(answer.contains("sec-websocket-version: 13"), "{answer}");
    }
}

#[tokio::test]
async fn what_does_not_ask_for_a_websocket_gets_none() {
    let server = MockServer::builder().demo().start().await.unwrap();
    for (method, connection) in [("POST", "Upgrade"), ("GET", "close")] {
        let handshake = format!(
            "{method} /v1/socket HTTP/1.1\r\nhost: localhost\r\nconnection: {connection}\r\n\
             upgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let answer = raw(&server, &handshake).await;
        assert!(!answer.starts_with("HTTP/1.1 101"), "{answer}");
    }
    let several = "GET /v1/socket HTTP/1.1\r\nhost: localhost\r\nconnection: keep-alive, Upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let answer = raw(&server, several).await;
    assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
}

#[tokio::test]
async fn health_is_told_to_who_asks_for_nothing_more() {
    let server = MockServer::builder().demo().start().await.unwrap();
    let answer = raw(&server, "HEAD /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(!answer.contains("status\":"), "{answer}");
}

#[tokio::test]
async fn a_user_who_cannot_be_there_keeps_the_server_from_starting() {
    let refused = MockServer::builder().user("..", "a-password").start().await;
    let Err(StartError::User { user_id, .. }) = refused else {
        panic!("somebody is called ..");
    };
    assert_eq!(user_id, "..");
    let twice = MockServer::builder()
        .user("ann", "a-password")
        .user("ann", "another-password");
    assert!(twice.start().await.is_ok());
}

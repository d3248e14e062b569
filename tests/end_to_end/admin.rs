//! The admin API: what tests in other languages do to a running server.

use fulmar::MessageState;
use fulmar_mock_server::MockServer;
use fulmar_tests::quick;
use serde_json::{Value, json};

use crate::server::{http, token};

pub(crate) struct Admin(pub(crate) String);

impl Admin {
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = http().request(method, format!("{}/admin/{path}", self.0));
        let request = request.header("content-type", "application/json");
        let response = request.body(body.to_string()).send().await.unwrap();
        let status = response.status().as_u16();
        let body = response.bytes().await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn post(&self, path: &str, body: Value) {
        let (status, answer) = self.ask("POST", &format!("worlds/main/{path}"), body).await;
        assert_eq!((status, answer), (200, json!({})), "{path}");
    }
}

async fn stage() -> (MockServer, Admin, tempfile::TempDir) {
    let server = MockServer::builder().demo().admin(0).start().await.unwrap();
    let admin = Admin(server.admin_url().unwrap());
    (server, admin, tempfile::tempdir().unwrap())
}

#[tokio::test]
async fn faults_users_and_the_clock_are_set_over_http() {
    let (server, admin, folder) = stage().await;
    admin
        .post(
            "users",
            json!({"userId": "dora", "password": "dora-password"}),
        )
        .await;
    let dora = fulmar::Client::builder(server.url(), folder.path().join("dora.db"))
        .config(quick())
        .build()
        .await
        .unwrap();
    dora.sign_in("dora", "dora-password").await.unwrap();
    let rule = json!({"at": {"outgoing": "outcome"}, "user": "dora", "times": 2, "then": "cut"});
    admin.post("faults", rule).await;
    let chat = dora.create_direct("alice").await.unwrap();
    chat.send("through a storm").await.unwrap();
    let mut timeline = chat.timeline();
    while timeline.messages().last().map(|item| &item.state) != Some(&MessageState::Sent) {
        timeline.next().await.unwrap();
    }
    let (_, faults) = admin.ask("GET", "worlds/main/faults", json!({})).await;
    assert_eq!(faults, json!({"pending": 0, "applied": 2}));

    // An access token is good for a quarter of an hour.
    let access = token(&server.url(), "alice").await;
    let me = format!("{}/v1/me", server.url());
    let get = || http().get(&me).bearer_auth(&access).send();
    assert_eq!(get().await.unwrap().status(), 200);
    let hour = json!({"byMs": 3_600_000});
    let (status, clock) = admin.ask("POST", "worlds/main/clock/advance", hour).await;
    assert_eq!((status, &clock["stepped"]), (200, &json!(false)), "{clock}");
    assert_eq!(get().await.unwrap().status(), 401);
    dora.close().await;
    server.stop().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_a_problem_and_changes_nothing() {
    let (server, admin, _folder) = stage().await;
    for (method, path, body, status) in [
        (
            "POST",
            "worlds/main/faults",
            json!({"at": "nowhere", "then": "cut"}),
            400,
        ),
        (
            "POST",
            "worlds/main/faults",
            json!({"at": "handshake", "then": "cut", "tims": 1}),
            400,
        ),
        ("POST", "worlds/main/faults", json!([]), 400),
        ("POST", "worlds/other/faults", json!({}), 404),
        ("POST", "worlds/main/users/alice/tickle", json!({}), 404),
        ("PUT", "worlds/main/faults", json!({}), 404),
    ] {
        let (found, problem) = admin.ask(method, path, body).await;
        assert_eq!(found, status, "{path}: {problem}");
        assert!(problem["code"].is_string(), "{problem}");
    }
    let (_, faults) = admin.ask("GET", "worlds/main/faults", json!({})).await;
    assert_eq!(faults, json!({"pending": 0, "applied": 0}));
    // The port that apps speak to knows nothing of it.
    let path = format!("{}/admin/worlds/main/faults", server.url());
    assert_eq!(http().get(path).send().await.unwrap().status(), 404);
    server.stop().await;
}

/// A page that the tester has open sends what a form can send, under its own name.
#[tokio::test]
async fn a_web_page_on_the_testers_machine_is_not_obeyed() {
    let (server, admin, folder) = stage().await;
    let url = format!("{}/admin/worlds/main/network", admin.0);
    let body = r#"{"network": "offline"}"#;
    let json = ("content-type", "application/json");
    for (headers, status) in [
        (vec![("content-type", "text/plain")], 415),
        (vec![json, ("origin", "https://evil.example")], 403),
        (vec![json, ("host", "evil.example")], 403),
    ] {
        let mut request = http().post(&url).body(body);
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        assert_eq!(
            request.send().await.unwrap().status(),
            status,
            "{headers:?}"
        );
    }
    let health = http().get(format!("{}/health", server.url())).send().await;
    assert_eq!(health.unwrap().status(), 200);
    let client = fulmar::Client::builder(server.url(), folder.path().join("alice.db"))
        .config(quick())
        .build()
        .await
        .unwrap();
    client.sign_in("alice", "alice-password").await.unwrap();
    fulmar_tests::live(&client).await;
}

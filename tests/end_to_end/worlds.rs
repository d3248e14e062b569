//! Worlds: many in one process, none of which meets another; each with a clock of its own.

use std::time::Duration;

use fulmar::Client;
use fulmar_mock_server::{Action, MockServer, Scenario, When, World};
use fulmar_tests::{live, quick};
use serde_json::{Value, json};

use crate::admin::Admin;
use crate::server::http;

fn demo() -> Scenario {
    Scenario {
        demo: true,
        ..Scenario::default()
    }
}

async fn sign_in(world: &World, folder: &tempfile::TempDir, name: &str) -> Client {
    let store = folder.path().join(format!("{}-{name}.db", world.id()));
    let client = Client::builder(world.url(), store)
        .config(quick())
        .build()
        .await
        .unwrap();
    client
        .sign_in(name, format!("{name}-password"))
        .await
        .unwrap();
    client
}

#[tokio::test]
async fn what_happens_in_one_world_is_nothing_to_the_other() {
    let server = MockServer::builder().start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (
        server.create_world(&demo()).unwrap(),
        server.create_world(&demo()).unwrap(),
    );
    assert_ne!(one.url(), other.url());
    one.faults()
        .when(When::handshake().always())
        .then(Action::Html(502));
    one.advance(Duration::from_secs(3600));
    let alice = sign_in(&other, &folder, "alice").await;
    live(&alice).await;
    let chat = alice.create_direct("bob").await.unwrap();
    let mut timeline = chat.timeline();
    chat.send("here").await.unwrap();
    fulmar_tests::until(&mut timeline, |items| {
        items.len() == 1 && items[0].state == fulmar::MessageState::Sent
    })
    .await;
    assert_eq!(one.conversations_of("alice").unwrap().len(), 1);
    assert_eq!(other.conversations_of("alice").unwrap().len(), 2);
    assert_eq!(one.journal().count(), 0);
    // There is nobody in the main world, and no token of one world is good in another.
    assert!(server.conversations_of("alice").is_err());
    assert!(server.end_world(&other));
    assert!(!server.end_world(&other));
    let gone = http().get(format!("{}/health", other.url())).send().await;
    assert_eq!(gone.unwrap().status(), 404);
    server.stop().await;
}

#[tokio::test]
async fn three_hundred_worlds_in_one_process() {
    let server = MockServer::builder().start().await.unwrap();
    let mut worlds = Vec::new();
    for _ in 0..300 {
        worlds.push(server.create_world(&demo()).unwrap());
    }
    let folder = tempfile::tempdir().unwrap();
    for world in [&worlds[0], &worlds[150], &worlds[299]] {
        let alice = sign_in(world, &folder, "alice").await;
        live(&alice).await;
        assert!(world.journal().count() > 0);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_test_in_any_language_asks_for_a_world_of_its_own() {
    let server = MockServer::builder().admin(0).start().await.unwrap();
    let admin = Admin(server.admin_url().unwrap());
    let body = json!({"demo": true, "stepped": true,
        "users": [{"userId": "dora", "password": "dora-password", "name": "Dora"}],
        "faults": [{"at": {"http": "/v1/snapshot"}, "times": 1, "then": {"html": 502}}]});
    let (status, world) = admin.ask("POST", "worlds", body).await;
    assert_eq!((status, &world["stepped"]), (200, &json!(true)), "{world}");
    let (url, id) = (
        world["url"].as_str().unwrap(),
        world["world"].as_str().unwrap(),
    );
    let in_world = |path: &str| format!("worlds/{id}/{path}");
    let login = json!({"userId": "dora", "password": "dora-password", "deviceId": "d"}).to_string();
    let session = http()
        .post(format!("{url}/v1/auth/login"))
        .body(login)
        .send()
        .await
        .unwrap();
    let session: Value = serde_json::from_slice(&session.bytes().await.unwrap()).unwrap();
    assert_eq!(session["name"], "Dora");
    let token = session["accessToken"].as_str().unwrap().to_owned();
    let me = || {
        http()
            .get(format!("{url}/v1/me"))
            .bearer_auth(&token)
            .send()
    };
    // Time stands, so the token does not run out by itself, however slow this machine is.
    let (_, clock) = admin.ask("GET", &in_world("clock"), json!({})).await;
    let advance = json!({"byMs": 899_000});
    let (_, later) = admin.ask("POST", &in_world("clock/advance"), advance).await;
    assert_eq!(
        later["now"].as_i64().unwrap() - clock["now"].as_i64().unwrap(),
        899_000
    );
    assert_eq!(me().await.unwrap().status(), 200);
    admin
        .ask("POST", &in_world("clock/advance"), json!({"byMs": 1_000}))
        .await;
    assert_eq!(me().await.unwrap().status(), 401);
    let (_, worlds) = admin.ask("GET", "worlds", json!({})).await;
    assert_eq!(worlds["worlds"].as_array().unwrap().len(), 2);
    assert_eq!(
        admin
            .ask("DELETE", &format!("worlds/{id}"), json!({}))
            .await
            .0,
        200
    );
    assert_eq!(admin.ask("GET", &in_world("clock"), json!({})).await.0, 404);
    assert_eq!(admin.ask("DELETE", "worlds/main", json!({})).await.0, 404);
    // One that comes with the server; and what is none says which there are.
    let (status, train) = admin.ask("POST", "worlds?scenario=train", json!({})).await;
    assert_eq!(status, 200, "{train}");
    let (status, problem) = admin.ask("POST", "worlds?scenario=ship", json!({})).await;
    assert_eq!(status, 422);
    assert!(
        problem["detail"].as_str().unwrap().contains("train"),
        "{problem}"
    );
    let (status, problem) = admin.ask("POST", "worlds", json!({"demmo": true})).await;
    assert_eq!(status, 400, "{problem}");
    let wrong = json!({"conversations": [{"participants": ["nobody"]}]});
    assert_eq!(admin.ask("POST", "worlds", wrong).await.0, 404);
    server.stop().await;
}

#[tokio::test]
async fn beyond_loopback_the_admin_api_wants_its_token() {
    let address = "127.0.0.1:0".parse().unwrap();
    let server = MockServer::builder()
        .admin_at(address, "sesame")
        .start()
        .await
        .unwrap();
    let url = format!("{}/admin/worlds", server.admin_url().unwrap());
    for (token, status) in [(None, 401), (Some("open"), 401), (Some("sesame"), 200)] {
        let request = http().get(&url);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        assert_eq!(request.send().await.unwrap().status(), status, "{token:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn files_of_a_world_are_where_the_world_is() {
    let server = MockServer::builder().start().await.unwrap();
    let world = server.create_world(&demo()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let alice = sign_in(&world, &folder, "alice").await;
    let chat = alice.create_direct("bob").await.unwrap();
    let file = fulmar::NewAttachment::from_bytes("a.txt", b"some bytes".to_vec());
    chat.send(fulmar::NewMessage::text("with a file").attach(file))
        .await
        .unwrap();
    let mut timeline = chat.timeline();
    fulmar_tests::until(&mut timeline, |items| {
        items.len() == 1 && items[0].state == fulmar::MessageState::Sent
    })
    .await;
    server.stop().await;
}

#[tokio::test]
async fn every_documented_route_of_the_admin_api_exists() {
    let server = MockServer::builder().demo().admin(0).start().await.unwrap();
    let admin = Admin(server.admin_url().unwrap());
    let (_, document) = admin.ask("GET", "openapi.json", json!({})).await;
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let path = path
                .trim_start_matches("/admin/")
                .replace("{world}", "main");
            let path = path.replace("{user}", "alice");
            let (status, answer) = admin.ask(&method.to_uppercase(), &path, json!({})).await;
            let no_route = answer["code"] == "route.unknown" && method != "delete";
            assert!(!no_route && status < 500, "{method} {path}: {answer}");
            asked += 1;
        }
    }
    assert!(asked >= 29, "{asked}");
    server.stop().await;
}

#[tokio::test]
async fn a_rate_limit_and_the_end_of_typing_take_as_long_as_the_test_wants() {
    let server = MockServer::builder().start().await.unwrap();
    let scenario = Scenario {
        demo: true,
        stepped: true,
        settings: fulmar_mock_server::Settings {
            messages_per_minute: Some(2),
            ..fulmar_mock_server::Settings::default()
        },
        ..Scenario::default()
    };
    let world = server.create_world(&scenario).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // Bob has said one thing in the demo already, and Alice too.
    world.advance(Duration::from_secs(60));
    let alice = sign_in(&world, &folder, "alice").await;
    let bob = sign_in(&world, &folder, "bob").await;
    live(&alice).await;
    live(&bob).await;
    let chat = alice.create_direct("bob").await.unwrap();
    let mut timeline = chat.timeline();
    for text in ["one", "two", "too much for a minute"] {
        chat.send(text).await.unwrap();
    }
    let refused = world.journal().until(fulmar_tests::DEADLINE, |entry| {
        entry
            .outcomes()
            .iter()
            .any(|outcome| outcome["problem"]["code"] == "rate.limited")
    });
    refused.await.unwrap();
    world.advance(Duration::from_secs(60));
    fulmar_tests::until(&mut timeline, |items| {
        items.len() == 3
            && items
                .iter()
                .all(|item| item.state == fulmar::MessageState::Sent)
    })
    .await;
    // She begins to type, and her phone dies without a word: only time says that she has stopped.
    world
        .faults()
        .when(
            When::incoming(fulmar_mock_server::FrameKind::Any)
                .user("alice")
                .always()
                .after(1),
        )
        .then(Action::Drop);
    chat.keystroke();
    let typing = |state: &'static str| {
        world.journal().until(fulmar_tests::DEADLINE, move |entry| {
            matches!(&entry.passed, fulmar_mock_server::Passed::Outgoing { frame }
                if frame["type"] == "typing" && frame["state"] == state && entry.user.as_deref() == Some("bob"))
        })
    };
    typing("started").await.unwrap();
    world.advance(Duration::from_secs(3));
    typing("stopped").await.unwrap();
    server.stop().await;
}

//! What the server keeps an eye on: how much somebody writes, and who did what.

use std::time::Duration;

use fulmar::{Context, MessageState, NetworkState, NewGroup, OutboxState, UserId};
use fulmar_mock_server::Config;
use fulmar_tests::{Stage, install_tls_provider, list_until, patiently, shown, until};
use serde_json::{Value, json};

#[tokio::test]
async fn a_user_who_writes_too_much_waits_and_loses_nothing() {
    // One of them is the demo's.
    let stage = Stage::with(Config {
        messages_per_minute: Some(6),
        ..Config::default()
    })
    .await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let texts = ["1", "2", "3", "4", "5", "6", "7", "8"];
    alice.say(&texts).await;
    bob.sees(&texts[..5]).await;
    // The outbox says until when the others wait.
    let mut outbox = alice.client.outbox();
    patiently("the outbox to rest", async {
        loop {
            outbox.next().await.unwrap();
            let rests =
                |item: &fulmar::OutboxItem| matches!(item.state, OutboxState::Resting { .. });
            if outbox.items().len() == 3 && outbox.items().iter().all(rests) {
                return;
            }
        }
    })
    .await;
    // Others are not held up.
    bob.say(&["take your time"]).await;
    until(&mut alice.screen, |items| {
        items.iter().any(|item| item.text() == "take your time")
            && items
                .iter()
                .filter(|item| item.state == MessageState::Sent)
                .count()
                == 6
    })
    .await;
    stage.server.advance(Duration::from_secs(61));
    alice.client.set_network(NetworkState::Unavailable);
    alice.client.set_network(NetworkState::Available);
    until(&mut bob.screen, |items| {
        shown(items) == ["1", "2", "3", "4", "5", "take your time", "6", "7", "8"]
    })
    .await;
}

#[tokio::test]
async fn the_audit_log_says_who_did_what_but_never_a_text() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let key = alice.chat.send("top secret").await.unwrap();
    bob.sees(&["top secret"]).await;
    alice.chat.edit(key, "nothing").await.unwrap();
    bob.sees(&["nothing"]).await;
    alice.sees(&["nothing"]).await;
    bob.client.account().block("carol").await.unwrap();
    bob.client.account().delete("bob-password").await.unwrap();
    let log = stage.server.audit();
    let of = |user: &str| -> Vec<&str> {
        let entries = log.iter().filter(|entry| entry.user_id.as_str() == user);
        // The demo's own messages come before.
        let entries = entries.skip_while(|entry| entry.action != "session.started");
        let actions = entries.map(|entry| entry.action.as_str());
        actions
            .filter(|action| *action != "receipt.update")
            .collect()
    };
    assert_eq!(
        of("alice"),
        [
            "session.started",
            "conversation.create",
            "message.send",
            "message.edit"
        ]
    );
    assert_eq!(
        of("bob"),
        [
            "session.started",
            "user.blocked",
            "session.ended",
            "account.deleted"
        ]
    );
    let sent = log
        .iter()
        .find(|entry| entry.operation_key == Some(key))
        .unwrap();
    assert_eq!(sent.action, "message.send");
    assert!(sent.conversation_id.is_some());
    assert!(!format!("{log:?}").contains("secret"));
}

#[tokio::test]
async fn the_first_message_to_a_person_begins_the_conversation() {
    install_tls_provider();
    let stage = Stage::new().await;
    let bob = stage.sign_in("bob").await;
    let http = reqwest::Client::new();
    let url = stage.server.url();
    let login = json!({"userId": "carol", "password": "carol-password", "deviceId": "curl"});
    let session = http
        .post(format!("{url}/v1/auth/login"))
        .body(login.to_string())
        .send();
    let session: Value =
        serde_json::from_str(&session.await.unwrap().text().await.unwrap()).unwrap();
    let token = session["accessToken"].as_str().unwrap();
    let send = |key: u32, to: &str| {
        let operation = json!({
            "operationKey": format!("0190b5f0-0000-7000-8000-{key:012}"), "method": "message.send",
            "params": {"toUserId": to, "text": format!("{key}")},
        });
        let body = json!({ "operations": [operation] }).to_string();
        let request = http
            .post(format!("{url}/v1/operations"))
            .bearer_auth(token)
            .body(body);
        async move {
            let text = request.send().await.unwrap().text().await.unwrap();
            let answer: Value = serde_json::from_str(&text).unwrap();
            answer["outcomes"][0].clone()
        }
    };
    let first = send(1, "bob").await;
    let second = send(2, "bob").await;
    assert_eq!(first["status"], "applied");
    assert_eq!(
        first["message"]["conversationId"],
        second["message"]["conversationId"]
    );
    assert_eq!(send(1, "bob").await, first, "asking twice is harmless");
    for nobody in ["nobody", "carol", ""] {
        let refused = send(3, nobody).await;
        assert_eq!(refused["status"], "failed", "{refused}");
    }
    let mut list = bob.conversations();
    list_until(&mut list, |items| {
        items.iter().any(|item| item.title == "carol")
    })
    .await;
    let item = list
        .items()
        .iter()
        .find(|item| item.title == "carol")
        .unwrap();
    assert_eq!(item.other, Some(UserId::new("carol").unwrap()));
    let chat = bob.create_direct("carol").await.unwrap();
    assert_eq!(chat.id(), &item.conversation_id);
    until(&mut chat.timeline(), |items| shown(items) == ["1", "2"]).await;
}

#[tokio::test]
async fn a_group_has_its_picture_and_what_it_is_about_from_the_start() {
    let stage = Stage::new().await;
    let (alice, bob) = stage.alice_and_bob().await;
    alice.client.set_network(NetworkState::Unavailable);
    let about = Context {
        kind: "order".to_owned(),
        id: "o-7".to_owned(),
        title: "Bicycle".to_owned(),
        extra: json!({"price": 120}),
    };
    let group = NewGroup {
        title: "The bicycle".to_owned(),
        participants: vec![UserId::new("bob").unwrap()],
        avatar_url: Some("https://example.com/bicycle.png".to_owned()),
        context: Some(about.clone()),
    };
    alice.client.create_group_with(group).await.unwrap();
    for client in [&alice.client, &bob.client] {
        let mut list = client.conversations();
        list_until(&mut list, |items| {
            items.iter().any(|item| {
                item.title == "The bicycle"
                    && item.context.as_ref() == Some(&about)
                    && item.avatar_url.as_deref() == Some("https://example.com/bicycle.png")
            })
        })
        .await;
        alice.client.set_network(NetworkState::Available);
    }
}

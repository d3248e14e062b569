//! All that can be done with curl: every write of the REST surface, as somebody without the SDK.

use fulmar::MessageContent;
use fulmar_tests::{Stage, list_until, until};
use serde_json::{Value, json};

use crate::server::{http, token};

/// Somebody with curl.
struct Curl {
    url: String,
    token: String,
}

impl Curl {
    async fn of(stage: &Stage, user: &str) -> Self {
        let url = stage.server.url();
        let token = token(&url, user).await;
        Self { url, token }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = http()
            .request(method, format!("{}/v1/{path}", self.url))
            .bearer_auth(&self.token);
        let request = match body {
            Value::Null => request,
            body => request.body(body.to_string()),
        };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap())
    }

    /// The same, for what has to go well.
    async fn done(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, path, body).await;
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    /// The same, for what has to be refused, with this code.
    async fn refused(&self, method: &str, path: &str, body: Value) -> String {
        let (status, answer) = self.ask(method, path, body).await;
        assert!((400..500).contains(&status), "{method} {path}: {answer}");
        answer["code"].as_str().unwrap().to_owned()
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}

#[tokio::test]
async fn every_write_works_with_curl_and_the_sdk_sees_it() {
    let stage = Stage::new().await;
    let bob = stage.sign_in("bob").await;
    let curl = Curl::of(&stage, "alice").await;

    let people = curl.done("GET", "users?q=Bo", Value::Null).await;
    assert_eq!(people, json!({"users": [{"userId": "bob", "name": "Bob"}]}));
    assert_eq!(
        text(&curl.done("GET", "users/carol", Value::Null).await, "name"),
        "carol"
    );

    let group = json!({"kind": "group", "title": "By hand", "participantIds": ["bob"]});
    let group = curl.done("POST", "conversations", group).await;
    let there = format!("conversations/{}", text(&group, "conversationId"));
    curl.done("PATCH", &there, json!({"title": "With curl"}))
        .await;
    let sent = curl
        .done(
            "POST",
            &format!("{there}/messages"),
            json!({"text": "helo"}),
        )
        .await;
    let it = format!("messages/{}", text(&sent, "messageId"));
    curl.done("PATCH", &it, json!({"text": "hello"})).await;
    curl.done("PUT", &format!("{it}/reactions/%F0%9F%91%8D"), Value::Null)
        .await;
    let now = curl.done("GET", &it, Value::Null).await;
    assert_eq!(text(&now, "text"), "hello");
    assert_eq!(
        now["reactions"],
        json!([{"emoji": "👍", "userIds": ["alice"]}])
    );

    let mut list = bob.conversations();
    list_until(&mut list, |items| {
        items.iter().any(|item| item.title == "With curl")
    })
    .await;
    let item = list
        .items()
        .iter()
        .find(|item| item.title == "With curl")
        .unwrap();
    let his = bob.conversation(&item.conversation_id);
    let mut screen = his.timeline();
    until(&mut screen, |items| {
        items
            .iter()
            .any(|item| item.text() == "hello" && item.reactions.len() == 1)
    })
    .await;

    curl.done(
        "DELETE",
        &format!("{it}/reactions/%F0%9F%91%8D"),
        Value::Null,
    )
    .await;
    curl.done("DELETE", &it, Value::Null).await;
    until(&mut screen, |items| {
        items
            .iter()
            .any(|item| matches!(item.content, MessageContent::Deleted { .. }))
    })
    .await;
    curl.done("POST", &format!("{it}/hide"), Value::Null).await;
    assert_eq!(curl.done("GET", &it, Value::Null).await["hidden"], true);
}

#[tokio::test]
async fn a_group_is_kept_and_left_with_curl() {
    let stage = Stage::new().await;
    let curl = Curl::of(&stage, "alice").await;
    let group = json!({"kind": "group", "title": "By hand", "participantIds": ["bob"]});
    let group = curl.done("POST", "conversations", group).await;
    let there = format!("conversations/{}", text(&group, "conversationId"));
    curl.done(
        "POST",
        &format!("{there}/participants"),
        json!({"userIds": ["carol"]}),
    )
    .await;
    curl.done(
        "PATCH",
        &format!("{there}/participants/carol"),
        json!({"role": "moderator"}),
    )
    .await;
    curl.done(
        "DELETE",
        &format!("{there}/participants/carol"),
        Value::Null,
    )
    .await;
    curl.done(
        "PATCH",
        &format!("{there}/settings"),
        json!({"pinned": true}),
    )
    .await;
    curl.done("POST", &format!("{there}/receipts"), json!({"readTo": 3}))
        .await;
    let view = curl.done("GET", &there, Value::Null).await;
    assert_eq!(view["settings"], json!({"pinned": true}));
    assert_eq!(view["participants"].as_array().unwrap().len(), 2);
    curl.done("POST", &format!("{there}/leave"), Value::Null)
        .await;
    assert_eq!(
        curl.refused("GET", &there, Value::Null).await,
        "conversation.notFound"
    );
}

#[tokio::test]
async fn the_first_message_to_a_person_makes_their_conversation_also_when_asked_twice() {
    let stage = Stage::new().await;
    let bob = stage.sign_in("bob").await;
    let curl = Curl::of(&stage, "alice").await;
    let key = "0190b5f0-0000-7000-8000-000000000001";
    let body = json!({"text": "hi", "operationKey": key});
    let first = curl.done("POST", "users/bob/messages", body.clone()).await;
    assert_eq!(curl.done("POST", "users/bob/messages", body).await, first);
    let mut list = bob.conversations();
    list_until(&mut list, |items| {
        items.iter().any(|item| item.title == "Alice")
    })
    .await;
}

#[tokio::test]
async fn what_is_not_theirs_is_refused_with_a_problem() {
    let stage = Stage::new().await;
    let (alice, _bob) = stage.alice_and_bob().await;
    alice.chat.send("ours").await.unwrap();
    let hers = Curl::of(&stage, "alice").await;
    let list = hers.done("GET", "conversations", Value::Null).await;
    let conversations = list["conversations"].as_array().unwrap();
    let direct = conversations
        .iter()
        .find(|view| view["kind"] == "direct")
        .unwrap();
    let id = text(direct, "conversationId");
    let mut page = json!({"messages": []});
    while page["messages"] == json!([]) {
        page = hers
            .done("GET", &format!("conversations/{id}/messages"), Value::Null)
            .await;
    }
    let message = text(&page["messages"][0], "messageId").to_owned();

    let carol = Curl::of(&stage, "carol").await;
    for (method, path, body, code) in [
        (
            "GET",
            format!("messages/{message}"),
            Value::Null,
            "message.notFound",
        ),
        (
            "PATCH",
            format!("messages/{message}"),
            json!({"text": "mine"}),
            "message.notFound",
        ),
        (
            "DELETE",
            format!("messages/{message}"),
            Value::Null,
            "message.notFound",
        ),
        (
            "PUT",
            format!("messages/{message}/reactions/x"),
            Value::Null,
            "message.notFound",
        ),
        (
            "POST",
            format!("conversations/{id}/messages"),
            json!({"text": "x"}),
            "conversation.notFound",
        ),
        (
            "PATCH",
            format!("conversations/{id}"),
            json!({"title": "x"}),
            "conversation.notFound",
        ),
        (
            "PATCH",
            format!("conversations/{id}/settings"),
            json!({"pinned": true}),
            "conversation.notFound",
        ),
    ] {
        assert_eq!(
            carol.refused(method, &path, body).await,
            code,
            "{method} {path}"
        );
    }
    // A user who blocked another one does not exist for that one.
    hers.done("POST", "blocks", json!({"userId": "carol"}))
        .await;
    assert_eq!(
        carol.refused("GET", "users/alice", Value::Null).await,
        "user.notFound"
    );
    let found = carol.done("GET", "users?q=alice", Value::Null).await;
    assert_eq!(found, json!({"users": []}));
}

#[tokio::test]
async fn what_is_wrong_is_refused_with_a_problem() {
    let stage = Stage::new().await;
    let carol = Curl::of(&stage, "carol").await;
    for (method, path, body, code) in [
        (
            "POST",
            "conversations",
            json!({"kind": "group"}),
            "params.invalid",
        ),
        ("POST", "conversations", json!([1]), "request.malformed"),
        (
            "POST",
            "users/nobody/messages",
            json!({"text": "x"}),
            "user.notFound",
        ),
        (
            "POST",
            "users/bob/messages",
            json!({"text": " "}),
            "params.invalid",
        ),
        (
            "POST",
            "users/bob/messages",
            json!({"operationKey": 7}),
            "params.invalid",
        ),
        ("GET", "users/nobody", Value::Null, "user.notFound"),
        ("DELETE", "conversations", Value::Null, "route.unknown"),
    ] {
        assert_eq!(
            carol.refused(method, path, body).await,
            code,
            "{method} {path}"
        );
    }
}

//! When a recorded push is handed over, to the millisecond.
#![allow(clippy::unwrap_used, clippy::panic)]

use fulmar_backend::{Backend, Config, HttpRequest};
use fulmar_protocol::Timestamp;

const NOW: i64 = 1_790_000_000_000;

fn ask(backend: &mut Backend, path: &str, token: Option<&str>, body: &str) -> serde_json::Value {
    let request = HttpRequest {
        method: "POST",
        path,
        bearer: token,
        body: body.as_bytes(),
        ..HttpRequest::default()
    };
    let (response, _) = backend.http(&request, Timestamp(NOW));
    assert_eq!(response.status, 200, "{response:?}");
    serde_json::from_slice(&response.body).unwrap()
}

#[test]
fn a_push_that_is_not_taken_comes_again_after_two_four_and_eight_seconds_and_then_never() {
    let mut backend = Backend::in_memory(Config::default(), [1; 32]).unwrap();
    backend.seed_demo(Timestamp(NOW)).unwrap();
    let login = r#"{"userId": "alice", "password": "alice-password", "deviceId": "phone"}"#;
    let session = ask(&mut backend, "/v1/auth/login", None, login);
    let token = session["accessToken"].as_str().unwrap();
    let create = r#"{"operations": [{"operationKey": "0190b5f0-0000-7000-8000-000000000001",
        "method": "conversation.create", "params": {"kind": "direct", "participantIds": ["bob"]}}]}"#;
    let created = ask(&mut backend, "/v1/operations", Some(token), create);
    let id = created["outcomes"][0]["conversation"]["conversationId"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/conversations/{id}/messages");
    ask(&mut backend, &path, Some(token), r#"{"text": "knock"}"#);

    let mut at = NOW;
    for wait in [0, 2_000, 4_000, 8_000] {
        if wait > 0 {
            assert!(backend.due_pushes(Timestamp(at + wait - 1)).is_empty());
        }
        at += wait;
        let due = backend.due_pushes(Timestamp(at));
        let [push] = due.as_slice() else {
            panic!("{due:?}");
        };
        assert_eq!(push.payload.body, "knock");
        backend.push_handed_over(push.push_id, false, Timestamp(at));
    }
    assert!(backend.due_pushes(Timestamp(at + 1_000_000)).is_empty());
    assert_eq!(backend.pushes(Timestamp(at)).len(), 1, "it stays recorded");
}

#[test]
fn a_push_counts_what_was_unread_with_its_message_whatever_came_after_it_in_the_same_submit() {
    let mut backend = Backend::in_memory(Config::default(), [1; 32]).unwrap();
    backend.seed_demo(Timestamp(NOW)).unwrap();
    let login = r#"{"userId": "alice", "password": "alice-password", "deviceId": "phone"}"#;
    let session = ask(&mut backend, "/v1/auth/login", None, login);
    let token = session["accessToken"].as_str().unwrap();
    let body = r#"{"text": "before"}"#;
    let first = ask(&mut backend, "/v1/users/bob/messages", Some(token), body);
    let operations: Vec<_> = (1..=3)
        .map(|number| {
            serde_json::json!({
                "operationKey": format!("0190b5f0-0000-7000-8000-00000000000{number}"),
                "method": "message.send",
                "params": {
                    "conversationId": first["conversationId"], "text": "hello", "mentions": ["bob"],
                },
            })
        })
        .collect();
    let submit = serde_json::json!({ "operations": operations }).to_string();
    ask(&mut backend, "/v1/operations", Some(token), &submit);
    let counts: Vec<_> = backend
        .pushes(Timestamp(NOW))
        .into_iter()
        .map(|push| push.payload)
        .map(|it| (it.unread_count, it.unread_mentions, it.unread_total))
        .collect();
    // In the demo's conversation one is unread from the start.
    assert_eq!(counts, [(1, 0, 2), (2, 1, 3), (3, 2, 4), (4, 3, 5)]);
}

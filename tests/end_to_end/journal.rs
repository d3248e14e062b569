//! The journal: what a test can say has to have happened, and wait for without sleeping.

use std::time::Duration;

use fulmar::NetworkState;
use fulmar_mock_server::{Action, FrameKind, MockServer, Passed, When, Where};
use fulmar_tests::{DEADLINE, Stage};
use serde_json::Value;

use crate::server::http;

#[tokio::test]
async fn what_was_applied_is_waited_for_whether_or_not_anybody_heard_of_it() {
    let stage = Stage::new().await;
    let (alice, _bob) = stage.alice_and_bob().await;
    let outcome = Where::Outgoing(FrameKind::Outcome);
    let deaf = When::at(outcome).user("alice").always();
    stage.server.faults().add(deaf.then(Action::Drop));
    let key = alice.chat.send("unheard").await.unwrap();
    let journal = stage.server.journal();
    let told = journal.applied(key, DEADLINE).await.unwrap();
    assert_eq!(told.user.as_deref(), Some("alice"));
    // What a fault did is an entry of its own, behind what it did it to.
    let fault = journal
        .until(DEADLINE, |entry| {
            matches!(entry.passed, Passed::Fault { .. })
        })
        .await
        .unwrap();
    assert!(fault.number > told.number);
    // The order is that in which it took effect.
    let submit = journal.entries().into_iter().rfind(
        |entry| matches!(&entry.passed, Passed::Incoming { frame } if frame["type"] == "submit"),
    );
    assert!(submit.unwrap().number < told.number);
    let never = journal
        .until(Duration::from_millis(20), |entry| {
            entry.user.as_deref() == Some("nobody")
        })
        .await;
    assert_eq!(never.unwrap_err().waited, Duration::from_millis(20));
}

#[tokio::test]
async fn secrets_are_left_out_of_it() {
    let stage = Stage::new().await;
    let alice = stage.sign_in("alice").await;
    fulmar_tests::live(&alice).await;
    let entries = stage.server.journal().entries();
    let text = serde_json::to_string(&entries).unwrap();
    assert!(text.contains("/v1/auth/login") && text.contains("hello"));
    for secret in ["alice-password", "eyJ"] {
        assert!(!text.contains(secret), "{secret} is in the journal");
    }
}

#[tokio::test]
async fn a_script_asks_for_it_and_waits_over_http() {
    let server = MockServer::builder().demo().admin(0).start().await.unwrap();
    let journal = format!("{}/admin/worlds/main/journal", server.admin_url().unwrap());
    let get = async |query: &str| -> Value {
        let answer = http()
            .get(format!("{journal}?{query}"))
            .send()
            .await
            .unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    };
    assert_eq!(
        get("user=alice").await,
        serde_json::json!({"entries": [], "count": 0})
    );
    let folder = tempfile::tempdir().unwrap();
    let alice = fulmar::Client::builder(server.url(), folder.path().join("alice.db"));
    let alice = alice.build().await.unwrap();
    alice.sign_in("alice", "alice-password").await.unwrap();
    alice.set_network(NetworkState::Unavailable);
    let chat = alice.create_direct("bob").await.unwrap();
    let key = chat.send("hello").await.unwrap();
    let nothing = get(&format!("applied={key}")).await;
    assert_eq!(nothing["entries"], serde_json::json!([]));
    let waiting = format!("applied={key}&waitMs=60000");
    let (found, ()) = tokio::join!(get(&waiting), async {
        alice.set_network(NetworkState::Available);
    });
    assert_eq!(found["entries"][0]["user"], "alice");
    let number = &found["entries"][0]["number"];
    assert_eq!(
        get(&format!("{waiting}&after={number}&waitMs=1")).await["entries"],
        serde_json::json!([])
    );
    let logins = get("passed=request&path=/v1/auth&after=0").await;
    assert_eq!(logins["entries"][0]["status"], 200);
    let hello = get("passed=incoming&type=hello").await;
    assert_eq!(hello["entries"][0]["user"], "alice");
    for bad in ["after=yesterday", "when=now"] {
        assert_eq!(get(bad).await["code"], "params.invalid", "{bad}");
    }
}

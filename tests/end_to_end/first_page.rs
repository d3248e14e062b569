//! A timeline never stays empty because the newest places have nothing to show.

use std::time::Duration;

use fulmar::{MessageState, NetworkState, NewMessage, OperationKey};
use fulmar_mock_server::{Action, When, Where};
use fulmar_tests::{Person, Stage, live, messages, patiently, shown, until};

/// More than a snapshot brings of a conversation, and more than a page of history has.
const MANY: u32 = 70;

/// Alice wrote three messages, and then many replies in the thread of the first.
async fn a_busy_thread(stage: &Stage) -> (Person, OperationKey) {
    let (mut alice, _bob) = stage.alice_and_bob().await;
    let root = alice.chat.send("one").await.unwrap();
    alice.say(&["two", "three"]).await;
    for number in 1..=MANY {
        let reply = NewMessage::text(format!("{number}")).in_thread(root);
        alice.chat.send(reply).await.unwrap();
    }
    alice.sees(&["one", "two", "three"]).await;
    let mut thread = alice.chat.thread(root).timeline();
    until(&mut thread, |items| {
        items.last().is_some_and(|item| item.text() == "70")
            && items.iter().all(|item| item.state == MessageState::Sent)
    })
    .await;
    (alice, root)
}

async fn tablet(stage: &Stage) -> Person {
    let tablet = stage.sign_in_on("alice", "alice-tablet").await;
    live(&tablet).await;
    Person::beside_general_chat(tablet, "Bob").await
}

#[tokio::test]
async fn behind_replies_in_a_thread_the_messages_come_by_themselves() {
    let stage = Stage::new().await;
    a_busy_thread(&stage).await;
    let mut tablet = tablet(&stage).await;
    tablet.sees(&["one", "two", "three"]).await;
}

#[tokio::test]
async fn behind_hidden_messages_too() {
    let stage = Stage::new().await;
    let (mut alice, _bob) = stage.alice_and_bob().await;
    alice.say(&["seen"]).await;
    for number in 1..=MANY {
        alice.chat.send(format!("{number}")).await.unwrap();
    }
    until(&mut alice.screen, |items| {
        items.len() == 71 && items.iter().all(|item| item.state == MessageState::Sent)
    })
    .await;
    for message in &messages(&alice.screen)[1..] {
        alice.chat.delete_for_me(message.key).await.unwrap();
    }
    alice.sees(&["seen"]).await;
    let mut outbox = alice.client.outbox();
    patiently("all of it done", async {
        outbox.next().await.unwrap();
        while !outbox.items().is_empty() {
            outbox.next().await.unwrap();
        }
    })
    .await;
    let mut tablet = tablet(&stage).await;
    tablet.sees(&["seen"]).await;
}

#[tokio::test]
async fn they_come_when_the_network_does() {
    let stage = Stage::new().await;
    a_busy_thread(&stage).await;
    let mut tablet = tablet(&stage).await;
    tablet.client.set_network(NetworkState::Unavailable);
    tablet.screen.next().await.unwrap();
    assert_eq!(shown(&messages(&tablet.screen)), [""; 0]);
    // What one writes is shown at once, and replaces nothing.
    tablet.say(&["four"]).await;
    until(&mut tablet.screen, |items| shown(items) == ["four"]).await;
    tablet.client.set_network(NetworkState::Available);
    tablet.sees(&["one", "two", "three", "four"]).await;
}

#[tokio::test]
async fn a_server_that_refuses_is_asked_once_over_each_connection() {
    let stage = Stage::new().await;
    a_busy_thread(&stage).await;
    let tablet = tablet(&stage).await;
    let history = Where::Http("/v1/conversations".to_owned());
    let faults = stage.server.faults();
    faults.add(When::at(history).always().then(Action::Html(502)));
    let before = faults.applied();
    let mut screen = tablet.chat.timeline();
    screen.next().await.unwrap();
    let more = tokio::time::timeout(Duration::from_millis(300), screen.next()).await;
    assert!(more.is_err(), "{more:?}");
    assert_eq!(faults.applied() - before, 1);
    stage.server.disconnect("alice");
    faults.clear();
    stage.server.reconnect("alice");
    until(&mut screen, |items| shown(items) == ["one", "two", "three"]).await;
}

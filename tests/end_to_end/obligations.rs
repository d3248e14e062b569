//! What PROTOCOL.md says that a client must never do, seen from the server's journal.

use std::time::Duration;

use fulmar::{FailureReason, MessageState};
use fulmar_mock_server::{Action, Entry, FrameKind, Passed, When};
use fulmar_tests::{DEADLINE, Person, Stage, until};

/// The submits of Alice that carry an operation in this conversation.
fn submits(stage: &Stage, conversation: &str) -> usize {
    let carries = |entry: &&Entry| match &entry.passed {
        Passed::Incoming { frame } => {
            frame["type"] == "submit"
                && entry.user.as_deref() == Some("alice")
                && frame["operations"].to_string().contains(conversation)
        }
        _ => false,
    };
    stage
        .server
        .journal()
        .entries()
        .iter()
        .filter(carries)
        .count()
}

/// The conversation of Alice and Bob, as the server calls it.
fn with_bob(stage: &Stage) -> String {
    let all = stage.server.conversations_of("alice").unwrap();
    let direct = all.iter().find(|one| one.profile.title.is_none());
    direct.unwrap().conversation_id.to_string()
}

#[tokio::test]
async fn started_is_not_said_more_often_than_once_a_second() {
    let stage = Stage::new().await;
    let (alice, _bob) = stage.alice_and_bob().await;
    let begun = std::time::Instant::now();
    for _ in 0..200 {
        alice.chat.keystroke();
        tokio::task::yield_now().await;
    }
    alice.say(&["and done"]).await;
    let journal = stage.server.journal();
    let sent = journal.until(DEADLINE, |entry| {
        matches!(&entry.passed, Passed::Incoming { frame }
            if frame.to_string().contains("and done"))
    });
    sent.await.unwrap();
    let started = |entry: &&Entry| {
        matches!(&entry.passed, Passed::Incoming { frame }
            if frame["type"] == "typing" && frame["state"] == "started")
    };
    let count = journal.entries().iter().filter(started).count() as u64;
    assert!(
        count >= 1 && count <= begun.elapsed().as_secs() + 1,
        "{count}"
    );
}

#[tokio::test]
async fn there_are_never_two_submits_of_one_conversation_under_way() {
    let stage = Stage::new().await;
    let (mut alice, _bob) = stage.alice_and_bob().await;
    stage.server.stop_clock();
    let faults = stage.server.faults();
    let held = Action::Delay(Duration::from_secs(1));
    faults
        .when(When::outgoing(FrameKind::Outcome).user("alice").times(1))
        .then(held);
    let here = with_bob(&stage);
    alice.say(&["one"]).await;
    // Its outcome is on the way as long as the clock stands.
    let journal = stage.server.journal();
    let submitted = |text: &'static str| {
        journal.until(DEADLINE, move |entry| {
            matches!(&entry.passed, Passed::Incoming { frame }
            if frame["type"] == "submit" && frame.to_string().contains(text))
        })
    };
    submitted("one").await.unwrap();
    alice.say(&["two", "three"]).await;
    let elsewhere = alice.client.create_direct("carol").await.unwrap();
    elsewhere.send("past it").await.unwrap();
    // Another conversation does not wait; this one does.
    submitted("conversation.create").await.unwrap();
    assert_eq!(submits(&stage, &here), 1);
    stage.server.advance(Duration::from_secs(1));
    stage.server.start_clock();
    alice.sees(&["one", "two", "three"]).await;
    assert!(submits(&stage, &here) >= 2);
}

#[tokio::test]
async fn each_submit_stands_behind_those_before_it() {
    let stage = Stage::new().await;
    let (mut alice, _bob) = stage.alice_and_bob().await;
    let faults = stage.server.faults();
    let submit = When::incoming(FrameKind::Submit).user("alice").times(2);
    faults.when(submit).then(Action::Cut);
    alice.say(&["cut off twice"]).await;
    alice.sees(&["cut off twice"]).await;
    // Another process goes on behind what the first one has sent.
    alice.client.close().await;
    drop(alice);
    let client = stage.open("alice").await;
    let chat = client.create_direct("bob").await.unwrap();
    let mut alice = Person::new(client, chat);
    alice.say(&["and again"]).await;
    alice.sees_last("and again").await;
    let entries = stage.server.journal().entries();
    let orders: Vec<u64> = entries
        .iter()
        .filter(|entry| entry.user.as_deref() == Some("alice"))
        .filter_map(|entry| match &entry.passed {
            Passed::Incoming { frame } if frame["type"] == "submit" => frame["order"].as_u64(),
            _ => None,
        })
        .collect();
    // The two that were cut off had places, too.
    assert!(orders.last() > Some(&4), "{orders:?}");
    assert!(orders.is_sorted_by(|one, next| one < next), "{orders:?}");
}

#[tokio::test]
async fn what_is_older_than_the_servers_memory_is_not_tried_again_by_itself() {
    let stage = Stage::new().await;
    let (mut alice, _bob) = stage.alice_and_bob().await;
    let here = with_bob(&stage);
    let before = submits(&stage, &here);
    let submit = When::incoming(FrameKind::Submit)
        .user("alice")
        .method("message.send")
        .always();
    stage.server.faults().when(submit).then(Action::Cut);
    stage.server.stop_clock();
    alice.say(&["applied or not?"]).await;
    until(&mut alice.screen, |items| {
        items
            .last()
            .is_some_and(|item| item.state == MessageState::Unconfirmed)
    })
    .await;
    // While a process runs, its own clock says how much time has passed; when none does, the server's.
    alice.client.close().await;
    stage.server.advance(Duration::from_secs(31 * 24 * 60 * 60));
    stage.server.faults().clear();
    let client = stage.open("alice").await;
    let chat = client.conversation(alice.chat.id());
    let mut alice = Person::new(client, chat);
    until(&mut alice.screen, |items| {
        items.last().is_some_and(|item| {
            matches!(&item.state, MessageState::Failed { reason, .. } if *reason == FailureReason::OutcomeUnknown)
        })
    })
    .await;
    // The frame was cut before it got there, and no other followed.
    assert_eq!(submits(&stage, &here), before);
}

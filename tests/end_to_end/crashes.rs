//! Killed at each step of a send, and opened again: the message arrives once, in order.
//!
//! "Killed" is a client that is dropped: its thread ends at once, without a goodbye. The chaos test
//! does the same to real processes.

use fulmar::{ConversationId, MessageState};
use fulmar_mock_server::{Action, Fault, FrameKind, When, Where};
use fulmar_tests::{Person, Stage, shown, until};

/// Throws the process state away and opens it again from disk.
async fn kill_and_reopen(stage: &Stage, person: Person) -> Person {
    let id: ConversationId = person.chat.id().clone();
    drop(person);
    let client = stage.open("alice").await;
    Person::new(client.clone(), client.conversation(&id))
}

#[tokio::test]
async fn after_the_enqueue() {
    let stage = Stage::new().await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    stage.server.disconnect("alice");
    alice.say(&["one", "two", "three"]).await;
    let mut alice = kill_and_reopen(&stage, alice).await;
    until(&mut alice.screen, |items| {
        shown(items) == ["one", "two", "three"]
    })
    .await;
    assert!(
        alice.screen.messages().all(|item| matches!(
            item.state,
            MessageState::Pending | MessageState::Unconfirmed
        )),
        "the first may have gone into the socket before its end was heard"
    );
    stage.server.reconnect("alice");
    alice.sees(&["one", "two", "three"]).await;
    bob.sees(&["one", "two", "three"]).await;
}

/// The fault leaves the message at the step where the process is killed.
async fn killed_at(fault: Fault, bob_has_it_before: bool) {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    stage.server.faults().add(fault);
    alice.say(&["one"]).await;
    if bob_has_it_before {
        bob.sees(&["one"]).await;
    } else {
        until(&mut alice.screen, |items| {
            items
                .first()
                .is_some_and(|item| item.state == MessageState::Sending)
        })
        .await;
    }
    let mut alice = kill_and_reopen(&stage, alice).await;
    stage.server.faults().clear();
    alice.say(&["two"]).await;
    alice.sees(&["one", "two"]).await;
    bob.sees(&["one", "two"]).await;
}

#[tokio::test]
async fn after_the_submit_left_and_before_it_arrived() {
    let submit = Where::Incoming(FrameKind::Submit);
    killed_at(When::at(submit).user("alice").then(Action::Drop), false).await;
}

#[tokio::test]
async fn after_it_was_applied_and_before_the_outcome() {
    // Nothing that the server says about it comes through.
    let said = Where::Outgoing(FrameKind::Any);
    killed_at(
        When::at(said).user("alice").always().then(Action::Drop),
        true,
    )
    .await;
}

#[tokio::test]
async fn after_the_outcome_and_before_the_event() {
    let events = Where::Outgoing(FrameKind::Events);
    killed_at(When::at(events).user("alice").then(Action::Drop), true).await;
}

#[tokio::test]
async fn after_the_event_and_before_the_outcome() {
    let outcome = Where::Outgoing(FrameKind::Outcome);
    killed_at(When::at(outcome).user("alice").then(Action::Drop), true).await;
}

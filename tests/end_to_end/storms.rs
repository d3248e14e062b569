//! What a network can do to frames, and how it ends: once, in order.

use std::time::Duration;

use fulmar::{ConnectionState, WaitReason};
use fulmar_mock_server::{Action, Config, Fault, FrameKind, When, Where};
use fulmar_tests::{Stage, connection, live, quick};

/// So long that a waiting connection is surely seen waiting: watchers may skip what is brief.
const LONG: fulmar::Backoff = fulmar::Backoff {
    first: Duration::from_secs(36_000),
    cap: Duration::from_secs(36_000),
};

/// Alice sends, the fault strikes her or Bob, and both end up with everything.
async fn survives(fault: Fault) {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    stage.server.faults().add(fault);
    alice.say(&["one", "two", "three"]).await;
    bob.say(&["four"]).await;
    // Whatever is noticed only by the next heartbeat is noticed here.
    alice.look_up();
    bob.look_up();
    for person in [&mut alice, &mut bob] {
        fulmar_tests::until(&mut person.screen, |items| {
            let mut texts = fulmar_tests::shown(items);
            texts.retain(|text| *text != "four");
            items.len() == 4
                && items
                    .iter()
                    .all(|item| item.state == fulmar::MessageState::Sent)
                && texts == ["one", "two", "three"]
        })
        .await;
    }
    let order = |person: &fulmar_tests::Person| -> Vec<String> {
        person
            .screen
            .messages()
            .map(|item| item.text().to_owned())
            .collect()
    };
    assert_eq!(order(&alice), order(&bob));
}

#[tokio::test]
async fn the_answer_to_a_submit_is_lost_and_the_socket_with_it() {
    let outcome = Where::Outgoing(FrameKind::Outcome);
    survives(When::at(outcome).user("alice").then(Action::Cut)).await;
}

#[tokio::test]
async fn a_submit_is_delivered_twice() {
    let submit = Where::Incoming(FrameKind::Submit);
    survives(When::at(submit).user("alice").times(2).then(Action::Repeat)).await;
}

#[tokio::test]
async fn a_socket_is_cut_before_a_submit() {
    let submit = Where::Incoming(FrameKind::Submit);
    survives(When::at(submit).user("alice").then(Action::Cut)).await;
}

#[tokio::test]
async fn a_socket_is_cut_in_the_middle_of_an_events_frame() {
    let events = Where::Outgoing(FrameKind::Events);
    survives(When::at(events).user("bob").then(Action::CutInTheMiddle)).await;
}

#[tokio::test]
async fn an_events_frame_vanishes_and_the_gap_is_fetched() {
    let events = Where::Outgoing(FrameKind::Events);
    survives(When::at(events).user("bob").then(Action::Drop)).await;
}

#[tokio::test]
async fn everything_is_slow() {
    let slow = Action::Delay(Duration::from_millis(30));
    survives(
        When::at(Where::Outgoing(FrameKind::Any))
            .always()
            .then(slow),
    )
    .await;
}

#[tokio::test]
async fn a_dead_peer_is_noticed_by_its_silence() {
    let stage = Stage::with(Config {
        heartbeat: Duration::from_secs(1),
        ..Config::default()
    })
    .await;
    let config = fulmar::Config {
        pong_timeout: Duration::from_millis(200),
        backoff: LONG,
        ..quick()
    };
    let alice = stage.open_with("alice", config).await;
    alice.sign_in("alice", "alice-password").await.unwrap();
    live(&alice).await;
    let pong = Where::Outgoing(FrameKind::Pong);
    stage.server.faults().add(When::at(pong).then(Action::Drop));
    let state = connection(&alice, |state| {
        matches!(state, ConnectionState::Waiting { .. })
    })
    .await;
    assert!(
        matches!(
            state,
            ConnectionState::Waiting {
                reason: WaitReason::Silent,
                retry_at: Some(_),
                attempt: 1
            }
        ),
        "{state:?}"
    );
    alice.set_network(fulmar::NetworkState::Unavailable);
    alice.set_network(fulmar::NetworkState::Available);
    live(&alice).await;
}

#[tokio::test]
async fn waiting_says_why_and_until_when_and_the_network_hint_ends_it() {
    let stage = Stage::new().await;
    let config = fulmar::Config {
        backoff: LONG,
        ..quick()
    };
    let alice = stage.open_with("alice", config).await;
    alice.sign_in("alice", "alice-password").await.unwrap();
    live(&alice).await;
    stage.server.disconnect("alice");
    let state = connection(&alice, |state| {
        matches!(state, ConnectionState::Waiting { .. })
    })
    .await;
    assert!(
        matches!(
            &state,
            ConnectionState::Waiting {
                reason: WaitReason::Unreachable { .. },
                retry_at: Some(_),
                ..
            }
        ),
        "{state:?}"
    );
    stage.server.reconnect("alice");
    alice.set_network(fulmar::NetworkState::Unavailable);
    connection(&alice, |state| *state == ConnectionState::Offline).await;
    alice.set_network(fulmar::NetworkState::Available);
    live(&alice).await;
}

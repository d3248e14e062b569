//! Answers of which one element cannot be read: all others are shown.

use fulmar::{GapEnd, GapRange, MessageState, Position, TimelineItem};
use fulmar_mock_server::{Action, When};
use fulmar_tests::{Person, Stage, live, shown, until};

const HISTORY: &str = "GET /v1/conversations";

fn gaps(person: &Person) -> Vec<GapRange> {
    let gaps = person.screen.items().iter().filter_map(|item| match item {
        TimelineItem::Gap(gap) => Some(*gap),
        TimelineItem::Message(_) => None,
    });
    gaps.collect()
}

fn gap_at(position: u64) -> GapRange {
    GapRange {
        from: Position(position),
        to: Position(position),
    }
}

/// Alice has written so many messages, which her tablet does not know yet.
async fn written(stage: &Stage, count: u32) -> Vec<String> {
    let (mut alice, _bob) = stage.alice_and_bob().await;
    let texts: Vec<String> = (1..=count).map(|number| format!("{number}")).collect();
    for text in &texts {
        alice.chat.send(text).await.unwrap();
    }
    until(&mut alice.screen, |items| {
        items.len() == texts.len() && items.iter().all(|item| item.state == MessageState::Sent)
    })
    .await;
    texts
}

async fn tablet(stage: &Stage) -> Person {
    let tablet = stage.sign_in_on("alice", "alice-tablet").await;
    live(&tablet).await;
    Person::beside_general_chat(tablet, "Bob").await
}

#[tokio::test]
async fn a_message_of_a_snapshot() {
    let stage = Stage::new().await;
    let texts = written(&stage, 10).await;
    let spoiled = Action::WrongTypesAt("/conversations/0/messages/3".to_owned());
    let snapshot = When::http("/v1/snapshot").always();
    stage.server.faults().when(snapshot).then(spoiled);
    let mut tablet = tablet(&stage).await;
    let mut others = texts;
    others.remove(3);
    until(&mut tablet.screen, |items| shown(items) == others).await;
    assert_eq!(gaps(&tablet), [gap_at(4)]);
}

#[tokio::test]
async fn a_message_of_a_page_which_is_not_asked_for_again() {
    let stage = Stage::new().await;
    let texts = written(&stage, 70).await;
    let mut tablet = tablet(&stage).await;
    until(&mut tablet.screen, |items| shown(items) == texts[50..]).await;
    let spoiled = Action::WrongTypesAt("/messages/10".to_owned());
    let faults = stage.server.faults();
    faults.when(When::http(HISTORY).always()).then(spoiled);
    tablet.screen.load_older().await.unwrap();
    let mut others = texts.clone();
    others.remove(10);
    until(&mut tablet.screen, |items| shown(items) == others).await;
    assert_eq!(gaps(&tablet), [gap_at(11)]);
    // Who asked again would get it now.
    faults.clear();
    for end in [GapEnd::Oldest, GapEnd::Newest] {
        tablet.screen.load_gap(gap_at(11), end).await.unwrap();
    }
    tablet.screen.load_older().await.unwrap();
    assert_eq!(gaps(&tablet), [gap_at(11)]);
}

#[tokio::test]
async fn an_event_and_a_participant() {
    let stage = Stage::new().await;
    let faults = stage.server.faults();
    let person = Action::WrongTypesAt("/conversations/0/participants/1".to_owned());
    faults
        .when(When::http("/v1/snapshot").always())
        .then(person);
    let (alice, mut bob) = stage.alice_and_bob().await;
    stage.server.disconnect("bob");
    alice.say(&["one", "two", "three"]).await;
    let event = Action::WrongTypesAt("/events/0".to_owned());
    let frames = fulmar_mock_server::FrameKind::Events;
    faults.when(When::outgoing(frames).user("bob")).then(event);
    stage.server.reconnect("bob");
    bob.sees(&["two", "three"]).await;
    live(&bob.client).await;
}

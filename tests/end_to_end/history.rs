//! Older history, resets, and what a snapshot must not take away.

use std::time::Duration;

use fulmar::{
    Anchor, CommandError, GapEnd, GapRange, MessageState, NetworkState, PageResult, Position,
    Timeline, TimelineItem,
};
use fulmar_mock_server::{Action, When, Where};
use fulmar_tests::{Person, Stage, list_until, live, messages, shown, until};

#[tokio::test]
async fn history_comes_in_pages_of_fifty_down_to_the_beginning() {
    let stage = Stage::new().await;
    let (mut alice, _bob) = stage.alice_and_bob().await;
    let texts: Vec<String> = (1..=120).map(|number| format!("{number}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    alice.say(&texts).await;
    until(&mut alice.screen, |items| {
        items.len() == 120 && items.iter().all(|item| item.state == MessageState::Sent)
    })
    .await;

    // A new device has the newest 20 from its snapshot.
    let tablet = stage.sign_in_on("alice", "alice-tablet").await;
    live(&tablet).await;
    let mut tablet = Person::beside_general_chat(tablet, "Bob").await;
    until(&mut tablet.screen, |items| shown(items) == texts[100..]).await;

    tablet.client.set_network(NetworkState::Unavailable);
    let offline = tablet.screen.load_older().await;
    assert!(
        matches!(offline, Err(CommandError::Unreachable { .. })),
        "{offline:?}"
    );
    tablet.client.set_network(NetworkState::Available);
    live(&tablet.client).await;

    assert_eq!(
        tablet.screen.load_older().await,
        Ok(PageResult { has_more: true })
    );
    until(&mut tablet.screen, |items| shown(items) == texts[50..]).await;
    assert_eq!(
        tablet.screen.load_older().await,
        Ok(PageResult { has_more: false })
    );
    until(&mut tablet.screen, |items| shown(items) == texts).await;
    assert_eq!(
        tablet.screen.load_older().await,
        Ok(PageResult { has_more: false })
    );

    // What was fetched once is on the device: another screen gets it offline, page by page.
    tablet.client.set_network(NetworkState::Unavailable);
    let mut screen = tablet.chat.timeline();
    until(&mut screen, |items| shown(items) == texts[70..]).await;
    assert_eq!(screen.load_older().await, Ok(PageResult { has_more: true }));
    until(&mut screen, |items| shown(items) == texts[20..]).await;
    assert_eq!(
        screen.load_older().await,
        Ok(PageResult { has_more: false })
    );
    until(&mut screen, |items| shown(items) == texts).await;
    assert_eq!(
        screen.load_older().await,
        Ok(PageResult { has_more: false })
    );
}

#[tokio::test]
async fn a_cut_log_leads_to_a_snapshot_that_takes_nothing_unsent_away() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    alice.say(&["one"]).await;
    alice.sees(&["one"]).await;
    bob.sees(&["one"]).await;
    stage.server.disconnect("alice");
    alice.say(&["unsent"]).await;
    bob.say(&["two", "three"]).await;
    bob.sees(&["one", "two", "three"]).await;
    stage.server.cut_log("alice").unwrap();
    stage.server.reconnect("alice");
    alice.sees(&["one", "two", "three", "unsent"]).await;
    bob.sees(&["one", "two", "three", "unsent"]).await;
    live(&alice.client).await;
    bob.say(&["four"]).await;
    alice.sees(&["one", "two", "three", "unsent", "four"]).await;
}

#[tokio::test]
async fn a_long_absence_is_caught_up_in_order() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    stage.server.disconnect("bob");
    let texts: Vec<String> = (1..=700).map(|number| format!("{number}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    alice.say(&texts).await;
    alice.sees(&texts).await;
    stage.server.reconnect("bob");
    // However often it was tried in vain meanwhile.
    bob.client.set_network(NetworkState::Unavailable);
    bob.client.set_network(NetworkState::Available);
    bob.sees(&texts).await;
}

/// A conversation with so many messages, seen by a device that has only the newest 20.
async fn long_conversation(stage: &Stage, count: u32) -> (Person, Person, Vec<String>) {
    let (mut alice, bob) = stage.alice_and_bob().await;
    let texts: Vec<String> = (1..=count).map(|number| format!("{number}")).collect();
    for text in &texts {
        alice.chat.send(text).await.unwrap();
    }
    until(&mut alice.screen, |items| {
        items.len() == texts.len() && items.iter().all(|item| item.state == MessageState::Sent)
    })
    .await;
    let tablet = stage.sign_in_on("alice", "alice-tablet").await;
    live(&tablet).await;
    drop(bob);
    let mut tablet = Person::beside_general_chat(tablet, "Bob").await;
    until(&mut tablet.screen, |items| items.len() == 20).await;
    (alice, tablet, texts)
}

#[tokio::test]
async fn a_jump_shows_both_sides_and_goes_on_in_both_directions() {
    let stage = Stage::new().await;
    let (alice, mut tablet, texts) = long_conversation(&stage, 300).await;
    let hundredth = messages(&alice.screen)[99].clone();

    let mut past = tablet
        .chat
        .timeline_around(Anchor::Message(hundredth.key))
        .await
        .unwrap();
    until(&mut past, |items| shown(items) == texts[74..124]).await;
    assert_eq!(past.load_older().await, Ok(PageResult { has_more: true }));
    assert_eq!(past.load_newer().await, Ok(PageResult { has_more: true }));
    until(&mut past, |items| shown(items) == texts[24..174]).await;

    // What is sent meanwhile is not in the past; once the present is reached, it comes by itself.
    alice.say(&["301"]).await;
    until(&mut tablet.screen, |items| {
        items.last().is_some_and(|item| item.text() == "301")
    })
    .await;
    assert_eq!(messages(&past).len(), 150);
    while past.load_newer().await.unwrap().has_more {
        past.next().await.unwrap();
    }
    until(&mut past, |items| {
        items.len() > 275 && shown(items)[..276] == texts[24..]
    })
    .await;
    alice.say(&["302"]).await;
    until(&mut past, |items| {
        items.last().is_some_and(|item| item.text() == "302")
    })
    .await;

    // Everything between is on the device now, and needs no network.
    tablet.client.set_network(NetworkState::Unavailable);
    for anchor in [Anchor::At(Position(100)), Anchor::Message(hundredth.key)] {
        let mut again = tablet.chat.timeline_around(anchor).await.unwrap();
        until(&mut again, |items| shown(items) == texts[74..125]).await;
    }
    let nowhere = tablet.chat.timeline_around(Anchor::At(Position(10))).await;
    assert!(matches!(nowhere, Err(CommandError::Unreachable { .. })));
    tablet.client.set_network(NetworkState::Available);
    live(&tablet.client).await;
    let unknown = Anchor::Message(fulmar::OperationKey::from_bytes([7; 16]));
    let unknown = tablet.chat.timeline_around(unknown).await;
    assert!(matches!(unknown, Err(CommandError::Refused { .. })));
}

#[tokio::test]
async fn a_jump_to_a_date_begins_with_the_first_message_of_it() {
    let stage = Stage::new().await;
    let (alice, tablet, texts) = long_conversation(&stage, 60).await;
    let all = messages(&alice.screen);
    let date = all[29].at;
    let first = all.iter().position(|item| item.at >= date).unwrap();
    let mut shows = tablet
        .chat
        .timeline_around(Anchor::Time(date))
        .await
        .unwrap();
    let from = (first + 1).saturating_sub(25).max(1) - 1;
    until(&mut shows, |items| {
        shown(items).first() == Some(&texts[from].as_str())
    })
    .await;
    // Later than everything: the newest.
    let later = fulmar::Timestamp(date.0 + 1_000_000_000);
    let mut newest = tablet
        .chat
        .timeline_around(Anchor::Time(later))
        .await
        .unwrap();
    until(&mut newest, |items| {
        items.last().is_some_and(|item| item.text() == "60")
    })
    .await;
}

#[tokio::test]
async fn what_was_missed_is_a_gap_that_is_filled_from_either_end_and_only_once() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    alice.say(&["1", "2", "3"]).await;
    bob.sees(&["1", "2", "3"]).await;
    stage.server.disconnect("bob");
    let texts: Vec<String> = (1..=203).map(|number| format!("{number}")).collect();
    for text in &texts[3..] {
        alice.chat.send(text).await.unwrap();
    }
    until(&mut alice.screen, |items| {
        items.len() == 203 && items.iter().all(|item| item.state == MessageState::Sent)
    })
    .await;
    stage.server.cut_log("bob").unwrap();
    stage.server.reconnect("bob");
    until(&mut bob.screen, |items| {
        items.last().is_some_and(|item| item.text() == "203")
    })
    .await;
    let gap = |timeline: &Timeline| {
        let gaps: Vec<GapRange> = timeline
            .items()
            .iter()
            .filter_map(|item| match item {
                TimelineItem::Gap(gap) => Some(*gap),
                TimelineItem::Message(_) => None,
            })
            .collect();
        assert!(gaps.len() <= 1, "{gaps:?}");
        gaps.first().copied()
    };
    let missing = gap(&bob.screen).unwrap();
    assert_eq!((missing.from, missing.to), (Position(4), Position(183)));
    assert_eq!(missing.count(), 180);
    assert_eq!(messages(&bob.screen).len(), 23);

    let count = When::at(Where::Http("/v1/conversations".to_owned())).user("bob");
    stage
        .server
        .faults()
        .add(count.always().then(Action::Delay(Duration::ZERO)));
    let pages = || stage.server.faults().applied();
    let before = pages();
    // Twice at once is asked once.
    let (one, other) = tokio::join!(
        bob.screen.load_gap(missing, GapEnd::Newest),
        bob.screen.load_gap(missing, GapEnd::Newest),
    );
    assert_eq!((one, other), (Ok(()), Ok(())));
    bob.screen.load_gap(missing, GapEnd::Oldest).await.unwrap();
    until(&mut bob.screen, |items| items.len() == 123).await;
    assert_eq!(pages() - before, 2);
    let rest = gap(&bob.screen).unwrap();
    assert_eq!((rest.from, rest.to), (Position(54), Position(133)));
    bob.screen.load_gap(rest, GapEnd::Newest).await.unwrap();
    // Only what is missing is fetched: the last page has 30.
    let rest = GapRange {
        to: Position(83),
        ..rest
    };
    bob.screen.load_gap(rest, GapEnd::Newest).await.unwrap();
    until(&mut bob.screen, |items| shown(items) == texts).await;
    assert_eq!(gap(&bob.screen), None);
    assert_eq!(pages() - before, 4);
    bob.screen.load_gap(rest, GapEnd::Oldest).await.unwrap();
    assert_eq!(
        pages() - before,
        4,
        "nothing is missing, so nothing is asked"
    );
}

#[tokio::test]
async fn old_messages_go_beyond_what_the_app_keeps_but_nothing_unsent() {
    let stage = Stage::new().await;
    let (mut alice, bob) = stage.alice_and_bob().await;
    let texts: Vec<String> = (1..=120).map(|number| format!("{number}")).collect();
    for text in &texts {
        alice.chat.send(text).await.unwrap();
    }
    until(&mut alice.screen, |items| {
        items.len() == 120 && items.iter().all(|item| item.state == MessageState::Sent)
    })
    .await;
    // The outcome of the last may be here before its event: then it is shown behind the page, and not in it.
    list_until(&mut alice.client.conversations(), |items| {
        items.iter().any(|item| item.last_position == Position(120))
    })
    .await;
    alice.client.set_network(NetworkState::Unavailable);
    let first = messages(&alice.screen)[0].key;
    alice.chat.add_reaction(first, "👍").await.unwrap();
    alice.say(&["unsent"]).await;
    alice.client.close().await;
    drop((alice, bob));

    let mut config = fulmar_tests::quick();
    config.retention.messages_per_conversation = Some(60);
    // A client that is opened connects at once, and could be faster than the next line.
    stage.server.disconnect("alice");
    let client = stage.open_with("alice", config.clone()).await;
    client.set_network(NetworkState::Unavailable);
    let mut alice = Person::beside_general_chat(client, "Bob").await;
    until(&mut alice.screen, |items| {
        items.len() > 50
            && shown(items)[..50] == texts[70..]
            && items.last().is_some_and(|item| item.text() == "unsent")
    })
    .await;
    // Ten more are on the device, the rest is not, but for the message that is being changed.
    assert_eq!(
        alice.screen.load_older().await,
        Ok(PageResult { has_more: true })
    );
    until(&mut alice.screen, |items| items.len() == 61).await;
    let offline = alice.screen.load_older().await;
    assert!(
        matches!(offline, Err(CommandError::Unreachable { .. })),
        "{offline:?}"
    );

    stage.server.reconnect("alice");
    alice.client.set_network(NetworkState::Available);
    alice.client.close().await;
    config.retention.total_bytes = Some(0);
    let client = stage.open_with("alice", config).await;
    live(&client).await;
    let mut alice = Person::beside_general_chat(client, "Bob").await;
    until(&mut alice.screen, |items| {
        items
            .last()
            .is_some_and(|item| item.text() == "unsent" && item.state == MessageState::Sent)
    })
    .await;
    while alice.screen.load_older().await.unwrap().has_more {}
    let mut whole = alice.screen.clone();
    whole.next().await.unwrap();
    let all = messages(&whole);
    assert_eq!(all.len(), 121);
    assert_eq!(all[0].reactions.len(), 1);
}

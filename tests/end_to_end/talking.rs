//! People talk: states, keys, devices, failures, retry and discard.

use fulmar::{Change, CommandError, FailureReason, MessageState, NetworkState, apply};
use fulmar_tests::{Person, Stage, live, shown, until};

#[tokio::test]
async fn a_message_travels() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    alice.say(&["one", "two"]).await;
    bob.sees(&["one", "two"]).await;
    bob.say(&["three"]).await;
    alice.sees(&["one", "two", "three"]).await;
}

#[tokio::test]
async fn a_sent_message_is_on_the_screen_before_the_network_knows() {
    let stage = Stage::new().await;
    let (mut alice, _bob) = stage.alice_and_bob().await;
    alice.client.set_network(NetworkState::Unavailable);
    alice.say(&["offline"]).await;
    until(&mut alice.screen, |items| {
        shown(items) == ["offline"] && items[0].state == MessageState::Pending
    })
    .await;
    alice.client.set_network(NetworkState::Available);
    alice.sees(&["offline"]).await;
}

fn shown_messages(items: &[fulmar::TimelineItem]) -> impl Iterator<Item = &fulmar::MessageItem> {
    items.iter().filter_map(fulmar::TimelineItem::message)
}

#[tokio::test]
async fn the_list_key_never_changes_and_changes_always_lead_to_the_query() {
    let stage = Stage::new().await;
    let (mut alice, bob) = stage.alice_and_bob().await;
    let mut copy = Vec::new();
    let key = alice.chat.send("mine").await.unwrap();
    bob.say(&["theirs"]).await;
    let mut keys = Vec::new();
    while copy.len() < 2 || shown_messages(&copy).any(|item| item.state != MessageState::Sent) {
        let changes = alice.screen.next().await.unwrap();
        assert!(!changes.is_empty());
        apply(&mut copy, changes);
        assert_eq!(copy, alice.screen.items());
        let mine = shown_messages(&copy).filter(|item| item.text() == "mine");
        keys.extend(mine.map(|item| item.key));
    }
    assert!(keys.iter().all(|seen| *seen == key));
}

#[tokio::test]
async fn the_first_change_is_a_reset_and_a_second_watcher_starts_afresh() {
    let stage = Stage::new().await;
    let (mut alice, _bob) = stage.alice_and_bob().await;
    alice.say(&["one"]).await;
    alice.sees(&["one"]).await;
    let mut another = alice.chat.timeline();
    let changes = another.next().await.unwrap();
    let [Change::Reset { items }] = changes.as_slice() else {
        panic!("{changes:?}");
    };
    let texts: Vec<&str> = shown_messages(items)
        .map(fulmar::MessageItem::text)
        .collect();
    assert_eq!(texts, ["one"]);
}

#[tokio::test]
async fn every_device_of_both_people_has_everything() {
    let stage = Stage::new().await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    let tablet = stage.sign_in_on("alice", "alice-tablet").await;
    live(&tablet).await;
    let mut tablet = Person::beside_general_chat(tablet, "Bob").await;
    alice.say(&["from the phone"]).await;
    tablet.sees(&["from the phone"]).await;
    tablet.say(&["from the tablet"]).await;
    bob.sees(&["from the phone", "from the tablet"]).await;
}

#[tokio::test]
async fn five_hundred_messages_keep_their_order() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    stage.server.disconnect("alice");
    let texts: Vec<String> = (1..=500)
        .map(|number| format!("message {number}"))
        .collect();
    for text in &texts {
        alice.chat.send(text).await.unwrap();
    }
    stage.server.reconnect("alice");
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    alice.sees(&texts).await;
    bob.sees(&texts).await;
}

/// The server takes shorter texts than a client believes that has not spoken to it yet.
async fn short_texts() -> Stage {
    Stage::with(fulmar_mock_server::Config {
        limits: fulmar_protocol::Limits {
            text_bytes: 20,
            ..fulmar_protocol::Limits::default()
        },
        ..fulmar_mock_server::Config::default()
    })
    .await
}

#[tokio::test]
async fn a_refused_message_holds_the_later_ones_until_it_is_discarded() {
    let stage = short_texts().await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    let id = alice.chat.id().clone();
    // A client that has just started has not heard of this server's limit.
    let client = alice.client.clone();
    drop(alice);
    client.close().await;
    stage.server.disconnect("alice");
    let client = stage.open("alice").await;
    let mut alice = Person::new(client.clone(), client.conversation(&id));
    alice.say(&["fine"]).await;
    let long = alice
        .chat
        .send("much longer than the server likes")
        .await
        .unwrap();
    alice.say(&["behind it"]).await;
    stage.server.reconnect("alice");
    until(&mut alice.screen, |items| {
        items.len() == 3
            && items[0].state == MessageState::Sent
            && matches!(&items[1].state, MessageState::Failed { reason: FailureReason::Refused { problem } }
                if problem.code.as_str() == "params.invalid")
            && items[2].state == MessageState::Pending
    })
    .await;
    bob.sees(&["fine"]).await;
    let mut outbox = client.outbox();
    outbox.next().await.unwrap();
    assert!(
        matches!(outbox.items(), [failed, held]
            if failed.operation == long
                && matches!(failed.state, fulmar::OutboxState::Failed { .. })
                && held.state == fulmar::OutboxState::Held { behind: long }),
        "{:?}",
        outbox.items()
    );

    client.outbox().retry(long).await.unwrap();
    until(&mut alice.screen, |items| {
        matches!(items[1].state, MessageState::Failed { .. })
            && items[2].state == MessageState::Pending
    })
    .await;

    // While it is being sent it cannot be taken back.
    while let Err(CommandError::WrongState { .. } | CommandError::MayBeSent { .. }) =
        client.outbox().discard(long).await
    {
        tokio::task::yield_now().await;
    }
    alice.sees(&["fine", "behind it"]).await;
    bob.sees(&["fine", "behind it"]).await;
    assert_eq!(
        client.outbox().discard(long).await,
        Err(CommandError::NoSuchOperation {
            operation_key: long
        })
    );
}

#[tokio::test]
async fn with_the_policy_skip_later_messages_pass_a_refused_one() {
    let stage = short_texts().await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    let id = alice.chat.id().clone();
    let client = alice.client.clone();
    drop(alice);
    client.close().await;
    stage.server.disconnect("alice");
    let config = fulmar::Config {
        failure_policy: fulmar::FailurePolicy::Skip,
        ..fulmar_tests::quick()
    };
    let client = stage.open_with("alice", config).await;
    let alice = Person::new(client.clone(), client.conversation(&id));
    alice
        .say(&["much longer than the server likes", "passes"])
        .await;
    stage.server.reconnect("alice");
    bob.sees(&["passes"]).await;
}

#[tokio::test]
async fn a_message_that_makes_no_sense_is_refused_before_anything_is_written() {
    let stage = Stage::new().await;
    let (mut alice, _bob) = stage.alice_and_bob().await;
    for text in ["", "  \n", &"x".repeat(8 * 1024 + 1)] {
        let refused = alice.chat.send(text).await;
        assert!(matches!(refused, Err(CommandError::Invalid { .. })));
    }
    let nowhere = alice.client.conversation(&"c-nowhere".parse().unwrap());
    assert!(matches!(
        nowhere.send("hello?").await,
        Err(CommandError::NoSuchConversation { .. })
    ));
    alice.say(&["sense"]).await;
    alice.sees(&["sense"]).await;
}

#[tokio::test]
async fn a_full_outbox_is_an_error_and_never_a_silent_drop() {
    let stage = Stage::new().await;
    let config = fulmar::Config {
        outbox_capacity: 3,
        ..fulmar_tests::quick()
    };
    let alice = stage.open_with("alice", config).await;
    alice.sign_in("alice", "alice-password").await.unwrap();
    live(&alice).await;
    alice.set_network(NetworkState::Unavailable);
    let chat = alice.create_direct("bob").await.unwrap();
    chat.send("one").await.unwrap();
    chat.send("two").await.unwrap();
    assert_eq!(
        chat.send("three").await,
        Err(CommandError::OutboxFull { capacity: 3 })
    );
    alice.set_network(NetworkState::Available);
    let mut alice = Person::new(alice, chat);
    alice.sees(&["one", "two"]).await;
}

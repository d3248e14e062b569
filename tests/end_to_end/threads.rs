//! Threads: messages under another one, with a timeline of their own.

use fulmar::{CommandError, MessageState, NetworkState, NewMessage, OperationKey};
use fulmar_tests::{Person, Stage, live, messages, patiently, shown, until};

#[tokio::test]
async fn a_thread_has_its_own_timeline_and_is_counted_under_its_message() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let root = alice.chat.send("Where shall we meet?").await.unwrap();
    alice.sees(&["Where shall we meet?"]).await;
    bob.sees(&["Where shall we meet?"]).await;

    let mut his = bob.chat.thread(root).timeline();
    bob.chat.thread(root).send("At the harbour").await.unwrap();
    alice.say(&["By the way"]).await;
    let whole = ["Where shall we meet?", "At the harbour", "At six"];
    let mut hers = alice.chat.thread(root).timeline();
    until(&mut hers, |items| shown(items) == whole[..2]).await;
    let answer = NewMessage::text("At six").in_thread(root);
    alice.chat.send(answer).await.unwrap();

    for thread in [&mut hers, &mut his] {
        until(thread, |items| shown(items) == whole).await;
    }
    // Beside the thread there is only what is beside it, and how many are under it.
    for screen in [&mut alice.screen, &mut bob.screen] {
        until(screen, |items| {
            shown(items) == ["Where shall we meet?", "By the way"]
                && items[0].thread.is_some_and(|thread| thread.count == 2)
                && items[1].thread.is_none()
        })
        .await;
    }
    let in_thread = messages(&hers);
    assert!(
        in_thread[1..]
            .iter()
            .all(|item| item.thread_root == Some(root))
    );

    // It is edited, deleted and reacted to like any other message, and stays where it is.
    bob.chat
        .delete_for_everyone(in_thread[1].key)
        .await
        .unwrap();
    until(&mut hers, |items| shown(items) == [whole[0], "", whole[2]]).await;
    until(&mut alice.screen, |items| {
        items.len() == 2 && items[0].thread.is_some_and(|thread| thread.count == 2)
    })
    .await;

    let nested = alice.chat.thread(in_thread[2].key).send("no").await;
    assert!(
        matches!(nested, Err(CommandError::NotAllowed { .. })),
        "{nested:?}"
    );
}

#[tokio::test]
async fn a_thread_is_written_offline_also_under_a_message_that_is_not_sent() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    alice.client.set_network(NetworkState::Unavailable);
    let root = alice.chat.send("root").await.unwrap();
    let thread = alice.chat.thread(root);
    thread.send("one").await.unwrap();
    thread.send("two").await.unwrap();
    let mut hers = thread.timeline();
    until(&mut hers, |items| {
        shown(items) == ["root", "one", "two"]
            && items.iter().all(|item| item.state == MessageState::Pending)
    })
    .await;
    until(&mut alice.screen, |items| {
        shown(items) == ["root"] && items[0].thread.is_some_and(|thread| thread.count == 2)
    })
    .await;
    alice.client.set_network(NetworkState::Available);
    bob.sees(&["root"]).await;
    let mut his = bob.chat.thread(root).timeline();
    for thread in [&mut his, &mut hers] {
        until(thread, |items| {
            shown(items) == ["root", "one", "two"]
                && items.iter().all(|item| item.state == MessageState::Sent)
        })
        .await;
    }
}

#[tokio::test]
async fn a_long_thread_comes_in_pages_down_to_its_root() {
    let stage = Stage::new().await;
    let (alice, _bob) = stage.alice_and_bob().await;
    let root = alice.chat.send("root").await.unwrap();
    let texts: Vec<String> = (1..=80).map(|number| format!("{number}")).collect();
    for text in &texts {
        alice.chat.thread(root).send(text).await.unwrap();
    }
    let mut hers = alice.chat.thread(root).timeline();
    all_of_it(&mut hers, 51, &texts).await;

    // A new device knows the newest 20 messages only, and not what they are under.
    let tablet = stage.sign_in_on("alice", "alice-tablet").await;
    live(&tablet).await;
    let tablet = Person::beside_general_chat(tablet, "Bob").await;
    let mut there = tablet.chat.thread(root).timeline();
    until(&mut there, |items| shown(items) == texts[60..]).await;
    let pages = async { while there.load_older().await.unwrap().has_more {} };
    patiently("the pages of the thread", pages).await;
    all_of_it(&mut there, 81, &texts).await;
    let unknown = tablet.chat.thread(OperationKey::from_bytes([7; 16]));
    unknown.send("under nothing").await.unwrap();
    let mut outbox = tablet.client.outbox();
    patiently("the refusal", async {
        let failed =
            |item: &fulmar::OutboxItem| matches!(item.state, fulmar::OutboxState::Failed { .. });
        while !outbox.items().iter().any(failed) {
            outbox.next().await.unwrap();
        }
    })
    .await;
}

async fn all_of_it(thread: &mut fulmar::Timeline, at_least: usize, texts: &[String]) {
    until(thread, |items| {
        items.len() >= at_least.min(50)
            && items.iter().all(|item| item.state == MessageState::Sent)
            && items.last().is_some_and(|item| item.text() == "80")
    })
    .await;
    while messages(thread).len() < 81 {
        thread.load_older().await.unwrap();
        thread.next().await.unwrap();
    }
    let all = messages(thread);
    assert_eq!(all[0].text(), "root");
    let below: Vec<&str> = all[1..].iter().map(fulmar::MessageItem::text).collect();
    assert_eq!(below, texts);
}

//! Typing signals: shown at once, never stuck.

use fulmar::{Conversation, NetworkState, TypingWatch, UserId};
use fulmar_tests::{Stage, live, patiently};

async fn typing_is(watch: &mut TypingWatch, expected: &[&str]) {
    patiently(("typing to be", expected), async {
        loop {
            let now = watch.next().await.unwrap();
            let now: Vec<_> = now.iter().map(UserId::as_str).collect();
            if now == expected {
                return;
            }
        }
    })
    .await;
}

/// Presses keys until somebody has seen it.
async fn keep_typing(chat: &Conversation, seen_by: &mut TypingWatch, expected: &[&str]) {
    tokio::select! {
        () = typing_is(seen_by, expected) => {}
        () = async {
            loop {
                chat.keystroke();
                tokio::task::yield_now().await;
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        } => {}
    }
}

#[tokio::test]
async fn typing_is_seen_and_ends_by_itself() {
    let stage = Stage::new().await;
    let (alice, bob) = stage.alice_and_bob().await;
    let mut on_bobs = bob.chat.typing_users();
    let mut on_alices = alice.chat.typing_users();
    typing_is(&mut on_bobs, &[]).await;
    alice.chat.keystroke();
    typing_is(&mut on_bobs, &["alice"]).await;
    // No key for a second.
    typing_is(&mut on_bobs, &[]).await;
    // One's own typing is no news.
    assert_eq!(on_alices.next().await.unwrap(), []);
    alice.chat.keystroke();
    typing_is(&mut on_bobs, &["alice"]).await;
    alice.chat.stop_typing();
    typing_is(&mut on_bobs, &[]).await;
}

#[tokio::test]
async fn a_message_ends_the_typing_of_its_writer() {
    let stage = Stage::new().await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    let mut watch = bob.chat.typing_users();
    keep_typing(&alice.chat, &mut watch, &["alice"]).await;
    alice.say(&["done"]).await;
    bob.sees(&["done"]).await;
    typing_is(&mut watch, &[]).await;
}

#[tokio::test]
async fn typing_does_not_outlive_either_connection() {
    let stage = Stage::new().await;
    let (alice, bob) = stage.alice_and_bob().await;
    let mut watch = bob.chat.typing_users();
    keep_typing(&alice.chat, &mut watch, &["alice"]).await;
    // Hers ends: the server says so.
    alice.client.set_network(NetworkState::Unavailable);
    typing_is(&mut watch, &[]).await;
    alice.client.set_network(NetworkState::Available);
    live(&alice.client).await;
    keep_typing(&alice.chat, &mut watch, &["alice"]).await;
    // His ends: nobody is known to type.
    bob.client.set_network(NetworkState::Unavailable);
    typing_is(&mut watch, &[]).await;
}

#[tokio::test]
async fn several_people_type_at_once_and_outsiders_hear_nothing() {
    let stage = Stage::new().await;
    let (alice, bob) = stage.alice_and_bob().await;
    let carol = stage.sign_in("carol").await;
    live(&carol).await;
    let trip = alice
        .client
        .create_group("Trip", ["bob", "carol"])
        .await
        .unwrap();
    let mut list = carol.conversations();
    fulmar_tests::list_until(&mut list, |items| items.len() == 1).await;
    let hers = carol.conversation(&list.items()[0].conversation_id);
    let mut list = bob.client.conversations();
    fulmar_tests::list_until(&mut list, |items| {
        items.iter().any(|item| item.title == "Trip")
    })
    .await;
    let row = list
        .items()
        .iter()
        .find(|item| item.title == "Trip")
        .unwrap();
    let his = bob.client.conversation(&row.conversation_id);
    let mut watch = trip.typing_users();
    tokio::select! {
        () = keep_typing(&his, &mut watch, &["bob", "carol"]) => {}
        () = async {
            loop {
                hers.keystroke();
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        } => {}
    }
    // Carol hears nothing of what goes on between the other two.
    let between = carol.conversation(alice.chat.id());
    let mut outside = between.typing_users();
    bob.chat.keystroke();
    assert_eq!(outside.next().await.unwrap(), []);
    typing_is(&mut alice.chat.typing_users(), &["bob"]).await;
    assert_eq!(between.typing_users().next().await.unwrap(), []);
}

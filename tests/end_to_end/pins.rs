//! Pinned messages: who sees them, in which order, who may pin, and what becomes of them.

use fulmar::{
    Client, CommandError, Conversation, MessageContent, MessageItem, Notice, OperationKey,
    PinnedMessages, Role, Rule,
};
use fulmar_tests::{Stage, live, patiently, shown, until};

use crate::groups::find;
use crate::messages::{offline, online, user};

/// Waits until a list of pinned messages shows these texts.
async fn pinned_are(list: &mut PinnedMessages, expected: &[&str]) {
    patiently(expected, async {
        while shown(list.items()) != expected {
            list.next().await.unwrap();
        }
    })
    .await;
}

fn refused_by(result: Result<(), CommandError>, expected: Rule) {
    assert!(
        matches!(result, Err(CommandError::NotAllowed { rule }) if rule == expected),
        "{result:?}, not {expected:?}"
    );
}

async fn group(stage: &Stage) -> ([Client; 2], [Conversation; 2]) {
    let (alice, bob) = (stage.sign_in("alice").await, stage.sign_in("bob").await);
    live(&alice).await;
    live(&bob).await;
    let hers = alice.create_group("Trip", ["bob"]).await.unwrap();
    let his = find(&bob, "Trip").await;
    ([alice, bob], [hers, his])
}

async fn said(chat: &Conversation, other: &Conversation, texts: &[&str]) -> Vec<OperationKey> {
    let mut keys = Vec::new();
    for text in texts {
        keys.push(chat.send(*text).await.unwrap());
    }
    let mut screen = other.timeline();
    until(&mut screen, |items| shown(items).ends_with(texts)).await;
    keys
}

#[tokio::test]
async fn a_pin_is_seen_by_everyone_says_who_and_the_conversation_tells_of_it() {
    let stage = Stage::new().await;
    let (mut alice, bob) = stage.alice_and_bob().await;
    let key = alice.chat.send("the key is under the mat").await.unwrap();
    alice.sees(&["the key is under the mat"]).await;
    let (mut hers, mut his) = (alice.chat.pinned_messages(), bob.chat.pinned_messages());
    pinned_are(&mut hers, &[]).await;
    // In a direct conversation both pin what either wrote.
    let his_screen = &mut bob.chat.timeline();
    until(his_screen, |items| items.len() == 1).await;
    bob.chat.pin_message(key).await.unwrap();
    pinned_are(&mut hers, &["the key is under the mat"]).await;
    pinned_are(&mut his, &["the key is under the mat"]).await;
    let pin = hers.items()[0].pinned.clone().unwrap();
    assert_eq!(pin.by, user("bob"));
    let told = |item: &MessageItem| {
        item.sender == user("bob")
            && matches!(&item.content, MessageContent::System { notice: Notice::MessagePinned { message_key }, text }
                if *message_key == key && text == "Bob pinned a message")
    };
    until(&mut alice.screen, |items| items.last().is_some_and(told)).await;
    // The pin also shows on the message itself.
    assert_eq!(fulmar_tests::messages(&alice.screen)[0].pinned, Some(pin));
    alice.chat.unpin_message(key).await.unwrap();
    pinned_are(&mut hers, &[]).await;
    pinned_are(&mut his, &[]).await;
}

#[tokio::test]
async fn the_newest_pin_is_the_first_and_what_is_old_comes_with_the_conversation() {
    let stage = Stage::new().await;
    let ([alice, _bob], [hers, his]) = group(&stage).await;
    let keys = said(&hers, &his, &["one", "two", "three"]).await;
    let mut list = his.pinned_messages();
    hers.pin_message(keys[1]).await.unwrap();
    pinned_are(&mut list, &["two"]).await;
    hers.pin_message(keys[0]).await.unwrap();
    pinned_are(&mut list, &["one", "two"]).await;
    for number in 0..30 {
        hers.send(format!("later {number}")).await.unwrap();
    }
    let mut screen = his.timeline();
    until(&mut screen, |items| shown(items).contains(&"later 29")).await;
    // A device that is new has the last messages of the conversation, and the pinned ones.
    let tablet = stage.sign_in_on("alice", "alice-tablet").await;
    let mut on_tablet = find(&tablet, "Trip").await.pinned_messages();
    pinned_are(&mut on_tablet, &["one", "two"]).await;
    hers.delete_for_everyone(keys[0]).await.unwrap();
    pinned_are(&mut on_tablet, &["two"]).await;
    // What is hidden is hidden from one person alone.
    his.delete_for_me(keys[1]).await.unwrap();
    pinned_are(&mut list, &[]).await;
    pinned_are(&mut on_tablet, &["two"]).await;
    drop(alice);
}

#[tokio::test]
async fn pins_made_offline_are_shown_at_once_first_of_all_and_arrive_later() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let first = alice.chat.send("first").await.unwrap();
    bob.sees(&["first"]).await;
    alice.sees(&["first"]).await;
    alice.chat.pin_message(first).await.unwrap();
    let (mut hers, mut his) = (alice.chat.pinned_messages(), bob.chat.pinned_messages());
    pinned_are(&mut his, &["first"]).await;
    offline(&alice).await;
    let second = alice.chat.send("second").await.unwrap();
    alice.chat.pin_message(second).await.unwrap();
    pinned_are(&mut hers, &["second", "first"]).await;
    alice.chat.unpin_message(first).await.unwrap();
    pinned_are(&mut hers, &["second"]).await;
    alice.chat.pin_message(first).await.unwrap();
    alice.chat.unpin_message(first).await.unwrap();
    online(&alice).await;
    pinned_are(&mut his, &["second"]).await;
    pinned_are(&mut hers, &["second"]).await;
}

#[tokio::test]
async fn in_a_group_members_pin_what_they_wrote_and_moderators_everything() {
    let stage = Stage::new().await;
    let ([_alice, _bob], [hers, his]) = group(&stage).await;
    let of_alice = said(&hers, &his, &["of Alice"]).await[0];
    let of_bob = said(&his, &hers, &["of Bob"]).await[0];
    refused_by(his.pin_message(of_alice).await, Rule::NotPinnable);
    let mut list = hers.pinned_messages();
    his.pin_message(of_bob).await.unwrap();
    pinned_are(&mut list, &["of Bob"]).await;
    hers.pin_message(of_alice).await.unwrap();
    let mut on_his = his.pinned_messages();
    pinned_are(&mut on_his, &["of Alice", "of Bob"]).await;
    refused_by(his.unpin_message(of_alice).await, Rule::NotPinnable);
    let notice = fulmar_tests::patiently("a notice", async {
        let mut screen = hers.timeline();
        until(&mut screen, |items| items.len() > 3).await;
        let items = fulmar_tests::messages(&screen);
        items.last().unwrap().key
    })
    .await;
    refused_by(hers.pin_message(notice).await, Rule::NotPinnable);
    hers.set_role(user("bob"), Role::Moderator).await.unwrap();
    patiently("bob is moderator", async {
        while his.unpin_message(of_alice).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    pinned_are(&mut list, &["of Bob"]).await;
}

#[tokio::test]
async fn a_fifty_first_is_refused_until_one_is_unpinned() {
    let stage = Stage::new().await;
    let (alice, bob) = stage.alice_and_bob().await;
    let texts: Vec<String> = (0..51).map(|number| format!("message {number}")).collect();
    let mut keys = Vec::new();
    for text in &texts {
        keys.push(alice.chat.send(text).await.unwrap());
    }
    for key in &keys[..50] {
        alice.chat.pin_message(*key).await.unwrap();
    }
    refused_by(alice.chat.pin_message(keys[50]).await, Rule::TooManyPinned);
    alice.chat.unpin_message(keys[0]).await.unwrap();
    alice.chat.pin_message(keys[50]).await.unwrap();
    let mut expected: Vec<&str> = texts[1..].iter().map(String::as_str).collect();
    expected.reverse();
    pinned_are(&mut bob.chat.pinned_messages(), &expected).await;
}

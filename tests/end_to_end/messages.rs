//! What can be done to messages: edit, delete, react; online, offline, and when the server says no.

use fulmar::{CommandError, MessageContent, MessageItem, MessageState, NetworkState, UserId};
use fulmar_mock_server::{Action, FrameKind, When, Where};
use fulmar_tests::{Person, Stage, live, shown, until};

pub(crate) fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

/// The only message on a screen.
pub(crate) fn only(items: &[MessageItem]) -> Option<&MessageItem> {
    match items {
        [item] => Some(item),
        _ => None,
    }
}

fn reactions(item: &MessageItem) -> Vec<(&str, Vec<&str>)> {
    item.reactions
        .iter()
        .map(|reaction| {
            let users = reaction.user_ids.iter().map(UserId::as_str).collect();
            (reaction.emoji.as_str(), users)
        })
        .collect()
}

pub(crate) async fn offline(person: &Person) {
    person.client.set_network(NetworkState::Unavailable);
    fulmar_tests::connection(&person.client, |state| {
        *state == fulmar::ConnectionState::Offline
    })
    .await;
}

pub(crate) async fn online(person: &Person) {
    person.client.set_network(NetworkState::Available);
    live(&person.client).await;
}

#[tokio::test]
async fn an_edit_reaches_everyone_and_the_text_before_can_be_read() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let key = alice.chat.send("helo").await.unwrap();
    bob.sees(&["helo"]).await;
    alice.sees(&["helo"]).await;
    alice.chat.edit(key, "hello").await.unwrap();
    until(&mut bob.screen, |items| {
        only(items).is_some_and(|item| item.text() == "hello" && item.edited_at.is_some())
    })
    .await;
    alice.chat.edit(key, "hello, Bob").await.unwrap();
    until(&mut bob.screen, |items| shown(items) == ["hello, Bob"]).await;
    let versions = bob.chat.fetch_versions(key).await.unwrap();
    let texts: Vec<_> = versions
        .iter()
        .map(|version| version.text.as_str())
        .collect();
    assert_eq!(texts, ["helo", "hello", "hello, Bob"]);
    // Only its sender edits it.
    let refused = bob.chat.edit(key, "mine now").await;
    assert!(
        matches!(refused, Err(CommandError::NotAllowed { .. })),
        "{refused:?}"
    );
    let blank = alice.chat.edit(key, " ").await;
    assert!(
        matches!(blank, Err(CommandError::Invalid { .. })),
        "{blank:?}"
    );
}

#[tokio::test]
async fn what_has_not_left_the_device_is_edited_and_deleted_there() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    offline(&alice).await;
    let first = alice.chat.send("furst").await.unwrap();
    let second = alice.chat.send("never mind").await.unwrap();
    alice.chat.edit(first, "first").await.unwrap();
    alice.chat.add_reaction(second, "🙈").await.unwrap();
    alice.chat.delete_for_everyone(second).await.unwrap();
    until(&mut alice.screen, |items| {
        only(items).is_some_and(|item| {
            item.text() == "first"
                && item.state == MessageState::Pending
                && item.edited_at.is_none()
        })
    })
    .await;
    online(&alice).await;
    bob.sees(&["first"]).await;
    // It was never said otherwise.
    assert_eq!(bob.chat.fetch_versions(first).await.unwrap().len(), 1);
}

#[tokio::test]
async fn changes_made_offline_are_shown_at_once_and_arrive_later() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let key = alice.chat.send("one").await.unwrap();
    alice.sees(&["one"]).await;
    bob.sees(&["one"]).await;
    offline(&alice).await;
    alice.chat.edit(key, "two").await.unwrap();
    alice.chat.edit(key, "three").await.unwrap();
    alice.chat.add_reaction(key, "👍").await.unwrap();
    alice.chat.add_reaction(key, "🎉").await.unwrap();
    alice.chat.remove_reaction(key, "🎉").await.unwrap();
    until(&mut alice.screen, |items| {
        only(items).is_some_and(|item| {
            item.text() == "three" && reactions(item) == [("👍", vec!["alice"])]
        })
    })
    .await;
    online(&alice).await;
    until(&mut bob.screen, |items| {
        only(items).is_some_and(|item| {
            item.text() == "three" && reactions(item) == [("👍", vec!["alice"])]
        })
    })
    .await;
    // The two edits went out as one.
    assert_eq!(bob.chat.fetch_versions(key).await.unwrap().len(), 2);
}

#[tokio::test]
async fn several_people_react_several_times_and_take_it_back() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let key = alice.chat.send("cake?").await.unwrap();
    bob.sees(&["cake?"]).await;
    for emoji in ["👍", "🍰"] {
        bob.chat.add_reaction(key, emoji).await.unwrap();
    }
    until(&mut alice.screen, |items| {
        only(items).is_some_and(|item| item.reactions.len() == 2)
    })
    .await;
    alice.chat.add_reaction(key, "🍰").await.unwrap();
    let both = [("👍", vec!["bob"]), ("🍰", vec!["bob", "alice"])];
    until(&mut bob.screen, |items| {
        only(items).is_some_and(|item| reactions(item) == both)
    })
    .await;
    bob.chat.remove_reaction(key, "👍").await.unwrap();
    for screen in [&mut alice.screen, &mut bob.screen] {
        until(screen, |items| {
            only(items).is_some_and(|item| reactions(item) == [("🍰", vec!["bob", "alice"])])
        })
        .await;
    }
    let no_emoji = bob.chat.add_reaction(key, "two words").await;
    assert!(matches!(no_emoji, Err(CommandError::Invalid { .. })));
}

#[tokio::test]
async fn a_heart_is_one_reaction_however_it_is_spelled() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let key = alice.chat.send("cake!").await.unwrap();
    bob.sees(&["cake!"]).await;
    let (bare, normal) = ("\u{2764}", "\u{2764}\u{FE0F}");
    alice.chat.add_reaction(key, bare).await.unwrap();
    until(&mut bob.screen, |items| {
        only(items).is_some_and(|item| reactions(item) == [(normal, vec!["alice"])])
    })
    .await;
    bob.chat.add_reaction(key, normal).await.unwrap();
    for screen in [&mut alice.screen, &mut bob.screen] {
        until(screen, |items| {
            only(items).is_some_and(|item| reactions(item) == [(normal, vec!["alice", "bob"])])
        })
        .await;
    }
    bob.chat.remove_reaction(key, bare).await.unwrap();
    until(&mut alice.screen, |items| {
        only(items).is_some_and(|item| reactions(item) == [(normal, vec!["alice"])])
    })
    .await;
    for odd in ["/", "..", "ok", "\u{200B}"] {
        let refused = bob.chat.add_reaction(key, odd).await;
        assert!(
            matches!(refused, Err(CommandError::Invalid { .. })),
            "{odd:?}"
        );
    }
}

#[tokio::test]
async fn a_deleted_message_keeps_its_place_and_loses_its_content() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let key = alice.chat.send("a secret").await.unwrap();
    alice.say(&["something else"]).await;
    bob.sees(&["a secret", "something else"]).await;
    bob.chat.add_reaction(key, "😮").await.unwrap();
    alice.chat.delete_for_everyone(key).await.unwrap();
    for screen in [&mut alice.screen, &mut bob.screen] {
        until(screen, |items| {
            items.len() == 2
                && items[0].content == MessageContent::Deleted { by: user("alice") }
                && items[0].reactions.is_empty()
                && items[1].text() == "something else"
        })
        .await;
    }
    assert!(bob.chat.fetch_versions(key).await.unwrap().is_empty());
    // Nothing can be done to it any more; deleting it again is nothing new.
    let gone = bob.chat.add_reaction(key, "😮").await;
    assert!(
        matches!(gone, Err(CommandError::NoSuchMessage { .. })),
        "{gone:?}"
    );
    alice.chat.delete_for_everyone(key).await.unwrap();
    // In a direct conversation nobody deletes what the other wrote.
    let his = bob.chat.send("mine").await.unwrap();
    until(&mut alice.screen, |items| items.len() == 3).await;
    let refused = alice.chat.delete_for_everyone(his).await;
    assert!(
        matches!(refused, Err(CommandError::NotAllowed { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_message_deleted_for_oneself_goes_from_all_own_devices_and_no_other() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let tablet = stage.sign_in_on("alice", "alice-tablet").await;
    live(&tablet).await;
    let mut tablet = Person::beside_general_chat(tablet, "Bob").await;
    let key = bob.chat.send("unwanted").await.unwrap();
    bob.say(&["welcome"]).await;
    alice.sees(&["unwanted", "welcome"]).await;
    tablet.sees(&["unwanted", "welcome"]).await;
    alice.chat.delete_for_me(key).await.unwrap();
    alice.sees(&["welcome"]).await;
    tablet.sees(&["welcome"]).await;
    bob.sees(&["unwanted", "welcome"]).await;
    // A device that comes later does not get it either.
    let phone = stage.sign_in_on("alice", "alice-phone-2").await;
    live(&phone).await;
    Person::beside_general_chat(phone, "Bob")
        .await
        .sees(&["welcome"])
        .await;
}

#[tokio::test]
async fn a_refused_change_is_rolled_back_on_the_screen() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let key = alice.chat.send("as it was").await.unwrap();
    bob.sees(&["as it was"]).await;
    alice.sees(&["as it was"]).await;
    // Bob edits nothing; Alice's edit is refused because the message is gone by then.
    offline(&alice).await;
    let tablet = stage.sign_in_on("alice", "alice-tablet").await;
    live(&tablet).await;
    let mut tablet = Person::beside_general_chat(tablet, "Bob").await;
    tablet.sees(&["as it was"]).await;
    alice.chat.add_reaction(key, "👍").await.unwrap();
    until(&mut alice.screen, |items| {
        only(items).is_some_and(|item| item.reactions.len() == 1)
    })
    .await;
    tablet.chat.delete_for_everyone(key).await.unwrap();
    until(&mut bob.screen, |items| {
        only(items).is_some_and(|item| matches!(item.content, MessageContent::Deleted { .. }))
    })
    .await;
    online(&alice).await;
    until(&mut alice.screen, |items| {
        only(items).is_some_and(|item| {
            matches!(item.content, MessageContent::Deleted { .. }) && item.reactions.is_empty()
        })
    })
    .await;
    // It holds nothing up.
    alice.say(&["next"]).await;
    until(&mut bob.screen, |items| items.len() == 2).await;
}

#[tokio::test]
async fn a_lost_outcome_of_an_edit_does_not_bring_back_what_came_before() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let key = alice.chat.send("one").await.unwrap();
    bob.sees(&["one"]).await;
    alice.sees(&["one"]).await;
    stage.server.faults().add(
        When::at(Where::Outgoing(FrameKind::Outcome))
            .user("alice")
            .then(Action::Cut),
    );
    alice.chat.edit(key, "two").await.unwrap();
    until(&mut bob.screen, |items| shown(items) == ["two"]).await;
    until(&mut alice.screen, |items| shown(items) == ["two"]).await;
    alice.chat.edit(key, "three").await.unwrap();
    until(&mut bob.screen, |items| shown(items) == ["three"]).await;
    assert_eq!(bob.chat.fetch_versions(key).await.unwrap().len(), 3);
}

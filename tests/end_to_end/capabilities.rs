//! A server that can do nothing but what every server does: what it lacks is said, and the rest works.

use std::collections::BTreeSet;

use fulmar::{
    Anchor, Capability, Client, CommandError, MessageItem, OperationKey, PresenceSetting, Role,
    UserId,
};
use fulmar_mock_server::Config;
use fulmar_tests::{Person, Stage, live, messages, until};

use crate::files::{download, file, first_attachment};
use crate::groups::find;
use crate::messages::offline;

async fn without(capabilities: &[Capability]) -> Stage {
    let mut config = Config::default();
    for capability in capabilities {
        config.capabilities.remove(capability);
    }
    Stage::with(config).await
}

async fn with_none() -> Stage {
    without(&Capability::ALL).await
}

fn unsupported<T: std::fmt::Debug>(result: Result<T, CommandError>, expected: Capability) {
    match result {
        Err(CommandError::Unsupported { capability }) => assert_eq!(capability, expected),
        other => panic!("{other:?}, not without {expected}"),
    }
}

async fn supported(client: &Client) -> BTreeSet<Capability> {
    let mut found = BTreeSet::new();
    for capability in Capability::ALL {
        if client.supports(capability).await.unwrap() {
            found.insert(capability);
        }
    }
    found
}

/// Everything that the server would have to be able to do.
async fn everything(alice: &Person, key: OperationKey) {
    let (client, chat) = (&alice.client, &alice.chat);
    unsupported(chat.pin_message(key).await, Capability::Pins);
    unsupported(chat.unpin_message(key).await, Capability::Pins);
    unsupported(chat.edit(key, "more").await, Capability::Editing);
    unsupported(chat.delete_for_everyone(key).await, Capability::Editing);
    unsupported(chat.delete_for_me(key).await, Capability::Editing);
    unsupported(chat.add_reaction(key, "👍").await, Capability::Reactions);
    let none = chat.remove_reaction(key, "👍").await;
    unsupported(none, Capability::Reactions);
    for changed in [
        chat.mute(None).await,
        chat.pin().await,
        chat.archive().await,
    ] {
        unsupported(changed, Capability::Settings);
    }
    unsupported(chat.hide().await, Capability::Settings);
    unsupported(chat.forward(key).await, Capability::Forwarding);
    unsupported(chat.thread(key).send("below").await, Capability::Threads);
    unsupported(chat.send(file("a.txt", 10)).await, Capability::Files);
    let elsewhere: OperationKey = "0190b5f0-0000-7000-8000-00000000dead".parse().unwrap();
    let jumped = chat.timeline_around(Anchor::Message(elsewhere)).await;
    unsupported(jumped, Capability::Around);
    let account = client.account();
    unsupported(account.block("bob").await, Capability::Blocks);
    unsupported(account.unblock("bob").await, Capability::Blocks);
    unsupported(account.fetch_sessions().await, Capability::Sessions);
    let renamed = account.set_name("Alicia").await;
    unsupported(renamed, Capability::Profiles);
    let hidden = account.set_presence(PresenceSetting::Hidden).await;
    unsupported(hidden, Capability::Presence);
    unsupported(client.remove_push_token().await, Capability::Push);
    let deleted = account.delete("alice-password").await;
    unsupported(deleted, Capability::AccountDeletion);
    let earlier = chat.fetch_versions(key).await;
    unsupported(earlier, Capability::Versions);
}

#[tokio::test]
async fn what_a_minimal_server_cannot_do_is_said_and_costs_nothing() {
    let stage = with_none().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    live(&alice.client).await;
    assert_eq!(supported(&alice.client).await, BTreeSet::new());
    let key = alice.chat.send("all that I can say").await.unwrap();
    bob.sees(&["all that I can say"]).await;
    alice.sees(&["all that I can say"]).await;
    everything(&alice, key).await;
    // Nothing of it waits, and what every server does goes on.
    assert!(alice.client.outbox().items().is_empty());
    let group = alice.client.create_group("Trip", ["bob"]).await.unwrap();
    group.send("to all").await.unwrap();
    let bobs_group = find(&bob.client, "Trip").await;
    let carol = UserId::new("carol").unwrap();
    for changed in [
        group.set_title("Rome").await,
        group.add_participants([carol.clone()]).await,
        group.remove_participant(carol.clone()).await,
        group.set_role(carol, Role::Admin).await,
    ] {
        unsupported(changed, Capability::Administration);
    }
    bobs_group.leave().await.unwrap();
    bob.chat.send("heard").await.unwrap();
    alice.sees(&["all that I can say", "heard"]).await;
    assert_eq!(
        alice.client.account().blocked().await.unwrap(),
        Vec::<UserId>::new()
    );
    alice.chat.keystroke();
}

#[tokio::test]
async fn it_is_known_without_a_network_and_forgotten_at_the_sign_out() {
    let stage = with_none().await;
    let (alice, _) = stage.alice_and_bob().await;
    live(&alice.client).await;
    let key = alice.chat.send("before the tunnel").await.unwrap();
    offline(&alice).await;
    unsupported(alice.chat.pin_message(key).await, Capability::Pins);
    let id = alice.chat.id().clone();
    alice.client.close().await;
    drop(alice);
    stage.server.disconnect("alice");
    // Another process, which has never heard the server say it.
    let client = stage.open("alice").await;
    let chat = client.conversation(&id);
    unsupported(chat.pin_message(key).await, Capability::Pins);
    client.sign_out(fulmar::SignOut::Discard).await.unwrap();
    assert_eq!(supported(&client).await, Capability::ALL.into());
}

#[tokio::test]
async fn one_that_lacks_one_thing_does_all_else() {
    let stage = without(&[Capability::Pins]).await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    live(&alice.client).await;
    let key = alice.chat.send("once").await.unwrap();
    bob.sees(&["once"]).await;
    unsupported(alice.chat.pin_message(key).await, Capability::Pins);
    alice.chat.forward(key).await.unwrap();
    bob.sees(&["once", "once"]).await;
    alice.chat.thread(key).send("below").await.unwrap();
    alice.chat.send(file("a.txt", 10)).await.unwrap();
    let mut screen = bob.chat.timeline();
    let carries = |item: &MessageItem| !item.content.attachments().is_empty();
    until(&mut screen, |items| items.iter().any(carries)).await;
    let last: Vec<MessageItem> = messages(&screen).into_iter().filter(carries).collect();
    assert_eq!(
        download(&bob.client, &first_attachment(&last)).await.len(),
        10
    );
}

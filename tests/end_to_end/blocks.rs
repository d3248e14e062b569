//! People who want nothing to do with each other.

use fulmar::{CommandError, MessageState};
use fulmar_tests::{Stage, list_until, live, patiently, until};

#[tokio::test]
async fn people_who_blocked_each_other_neither_write_nor_see_each_other() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let tablet = stage.sign_in_on("alice", "alice-tablet").await;
    live(&tablet).await;
    bob.say(&["hello"]).await;
    alice.sees(&["hello"]).await;
    let id = fulmar::UserId::new("bob").unwrap();
    let mut seen = alice.client.presence(&id);
    patiently("bob to be there", async {
        while seen.next().await.unwrap() != fulmar::Presence::Online {}
    })
    .await;

    alice.client.account().block("bob").await.unwrap();
    patiently("bob to be gone", async {
        while seen.next().await.unwrap() == fulmar::Presence::Online {}
    })
    .await;
    // It follows to her other devices, and she cannot write either.
    let mut list = tablet.conversations();
    list_until(&mut list, |items| {
        items.iter().any(|item| item.title == "Bob" && item.blocked)
    })
    .await;
    assert_eq!(tablet.account().blocked().await.unwrap(), [id]);
    let hers = alice.chat.send("no").await;
    assert!(
        matches!(hers, Err(CommandError::NotAllowed { .. })),
        "{hers:?}"
    );
    // He is told when he tries. A group that both are in goes on.
    let refused = bob.chat.send("are you there?").await.unwrap();
    until(&mut bob.screen, |items| {
        items
            .iter()
            .any(|item| item.key == refused && matches!(item.state, MessageState::Failed { .. }))
    })
    .await;
    bob.client.outbox().discard(refused).await.unwrap();
    let mut general = bob.client.conversations();
    list_until(&mut general, |items| {
        items.iter().any(|item| item.title == "General Chat")
    })
    .await;
    let group = general
        .items()
        .iter()
        .find(|item| item.title == "General Chat")
        .unwrap();
    let group = bob.client.conversation(&group.conversation_id);
    group.send("to everyone").await.unwrap();
    let mut hers = alice.client.conversation(group.id()).timeline();
    until(&mut hers, |items| {
        items.iter().any(|item| item.text() == "to everyone")
    })
    .await;
    let created = bob.client.create_group("Again", ["alice"]).await.unwrap();
    let mut list = bob.client.conversations();
    list_until(&mut list, |items| {
        items.iter().any(|item| {
            &item.conversation_id == created.id()
                && matches!(item.status, fulmar::ConversationStatus::Failed { .. })
        })
    })
    .await;

    alice.client.account().unblock("bob").await.unwrap();
    assert_eq!(alice.client.account().blocked().await.unwrap(), []);
    alice.say(&["here I am"]).await;
    bob.sees(&["hello", "here I am"]).await;
    patiently("bob to be back", async {
        while seen.next().await.unwrap() != fulmar::Presence::Online {}
    })
    .await;
    let oneself = alice.client.account().block("alice").await;
    assert!(
        matches!(oneself, Err(CommandError::Refused { .. })),
        "{oneself:?}"
    );
}

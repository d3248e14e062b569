//! The outbox on the screen: what waits, for what, and what was refused.

use fulmar::{
    Action, Client, FailureReason, MessageContent, NetworkState, Outbox, OutboxItem, OutboxState,
    Writing,
};
use fulmar_mock_server::{Action as FaultAction, FrameKind, When, Where};
use fulmar_tests::{Stage, list_until, live, patiently, until};

async fn outbox_until(outbox: &mut Outbox, expected: impl Fn(&[OutboxItem]) -> bool) {
    let shown = patiently("the outbox", async {
        while !expected(outbox.items()) {
            outbox.next().await.unwrap();
        }
    });
    shown.await;
}

fn actions(items: &[OutboxItem]) -> Vec<(Action, &OutboxState)> {
    items
        .iter()
        .map(|item| (item.action, &item.state))
        .collect()
}

fn offline(client: &Client) {
    client.set_network(NetworkState::Unavailable);
}

#[tokio::test]
async fn everything_that_waits_is_listed_in_order_and_drains() {
    let stage = Stage::new().await;
    let (mut alice, _bob) = stage.alice_and_bob().await;
    let key = alice.chat.send("sent").await.unwrap();
    alice.sees(&["sent"]).await;
    let mut outbox = alice.client.outbox();
    outbox_until(&mut outbox, <[OutboxItem]>::is_empty).await;
    offline(&alice.client);
    alice.chat.add_reaction(key, "👍").await.unwrap();
    let unsent = alice.chat.send("waiting").await.unwrap();
    alice.chat.pin().await.unwrap();
    let waiting = OutboxState::Waiting;
    outbox_until(&mut outbox, |items| {
        actions(items)
            == [
                (Action::AddReaction, &waiting),
                (Action::Send, &waiting),
                (Action::UpdateSettings, &waiting),
            ]
    })
    .await;
    assert_eq!(outbox.items()[0].message, Some(key));
    assert_eq!(outbox.items()[1].operation, unsent);
    assert_eq!(outbox.items()[1].tries, 0);
    // What has not left can be taken back.
    let pin = outbox.items()[2].operation;
    outbox.discard(pin).await.unwrap();
    alice.client.set_network(NetworkState::Available);
    outbox_until(&mut outbox, <[OutboxItem]>::is_empty).await;
    alice.sees(&["sent", "waiting"]).await;
}

#[tokio::test]
async fn a_refused_change_is_there_to_be_seen() {
    let stage = Stage::new().await;
    let (mut alice, bob) = stage.alice_and_bob().await;
    let hers = alice.client.create_group("Trip", ["bob"]).await.unwrap();
    let key = hers.send("hello").await.unwrap();
    let mut screen = hers.timeline();
    until(&mut screen, |items| {
        items.len() == 1 && items[0].position.is_some()
    })
    .await;
    // Another of her devices deletes the message while this one is away and reacts to it.
    let tablet = stage.sign_in_on("alice", "alice-tablet").await;
    live(&tablet).await;
    offline(&alice.client);
    hers.add_reaction(key, "👍").await.unwrap();
    let there = tablet.conversation(
        &patiently("the group", async {
            let mut list = tablet.conversations();
            loop {
                if let Some(item) = list.items().iter().find(|item| item.title == "Trip") {
                    break item.conversation_id.clone();
                }
                list.next().await.unwrap();
            }
        })
        .await,
    );
    let mut on_tablet = there.timeline();
    until(&mut on_tablet, |items| items.len() == 1).await;
    there.delete_for_everyone(key).await.unwrap();
    until(
        &mut bob.client.conversation(there.id()).timeline(),
        |items| {
            items
                .first()
                .is_some_and(|item| matches!(item.content, MessageContent::Deleted { .. }))
        },
    )
    .await;
    alice.client.set_network(NetworkState::Available);
    let mut outbox = alice.client.outbox();
    outbox_until(&mut outbox, |items| {
        matches!(items, [item] if item.action == Action::AddReaction
            && matches!(&item.state, OutboxState::Failed { reason: FailureReason::Refused { problem } }
                if problem.code == fulmar::Code::MessageNotFound))
    })
    .await;
    // It holds nobody up, and is gone when the app has seen it.
    hers.send("next").await.unwrap();
    until(&mut screen, |items| {
        items.len() == 2 && items[1].position.is_some()
    })
    .await;
    let refused = outbox.items()[0].operation;
    outbox.discard(refused).await.unwrap();
    outbox_until(&mut outbox, <[OutboxItem]>::is_empty).await;
    alice.say(&["the end"]).await;
    alice.sees(&["the end"]).await;
}

#[tokio::test]
async fn a_message_that_was_deleted_on_its_way_does_not_fail_unseen() {
    let stage = Stage::new().await;
    let alice = stage.sign_in("alice").await;
    let bob = stage.sign_in("bob").await;
    live(&alice).await;
    live(&bob).await;
    let hers = alice.create_group("Trip", ["bob"]).await.unwrap();
    let mut list = bob.conversations();
    list_until(&mut list, |items| {
        items.iter().any(|item| item.title == "Trip")
    })
    .await;
    let row = list.items().iter().find(|item| item.title == "Trip");
    let his = bob.conversation(&row.unwrap().conversation_id);
    // It leaves the device, and nobody knows whether it arrived.
    stage.server.faults().add(
        When::at(Where::Incoming(FrameKind::Submit))
            .user("bob")
            .always()
            .then(FaultAction::Cut),
    );
    let unwanted = his.send("unwanted").await.unwrap();
    let mut outbox = bob.outbox();
    outbox_until(&mut outbox, |items| {
        items
            .iter()
            .any(|item| item.operation == unwanted && item.tries > 0)
    })
    .await;
    his.delete_for_me(unwanted).await.unwrap();
    hers.set_writing(Writing::Admins).await.unwrap();
    list_until(&mut alice.conversations(), |items| {
        items.iter().any(|item| item.writing == Writing::Admins)
    })
    .await;
    stage.server.faults().clear();
    outbox_until(&mut outbox, <[OutboxItem]>::is_empty).await;
    until(&mut his.timeline(), <[_]>::is_empty).await;
}

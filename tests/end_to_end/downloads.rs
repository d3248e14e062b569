//! Files come down when somebody wants them, whatever the network does.

use std::time::Duration;

use fulmar::{CommandError, MessageItem, NetworkState};
use fulmar_mock_server::{Action, When, Where};
use fulmar_tests::{Stage, connection, live, patiently, until};

use crate::files::{Counted, bytes, download, file, first_attachment, names};

#[tokio::test]
async fn a_download_goes_on_where_it_was_and_comes_once_for_all_who_want_it() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let key = alice.chat.send(file("a.bin", 2_000_000)).await.unwrap();
    alice.sees(&[""]).await;
    bob.sees(&[""]).await;
    let items: Vec<MessageItem> = bob.screen.messages().cloned().collect();
    let attachment = first_attachment(&items);

    // Cut after a while; the app that waits is told that it waits, and nothing else.
    let files = Where::Http("/v1/files".to_owned());
    stage
        .server
        .faults()
        .add(When::at(files.clone()).after(2).always().then(Action::Drop));
    let mut downloading = bob.client.download(&attachment);
    patiently("some of it", async {
        while downloading.next().await.unwrap().received < 500_000 {}
    })
    .await;
    // Nobody wants it any more, the app goes, and comes back.
    drop(downloading);
    bob.client.close().await;
    let folder = stage.folder.path().join("bob.db.files");
    assert_eq!(names(&folder).len(), 1);
    stage.server.faults().clear();
    let bob = stage.open("bob").await;
    let counted = Counted::from_now_on(&stage);
    let mut first = bob.download(&attachment);
    let second = bob.download(&attachment);
    let begun = patiently("where it was", async {
        loop {
            let progress = first.next().await.unwrap();
            if progress.received > 0 {
                return progress;
            }
        }
    })
    .await;
    assert!(begun.received >= 500_000, "{begun:?}");
    let paths = [
        first.finish().await.unwrap(),
        second.finish().await.unwrap(),
    ];
    assert_eq!(paths[0], paths[1]);
    assert_eq!(std::fs::read(&paths[0]).unwrap(), bytes(2_000_000));
    assert!(counted.requests() <= 4);

    // The same bytes in another message are here already, also without the network.
    live(&bob).await;
    bob.set_network(NetworkState::Unavailable);
    alice.chat.forward(key).await.unwrap();
    assert_eq!(download(&bob, &attachment).await.len(), 2_000_000);
    assert_eq!(download(&alice.client, &attachment).await.len(), 2_000_000);
}

#[tokio::test]
async fn a_download_waits_for_the_network_and_for_tokens() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    alice.chat.send(file("a.bin", 400_000)).await.unwrap();
    alice.sees(&[""]).await;
    bob.sees(&[""]).await;
    let items: Vec<MessageItem> = bob.screen.messages().cloned().collect();
    let attachment = first_attachment(&items);
    bob.client.set_network(NetworkState::Unavailable);
    connection(&bob.client, |state| {
        *state == fulmar::ConnectionState::Offline
    })
    .await;
    let mut downloading = bob.client.download(&attachment);
    assert_eq!(downloading.next().await.unwrap().received, 0);
    // The token runs out meanwhile.
    stage.server.advance(Duration::from_secs(20 * 60));
    bob.client.set_network(NetworkState::Available);
    let path = patiently("a file", downloading.finish()).await.unwrap();
    assert_eq!(std::fs::read(path).unwrap(), bytes(400_000));
}

#[tokio::test]
async fn what_is_not_what_was_announced_or_not_theirs_is_an_error_and_leaves_nothing() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let key = alice.chat.send(file("a.bin", 5_000)).await.unwrap();
    alice.sees(&[""]).await;
    bob.sees(&[""]).await;
    let items: Vec<MessageItem> = bob.screen.messages().cloned().collect();
    let attachment = first_attachment(&items);

    let files = Where::Http("/v1/files".to_owned());
    let other = Action::Replace("x".repeat(5_000));
    stage
        .server
        .faults()
        .add(When::at(files).times(2).then(other));
    let damaged = patiently("an answer", bob.client.download(&attachment).finish()).await;
    assert_eq!(damaged, Err(CommandError::FileDamaged));
    assert_eq!(names(&stage.folder.path().join("bob.db.files")), [""; 0]);
    assert_eq!(download(&bob.client, &attachment).await, bytes(5_000));

    let carol = stage.sign_in("carol").await;
    let refused = patiently("an answer", carol.download(&attachment).finish()).await;
    assert!(
        matches!(refused, Err(CommandError::Refused { .. })),
        "{refused:?}"
    );
    alice.chat.delete_for_everyone(key).await.unwrap();
    until(&mut bob.screen, |items| {
        items[0].content.attachments().is_empty()
    })
    .await;
    let dave = stage.open("dave").await;
    dave.sign_in("bob", "bob-password").await.unwrap();
    let refused = patiently("an answer", dave.download(&attachment).finish()).await;
    assert!(
        matches!(refused, Err(CommandError::Refused { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn answers_that_are_longer_than_any_of_the_protocol_end_a_download() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    alice.chat.send(file("a.bin", 5_000)).await.unwrap();
    alice.sees(&[""]).await;
    bob.sees(&[""]).await;
    let items: Vec<MessageItem> = bob.screen.messages().cloned().collect();
    let attachment = first_attachment(&items);

    let files = Where::Http("/v1/files".to_owned());
    let endless = Action::Replace("x".repeat(16 * 1024 * 1024 + 1));
    stage
        .server
        .faults()
        .add(When::at(files).always().then(endless));
    let ended = patiently("an answer", bob.client.download(&attachment).finish()).await;
    assert!(
        matches!(ended, Err(CommandError::ForeignAnswer { .. })),
        "{ended:?}"
    );
    stage.server.faults().clear();
    assert_eq!(download(&bob.client, &attachment).await, bytes(5_000));
}

//! Files go up in their place in the outbox, whatever the network does.

use fulmar::{
    CommandError, FailureReason, MessageState, NetworkState, NewAttachment, NewMessage, OutboxState,
};
use fulmar_mock_server::{Action, Config, When, Where};
use fulmar_protocol::{Code, Problem};
use fulmar_tests::{Person, Stage, connection, messages, patiently, until};

use crate::files::{
    Counted, bytes, download, fetched, file, first_attachment, in_small_pieces, names,
};

#[tokio::test]
async fn a_message_waits_for_its_files_and_those_behind_it_for_the_message() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let files = Where::Http("/v1/files".to_owned());
    stage
        .server
        .faults()
        .add(When::at(files).always().then(Action::Html(502)));
    let key = alice.chat.send(file("a.bin", 500_000)).await.unwrap();
    alice.say(&["behind it"]).await;
    // In another conversation nobody waits.
    let carol = alice.client.create_direct("carol").await.unwrap();
    carol.send("elsewhere").await.unwrap();
    let mut elsewhere = Person::new(alice.client.clone(), carol);
    elsewhere.sees(&["elsewhere"]).await;
    until(&mut alice.screen, |items| {
        let (sent, total) = (0, 500_000);
        items.len() == 2
            && items[0].state == MessageState::Uploading { sent, total }
            && items[1].state == MessageState::Pending
    })
    .await;
    let mut outbox = alice.client.outbox();
    patiently("the outbox", async {
        while !outbox.items().iter().any(|item| {
            item.operation == key
                && matches!(item.state, OutboxState::Uploading { total: 500_000, .. })
        }) {
            outbox.next().await.unwrap();
        }
    })
    .await;
    stage.server.faults().clear();
    // Progress is a live value that never falls.
    let mut last = 0;
    until(&mut alice.screen, |items| {
        items[0].state
            != MessageState::Uploading {
                sent: 0,
                total: 500_000,
            }
    })
    .await;
    patiently("the upload", async {
        loop {
            match alice
                .screen
                .messages()
                .next()
                .map(|item| item.state.clone())
            {
                Some(MessageState::Uploading { sent, .. }) => {
                    assert!(sent >= last, "{sent} after {last}");
                    last = sent;
                }
                Some(MessageState::Sent) => break,
                _ => {}
            }
            alice.screen.next().await.unwrap();
        }
    })
    .await;
    alice.sees(&["", "behind it"]).await;
    bob.sees(&["", "behind it"]).await;
    assert_eq!(fetched(&mut bob).await, bytes(500_000));
}

#[tokio::test]
async fn an_upload_goes_on_where_it_was_after_a_crash() {
    let stage = in_small_pieces().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    // Some of it gets through, then nothing more.
    let files = Where::Http("/v1/files".to_owned());
    stage
        .server
        .faults()
        .add(When::at(files).after(6).always().then(Action::Drop));
    alice.chat.send(file("a.bin", 20_000)).await.unwrap();
    let some = |state: &MessageState| matches!(state, MessageState::Uploading { sent, .. } if *sent >= 5_000);
    until(&mut alice.screen, |items| {
        items.first().is_some_and(|item| some(&item.state))
    })
    .await;
    let id = alice.chat.id().clone();
    drop(alice);
    stage.server.faults().clear();
    let counted = Counted::from_now_on(&stage);
    let client = stage.open("alice").await;
    let mut alice = Person::new(client.clone(), client.conversation(&id));
    alice.sees(&[""]).await;
    // What was there did not go up again: one question, and what was missing.
    let asked = counted.requests();
    assert!(asked <= 1 + 15, "{asked} requests");
    assert_eq!(fetched(&mut bob).await, bytes(20_000));
}

#[tokio::test]
async fn whatever_the_network_does_to_an_upload_it_arrives_whole() {
    for action in [
        Action::Drop,
        Action::SwallowAnswer,
        Action::Repeat,
        Action::Html(200),
        Action::Html(404),
        Action::Html(413),
        Action::Replace("{}".to_owned()),
    ] {
        let stage = in_small_pieces().await;
        let (mut alice, mut bob) = stage.alice_and_bob().await;
        for after in [0, 2, 5, 9] {
            let files = Where::Http("/v1/files".to_owned());
            let fault = When::at(files).after(after).then(action.clone());
            stage.server.faults().add(fault);
        }
        alice.chat.send(file("a.bin", 10_000)).await.unwrap();
        alice.sees(&[""]).await;
        assert_eq!(fetched(&mut bob).await, bytes(10_000), "{action:?}");
    }
}

#[tokio::test]
async fn an_upload_that_is_called_off_is_gone_and_frees_those_behind_it() {
    let stage = in_small_pieces().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let files = Where::Http("/v1/files".to_owned());
    stage
        .server
        .faults()
        .add(When::at(files).after(3).always().then(Action::Drop));
    let key = alice.chat.send(file("a.bin", 20_000)).await.unwrap();
    alice.say(&["behind it"]).await;
    until(&mut alice.screen, |items| {
        let state = items.first().map(|item| &item.state);
        matches!(state, Some(MessageState::Uploading { sent, .. }) if *sent > 0)
    })
    .await;
    alice.client.outbox().discard(key).await.unwrap();
    alice.sees(&["behind it"]).await;
    bob.sees(&["behind it"]).await;
    stage.server.faults().clear();
    assert!(
        alice.client.outbox().next().await.unwrap().len() == 1,
        "a reset to nothing"
    );
}

#[tokio::test]
async fn a_file_that_the_server_refuses_fails_its_message_until_it_is_retried_or_given_up() {
    let stage = in_small_pieces().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    // What the server told of its bounds is known here before anything is sent.
    let too_large = alice.chat.send(file("a.bin", 50_001)).await.unwrap_err();
    assert!(
        matches!(too_large, CommandError::Invalid { .. }),
        "{too_large}"
    );
    let nothing = NewAttachment::from_path(stage.folder.path().join("nothing"));
    let unreadable = alice
        .chat
        .send(NewMessage::file(nothing))
        .await
        .unwrap_err();
    assert!(
        matches!(unreadable, CommandError::FileUnreadable { .. }),
        "{unreadable}"
    );
    let path = NewAttachment::from_bytes("../a", bytes(1));
    let named = alice.chat.send(NewMessage::file(path)).await.unwrap_err();
    assert!(matches!(named, CommandError::Invalid { .. }), "{named}");
    let eleven = (0..11).fold(NewMessage::text(""), |message, _| {
        message.attach(NewAttachment::from_bytes("a", bytes(1)))
    });
    assert!(alice.chat.send(eleven).await.is_err());
    let copies = stage.folder.path().join("alice.db.files");
    assert!(!copies.exists(), "nothing that was refused was copied");

    let files = Where::Http("/v1/files".to_owned());
    let refuse = Action::Problem(Problem::new(Code::RequestTooLarge, "No"));
    stage.server.faults().add(When::at(files).then(refuse));
    let key = alice.chat.send(file("a.bin", 3_000)).await.unwrap();
    alice.say(&["behind it"]).await;
    until(&mut alice.screen, |items| {
        items.len() == 2
            && matches!(
                items[0].state,
                MessageState::Failed {
                    reason: FailureReason::Refused { .. }
                }
            )
            && items[1].state == MessageState::Pending
    })
    .await;
    alice.client.outbox().retry(key).await.unwrap();
    alice.sees(&["", "behind it"]).await;
    assert_eq!(fetched(&mut bob).await, bytes(3_000));
}

#[tokio::test]
async fn a_user_whose_storage_is_full_sends_files_again_once_something_is_deleted() {
    let stage = Stage::with(Config {
        storage_bytes: 5_000,
        ..Config::default()
    })
    .await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let first = alice.chat.send(file("a.bin", 3_000)).await.unwrap();
    alice.sees(&[""]).await;
    let second = alice.chat.send(file("b.bin", 2_001)).await.unwrap();
    until(&mut alice.screen, |items| {
        match &items.last().unwrap().state {
            MessageState::Failed {
                reason: FailureReason::Refused { problem },
            } => problem.code == Code::StorageFull,
            _ => false,
        }
    })
    .await;
    alice.chat.delete_for_everyone(first).await.unwrap();
    until(
        &mut bob.screen,
        |items| matches!(items, [item] if matches!(item.content, fulmar::MessageContent::Deleted { .. })),
    )
    .await;
    alice.client.outbox().retry(second).await.unwrap();
    until(&mut bob.screen, |items| items.len() == 2).await;
    let file = first_attachment(&messages(&bob.screen)[1..]);
    assert_eq!(download(&bob.client, &file).await, bytes(2_001));
}

#[tokio::test]
async fn a_file_that_is_another_by_now_is_said_so() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    alice.client.set_network(NetworkState::Unavailable);
    connection(&alice.client, |state| {
        *state == fulmar::ConnectionState::Offline
    })
    .await;
    alice.chat.send(file("a.bin", 3_000)).await.unwrap();
    // The disk, or somebody, has changed it: the server says so each time.
    let folder = stage.folder.path().join("alice.db.files");
    let path = folder.join(&names(&folder)[0]);
    std::fs::write(path, bytes(3_001).split_off(1)).unwrap();
    let counted = Counted::from_now_on(&stage);
    alice.client.set_network(NetworkState::Available);
    until(&mut alice.screen, |items| {
        let lost = MessageState::Failed {
            reason: FailureReason::FileLost,
        };
        items.first().is_some_and(|item| item.state == lost)
    })
    .await;
    // Three times created and sent, and no more.
    assert_eq!(counted.requests(), 6);
    let key = alice.screen.messages().next().unwrap().key;
    alice.client.outbox().discard(key).await.unwrap();
    alice.say(&["instead"]).await;
    bob.sees(&["instead"]).await;
}

#[tokio::test]
async fn a_file_that_is_lost_on_the_device_is_said_so() {
    let stage = Stage::new().await;
    let (mut alice, _bob) = stage.alice_and_bob().await;
    alice.client.set_network(NetworkState::Unavailable);
    connection(&alice.client, |state| {
        *state == fulmar::ConnectionState::Offline
    })
    .await;
    alice.chat.send(file("a.bin", 3_000)).await.unwrap();
    std::fs::remove_dir_all(stage.folder.path().join("alice.db.files")).unwrap();
    alice.client.set_network(NetworkState::Available);
    until(&mut alice.screen, |items| {
        items.len() == 1
            && items[0].state
                == MessageState::Failed {
                    reason: FailureReason::FileLost,
                }
    })
    .await;
}

//! Conversations: the list, unread counts, creating offline, refusals.

use fulmar::{
    ConversationFilter, ConversationStatus, Folder, MessageState, NetworkState, WatchError,
};
use fulmar_tests::{Person, Stage, list_until, live, patiently, until};

#[tokio::test]
async fn the_demo_conversation_is_there_with_its_preview_and_unread_count() {
    let stage = Stage::new().await;
    let alice = stage.sign_in("alice").await;
    let mut list = alice.conversations();
    list_until(&mut list, |items| {
        items.len() == 1
            && items[0].title == "General Chat"
            && items[0].participant_count == 2
            && items[0].unread_count == 1
            && items[0]
                .preview
                .as_ref()
                .is_some_and(|preview| preview.sender.as_str() == "bob")
    })
    .await;
    let item = list.items()[0].clone();
    let chat = alice.conversation(&item.conversation_id);
    chat.mark_read_up_to(item.last_position).await.unwrap();
    list_until(&mut list, |items| items[0].unread_count == 0).await;

    // It follows to the other device.
    let tablet = stage.sign_in_on("alice", "alice-tablet").await;
    let mut list = tablet.conversations();
    list_until(&mut list, |items| {
        items.len() == 1 && items[0].unread_count == 0
    })
    .await;
}

#[tokio::test]
async fn unread_counts_go_up_with_messages_of_others_only_and_down_with_reading() {
    let stage = Stage::new().await;
    let (mut alice, bob) = stage.alice_and_bob().await;
    bob.say(&["one", "two", "three"]).await;
    alice.sees(&["one", "two", "three"]).await;
    alice.say(&["four"]).await;
    alice.sees(&["one", "two", "three", "four"]).await;
    let mut list = alice.client.conversations();
    let unread = |items: &[fulmar::ConversationItem]| {
        items
            .iter()
            .find(|item| item.title == "Bob")
            .map(|item| item.unread_count)
    };
    list_until(&mut list, |items| unread(items) == Some(3)).await;
    alice.client.set_network(NetworkState::Unavailable);
    alice
        .chat
        .mark_read_up_to(fulmar::Position(2))
        .await
        .unwrap();
    list_until(&mut list, |items| unread(items) == Some(1)).await;
    alice.client.set_network(NetworkState::Available);
    live(&alice.client).await;
    alice
        .chat
        .mark_read_up_to(fulmar::Position(4))
        .await
        .unwrap();
    list_until(&mut list, |items| unread(items) == Some(0)).await;
}

#[tokio::test]
async fn the_last_active_conversation_is_on_top() {
    let stage = Stage::new().await;
    let (alice, bob) = stage.alice_and_bob().await;
    let group = alice
        .client
        .create_group("Trip", ["bob", "carol"])
        .await
        .unwrap();
    let mut list = bob.client.conversations();
    list_until(&mut list, |items| {
        items.first().is_some_and(|item| item.title == "Trip")
    })
    .await;
    alice.say(&["up"]).await;
    list_until(&mut list, |items| items[0].title == "Alice").await;
    group.send("up again").await.unwrap();
    list_until(&mut list, |items| items[0].title == "Trip").await;
}

#[tokio::test]
async fn a_conversation_created_offline_keeps_its_key_and_its_messages() {
    let stage = Stage::new().await;
    let alice = stage.sign_in("alice").await;
    live(&alice).await;
    alice.set_network(NetworkState::Unavailable);
    let chat = alice.create_direct("carol").await.unwrap();
    chat.send("written in a tunnel").await.unwrap();
    let mut list = alice.conversations();
    list_until(&mut list, |items| items.len() == 2).await;
    assert!(matches!(
        list.items()[0].status,
        ConversationStatus::Creating { .. }
    ));
    let key = list.items()[0].key;
    alice.set_network(NetworkState::Available);
    list_until(&mut list, |items| {
        items[0].key == key
            && items[0].status == ConversationStatus::Ready
            && items[0].title == "carol"
    })
    .await;
    // The handle from before goes on working.
    let mut alice = Person::new(alice, chat);
    alice.say(&["and out of it"]).await;
    alice.sees(&["written in a tunnel", "and out of it"]).await;
    let carol = stage.sign_in("carol").await;
    let mut list = carol.conversations();
    list_until(&mut list, |items| items.len() == 1).await;
    let chat = carol.conversation(&list.items()[0].conversation_id);
    Person::new(carol, chat)
        .sees(&["written in a tunnel", "and out of it"])
        .await;
}

#[tokio::test]
async fn both_create_at_once_and_there_is_one() {
    let stage = Stage::new().await;
    let alice = stage.sign_in("alice").await;
    let carol = stage.sign_in("carol").await;
    live(&alice).await;
    live(&carol).await;
    for client in [&alice, &carol] {
        client.set_network(NetworkState::Unavailable);
    }
    let hers = alice.create_direct("carol").await.unwrap();
    hers.send("from alice").await.unwrap();
    let theirs = carol.create_direct("alice").await.unwrap();
    theirs.send("from carol").await.unwrap();
    for client in [&alice, &carol] {
        client.set_network(NetworkState::Available);
    }
    for (client, chat) in [(alice, hers), (carol, theirs)] {
        let mut screen = chat.timeline();
        until(&mut screen, |items| {
            items.len() == 2 && items.iter().all(|item| item.state == MessageState::Sent)
        })
        .await;
        let mut list = client.conversations();
        list_until(&mut list, |items| {
            let directs = items
                .iter()
                .filter(|item| item.kind == fulmar::ConversationKind::Direct);
            directs.count() == 1
        })
        .await;
    }
}

#[tokio::test]
async fn a_conversation_with_nobody_fails_and_can_be_retried_or_discarded() {
    let stage = Stage::new().await;
    let alice = stage.sign_in("alice").await;
    live(&alice).await;
    let chat = alice.create_direct("dave").await.unwrap();
    chat.send("are you there?").await.unwrap();
    let mut list = alice.conversations();
    list_until(&mut list, |items| {
        items
            .iter()
            .any(|item| matches!(item.status, ConversationStatus::Failed { .. }))
    })
    .await;
    let ConversationStatus::Failed { operation, reason } = list.items()[0].status.clone() else {
        panic!("{:?}", list.items());
    };
    assert!(reason.to_string().contains("user.notFound"), "{reason}");

    stage.server.add_user("dave", "dave-password").unwrap();
    alice.outbox().retry(operation).await.unwrap();
    let mut alice = Person::new(alice, chat);
    alice.sees(&["are you there?"]).await;

    let chat = alice.client.create_direct("erin").await.unwrap();
    chat.send("and you?").await.unwrap();
    list_until(&mut list, |items| {
        items.first().is_some_and(|item| {
            item.title == "erin" && matches!(item.status, ConversationStatus::Failed { .. })
        })
    })
    .await;
    let ConversationStatus::Failed { operation, .. } = list.items()[0].status.clone() else {
        panic!("{:?}", list.items());
    };
    alice.client.outbox().discard(operation).await.unwrap();
    list_until(&mut list, |items| {
        items
            .iter()
            .all(|item| item.status == ConversationStatus::Ready)
    })
    .await;
}

#[tokio::test]
async fn a_long_list_comes_in_pages_that_stay_live() {
    let stage = Stage::new().await;
    let alice = stage.sign_in("alice").await;
    alice.set_network(NetworkState::Unavailable);
    for number in 0..120 {
        let title = format!("Group {number}");
        alice.create_group(title, ["bob"]).await.unwrap();
    }
    let mut list = alice.conversations();
    let mut beside = list.clone();
    list_until(&mut list, |items| items.len() == 50).await;
    assert_eq!(list.items()[0].title, "Group 119");
    assert!(list.load_more().await.unwrap().has_more);
    list_until(&mut list, |items| items.len() == 100).await;
    list_until(&mut beside, |items| items.len() == 100).await;
    // What comes in pushes out what was last, and a filter has pages of its own.
    let oldest = list.items()[99].clone();
    alice.create_group("New", ["bob"]).await.unwrap();
    list_until(&mut list, |items| items[0].title == "New").await;
    assert!(!list.items().contains(&oldest));
    assert!(!list.load_more().await.unwrap().has_more);
    list_until(&mut list, |items| items.len() >= 121).await;
    assert!(!list.load_more().await.unwrap().has_more);
    let archived = alice.filtered_conversations(ConversationFilter {
        folder: Folder::Archive,
        ..ConversationFilter::default()
    });
    assert!(!archived.load_more().await.unwrap().has_more);
    alice.close().await;
    assert_eq!(list.load_more().await, Err(WatchError::Closed));
}

#[tokio::test]
async fn one_conversation_is_watched_wherever_it_is_listed() {
    let stage = Stage::new().await;
    let alice = stage.sign_in("alice").await;
    let bob = stage.sign_in("bob").await;
    let chat = alice.create_group("Trip", ["bob"]).await.unwrap();
    let mut watch = chat.watch();
    let first = watch.next().await.unwrap().unwrap();
    assert_eq!((first.title.as_str(), first.unread_count), ("Trip", 0));
    chat.archive().await.unwrap();
    chat.set_title("Rome").await.unwrap();
    let seen = patiently("the title in the archive", async {
        loop {
            match watch.next().await.unwrap() {
                Some(item) if item.title == "Rome" && item.settings.archived => return item,
                _ => {}
            }
        }
    });
    assert_eq!(seen.await.key, first.key);
    let mut list = bob.conversations();
    list_until(&mut list, |items| {
        items.iter().any(|item| item.title == "Rome")
    })
    .await;
    let theirs = list.items().iter().find(|item| item.title == "Rome");
    let theirs = bob.conversation(&theirs.unwrap().conversation_id);
    theirs.send("hello").await.unwrap();
    patiently("what is unread", async {
        while watch.next().await.unwrap().unwrap().unread_count != 1 {}
    })
    .await;
    chat.leave().await.unwrap();
    patiently("its end", async {
        while watch.next().await.unwrap().is_some() {}
    })
    .await;
    let nowhere = fulmar::ConversationId::new("nowhere").unwrap();
    assert_eq!(alice.conversation(&nowhere).watch().next().await, Ok(None));
}

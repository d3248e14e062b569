//! The surface as the bindings use it, from Rust.
#![allow(clippy::unwrap_used)]

use fulmar_ffi::{Change, Client, FulmarError, Message, MessageState};
use fulmar_mock_server::MockServer;

fn apply(list: &mut Vec<Message>, change: Change) {
    match change {
        Change::Reset { items } => *list = items,
        Change::Insert { index, item } => list.insert(index as usize, item),
        Change::Update { index, item } => list[index as usize] = item,
        Change::Move { from, to } => {
            let item = list.remove(from as usize);
            list.insert(to as usize, item);
        }
        Change::Remove { index } => drop(list.remove(index as usize)),
    }
}

#[tokio::test]
async fn a_message_crosses_and_a_closed_watcher_ends() {
    let server = MockServer::builder().demo().start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder
        .path()
        .join("alice.db")
        .to_string_lossy()
        .into_owned();
    let alice = Client::open(server.url(), path).await.unwrap();
    let wrong = alice.login("alice".to_owned(), "wrong".to_owned()).await;
    assert!(
        matches!(wrong, Err(FulmarError::Refused { code, .. }) if code == "credentials.invalid")
    );
    alice
        .login("alice".to_owned(), "alice-password".to_owned())
        .await
        .unwrap();
    let chat = alice.create_direct("bob".to_owned()).await.unwrap();
    let timeline = chat.timeline().unwrap();
    let key = chat.send("across".to_owned()).await.unwrap();
    let mut list = Vec::new();
    while list
        .last()
        .is_none_or(|item: &Message| item.state != MessageState::Sent)
    {
        for change in timeline.next().await.unwrap() {
            apply(&mut list, change);
        }
    }
    assert_eq!(list[0].key, key);

    let waiting = tokio::spawn({
        let timeline = timeline.clone();
        async move {
            loop {
                if let Err(error) = timeline.next().await {
                    return error;
                }
            }
        }
    });
    timeline.close().unwrap();
    assert!(matches!(waiting.await.unwrap(), FulmarError::Closed));
    alice.close().await.unwrap();
    assert!(matches!(
        chat.send("late".to_owned()).await,
        Err(FulmarError::Closed)
    ));
}

//! The SDK against the example of a first backend, in Python. It has to run; `cargo xtask test` sees to it.

use fulmar::{Capability, Client, CommandError};
use fulmar_tests::{Person, live, quick};

use crate::groups::find;

async fn signed_in(url: &str, folder: &std::path::Path, user: &str) -> Client {
    let client = Client::builder(url, folder.join(format!("{user}.db")))
        .config(quick())
        .build()
        .await
        .unwrap();
    let password = format!("{user}-password");
    client.sign_in(user, password).await.unwrap();
    live(&client).await;
    client
}

#[tokio::test]
#[ignore = "needs the program, whose address is in FULMAR_MINIMAL_BACKEND"]
async fn the_minimal_backend_carries_a_conversation() {
    let url = std::env::var("FULMAR_MINIMAL_BACKEND").expect("the address of the program");
    let folder = tempfile::tempdir().unwrap();
    let alice = signed_in(&url, folder.path(), "alice").await;
    let bob = signed_in(&url, folder.path(), "bob").await;
    // The program is new with each run, and so is what they say.
    let chat = alice.create_group("Trip", ["bob"]).await.unwrap();
    let mut hers = Person::new(alice.clone(), chat);
    hers.say(&["one", "two", "three"]).await;
    let mut his = Person::new(bob.clone(), find(&bob, "Trip").await);
    his.sees_last("three").await;
    his.say(&["four"]).await;
    hers.sees_last("four").await;
    let key = hers.screen.messages().last().unwrap().key;
    let pinned = hers.chat.pin_message(key).await;
    let capability = Capability::Pins;
    assert_eq!(pinned, Err(CommandError::Unsupported { capability }));
    his.chat.leave().await.unwrap();
    hers.sees_last("Bob left").await;
}

//! The end of a session, and of an account.

use fulmar::{Code, CommandError, NetworkState, SessionState, SignOut};
use fulmar_tests::{Stage, list_until, live, patiently, until};
use futures_util::FutureExt as _;

#[tokio::test]
async fn sign_out_refuses_to_lose_what_is_unsent_and_then_wipes() {
    let stage = Stage::new().await;
    let (alice, _bob) = stage.alice_and_bob().await;
    alice.client.set_network(NetworkState::Unavailable);
    alice.say(&["unsent"]).await;
    assert_eq!(
        alice.client.sign_out(SignOut::Refuse).await,
        Err(CommandError::UnsentOperations { count: 1 })
    );
    alice.client.set_network(NetworkState::Available);
    let mut alice = alice;
    alice.sees(&["unsent"]).await;
    alice.client.sign_out(SignOut::Refuse).await.unwrap();
    assert_eq!(alice.client.session(), SessionState::SignedOut);
    let mut list = alice.client.conversations();
    list.next().await.unwrap();
    assert_eq!(list.items(), []);
    // The store is free for somebody else.
    alice.client.sign_in("bob", "bob-password").await.unwrap();
    live(&alice.client).await;
}

#[tokio::test]
async fn a_sign_out_can_wait_for_what_is_unsent_and_says_what_stands_still() {
    let stage = Stage::new().await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    alice.client.set_network(NetworkState::Unavailable);
    alice.say(&["one", "two"]).await;
    let leaving = tokio::spawn({
        let client = alice.client.clone();
        async move { client.sign_out(SignOut::Wait).await }
    });
    // Waiting that is given up has done nothing.
    let given_up = alice.client.sign_out(SignOut::Wait).now_or_never();
    assert_eq!(given_up, None);
    assert!(matches!(
        alice.client.session(),
        SessionState::SignedIn { .. }
    ));
    alice.client.set_network(NetworkState::Available);
    bob.sees(&["one", "two"]).await;
    assert_eq!(patiently("the sign-out", leaving).await.unwrap(), Ok(()));
    assert_eq!(alice.client.session(), SessionState::SignedOut);

    // What failed is the app's to decide.
    let alice = stage.sign_in_on("carol", "carols").await;
    let nobody = alice.create_direct("nobody").await.unwrap();
    nobody.send("hello?").await.unwrap();
    let stuck = patiently("the answer", alice.sign_out(SignOut::Wait)).await;
    assert_eq!(stuck, Err(CommandError::UnsentOperations { count: 2 }));
    alice.sign_out(SignOut::Discard).await.unwrap();
}

#[tokio::test]
async fn a_deleted_account_leaves_nothing_but_its_place() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let hers = alice.chat.send("forget me").await.unwrap();
    bob.say(&["I will not"]).await;
    bob.sees(&["forget me", "I will not"]).await;
    alice.sees(&["forget me", "I will not"]).await;
    let his = fulmar_tests::messages(&alice.screen)[1].key;
    alice.chat.add_reaction(his, "👍").await.unwrap();
    let group = alice.client.create_group("Hers", ["bob"]).await.unwrap();
    group.send("in the group").await.unwrap();
    until(&mut bob.screen, |items| {
        items.iter().any(|item| item.reactions.len() == 1)
    })
    .await;
    let tablet = stage.sign_in_on("alice", "alice-tablet").await;
    live(&tablet).await;

    let wrong = alice.client.account().delete("not-this-one").await;
    let Err(CommandError::Refused { problem }) = wrong else {
        panic!("{wrong:?}");
    };
    assert_eq!(problem.code, Code::CredentialsInvalid);
    alice
        .client
        .account()
        .delete("alice-password")
        .await
        .unwrap();
    assert_eq!(alice.client.session(), SessionState::SignedOut);
    let mut list = alice.client.conversations();
    list.next().await.unwrap();
    assert_eq!(list.items(), []);
    let mut session = tablet.watch_session();
    patiently("the other device", async {
        while !matches!(session.next().await.unwrap(), SessionState::Ended { .. }) {}
    })
    .await;

    until(&mut bob.screen, |items| {
        items.len() == 2
            && items[0].key == hers
            && matches!(items[0].content, fulmar::MessageContent::Deleted { .. })
            && items[1].text() == "I will not"
            && items[1].reactions.is_empty()
    })
    .await;
    let mut list = bob.client.conversations();
    list_until(&mut list, |items| {
        items
            .iter()
            .any(|item| item.title == "Hers" && item.participant_count == 1)
    })
    .await;
    let left = list
        .items()
        .iter()
        .find(|item| item.title == "Hers")
        .unwrap();
    let mut people = bob
        .client
        .conversation(&left.conversation_id)
        .participants();
    patiently("the heir", async {
        while people
            .items()
            .iter()
            .all(|person| person.role != fulmar::Role::Admin)
        {
            people.next().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_deleted_account_cannot_be_signed_in_to_written_to_or_taken() {
    let stage = Stage::new().await;
    let (alice, bob) = stage.alice_and_bob().await;
    alice
        .client
        .account()
        .delete("alice-password")
        .await
        .unwrap();
    let again = alice.client.sign_in("alice", "alice-password").await;
    assert!(
        matches!(again, Err(CommandError::Refused { .. })),
        "{again:?}"
    );
    let taken = alice
        .client
        .register("alice", "Alice", "alice-password")
        .await;
    let Err(CommandError::Refused { problem }) = taken else {
        panic!("{taken:?}");
    };
    assert_eq!(problem.code, Code::UserExists);
    let to_nobody = bob.chat.send("hello?").await;
    assert!(
        matches!(to_nobody, Err(CommandError::NotAllowed { .. })),
        "{to_nobody:?}"
    );
}

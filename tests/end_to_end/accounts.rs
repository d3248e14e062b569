//! Accounts: sign-in, restore, sign-out, and sessions that the server ends.

use fulmar::{Client, Code, CommandError, MessageState, NetworkState, SessionState, SignOut};
use fulmar_tests::{Person, Stage, list_until, live, patiently, quick, until};
use futures_util::FutureExt as _;

fn refused_with(result: Result<(), CommandError>, code: &Code) {
    match result {
        Err(CommandError::Refused { problem }) => assert_eq!(problem.code, *code),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_look_alike_and_leave_nothing() {
    let stage = Stage::new().await;
    let client = stage.open("alice").await;
    refused_with(
        client.login("alice", "wrong").await,
        &Code::CredentialsInvalid,
    );
    refused_with(
        client.login("nobody", "wrong").await,
        &Code::CredentialsInvalid,
    );
    assert_eq!(client.session(), SessionState::SignedOut);
    assert!(matches!(
        client.create_direct("bob").await,
        Err(CommandError::SignedOut)
    ));
    client.login("alice", "alice-password").await.unwrap();
    assert!(matches!(
        client.login("bob", "bob-password").await,
        Err(CommandError::AlreadySignedIn { .. })
    ));
}

#[tokio::test]
async fn signing_in_without_a_server_says_so() {
    let folder = tempfile::tempdir().unwrap();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let client = Client::builder(
        format!("http://127.0.0.1:{port}"),
        folder.path().join("a.db"),
    )
    .config(quick())
    .build()
    .await
    .unwrap();
    let result = client.login("alice", "alice-password").await;
    assert!(
        matches!(result, Err(CommandError::Unreachable { .. })),
        "{result:?}"
    );
}

#[tokio::test]
async fn a_session_is_there_again_when_the_store_is_opened() {
    let stage = Stage::new().await;
    stage.sign_in("alice").await.close().await;
    let alice = stage.open("alice").await;
    assert!(
        matches!(alice.session(), SessionState::SignedIn { user_id } if user_id.as_str() == "alice")
    );
    live(&alice).await;
}

#[tokio::test]
async fn sign_out_refuses_to_lose_what_is_unsent_and_then_wipes() {
    let stage = Stage::new().await;
    let (alice, _bob) = stage.alice_and_bob().await;
    alice.client.set_network(NetworkState::Unavailable);
    alice.say(&["unsent"]).await;
    assert_eq!(
        alice.client.logout(SignOut::Refuse).await,
        Err(CommandError::UnsentOperations { count: 1 })
    );
    alice.client.set_network(NetworkState::Available);
    let mut alice = alice;
    alice.sees(&["unsent"]).await;
    alice.client.logout(SignOut::Refuse).await.unwrap();
    assert_eq!(alice.client.session(), SessionState::SignedOut);
    let mut list = alice.client.conversations();
    list.next().await.unwrap();
    assert_eq!(list.items(), []);
    // The store is free for somebody else.
    alice.client.login("bob", "bob-password").await.unwrap();
    live(&alice.client).await;
}

#[tokio::test]
async fn a_session_that_the_server_ends_keeps_what_is_unsent_for_the_next_one() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let mut session = alice.client.watch_session();
    stage.server.revoke_sessions("alice").unwrap();
    patiently("the end of the session", async {
        while !matches!(session.next().await.unwrap(), SessionState::Ended { .. }) {}
    })
    .await;
    alice.say(&["written without a session"]).await;
    // Nobody else may take the store over with that in it.
    assert!(matches!(
        alice.client.login("bob", "bob-password").await,
        Err(CommandError::OtherUser { .. })
    ));
    alice.client.login("alice", "alice-password").await.unwrap();
    alice.sees(&["written without a session"]).await;
    bob.sees(&["written without a session"]).await;
}

#[tokio::test]
async fn a_closed_client_says_so() {
    let stage = Stage::new().await;
    let (alice, _bob) = stage.alice_and_bob().await;
    let Person {
        client,
        chat,
        mut screen,
    } = alice;
    client.close().await;
    assert_eq!(chat.send("too late").await, Err(CommandError::Closed));
    let error = patiently("the end", async {
        loop {
            if let Err(error) = screen.next().await {
                return error;
            }
        }
    })
    .await;
    assert_eq!(error, fulmar::WatchError::Closed);
}

#[tokio::test]
async fn somebody_registers_and_talks() {
    let stage = Stage::new().await;
    let dave = stage.open("dave").await;
    let taken = dave.register("alice", "Alice too", "alices-password").await;
    refused_with(taken, &Code::UserExists);
    let short = dave.register("dave", "Dave", "short").await;
    refused_with(short, &Code::ParamsInvalid);
    dave.register("dave", "Dave", "daves-password")
        .await
        .unwrap();
    fulmar_tests::live(&dave).await;
    dave.create_direct("alice")
        .await
        .unwrap()
        .send("hi")
        .await
        .unwrap();
    let alice = stage.sign_in("alice").await;
    let mut list = alice.conversations();
    fulmar_tests::list_until(&mut list, |items| {
        items
            .iter()
            .any(|item| item.title == "Dave" && item.unread_count == 1)
    })
    .await;
    // The password holds.
    let tablet = stage.open("dave-tablet").await;
    tablet.login("dave", "daves-password").await.unwrap();
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let stage = Stage::new().await;
    let phone = stage.sign_in("alice").await;
    let tablet = stage.sign_in_on("alice", "alice-tablet").await;
    let bob = stage.sign_in("bob").await;
    let sessions = phone.account().fetch_sessions().await.unwrap();
    assert_eq!(sessions.len(), 2);
    let current: Vec<_> = sessions.iter().map(|session| session.current).collect();
    assert_eq!(current, [false, true], "the newest first: {sessions:?}");
    // Nobody ends a session of somebody else.
    let foreign = bob
        .account()
        .end_session(sessions[0].session_id.clone())
        .await;
    refused_with(foreign, &Code::SessionNotFound);
    phone.account().end_other_sessions().await.unwrap();
    let mut watch = tablet.watch_session();
    fulmar_tests::patiently("the end of the session", async {
        while !matches!(
            watch.next().await.unwrap(),
            fulmar::SessionState::Ended { .. }
        ) {}
    })
    .await;
    assert_eq!(phone.account().fetch_sessions().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_new_name_and_picture_are_seen_by_whoever_shares_a_conversation() {
    let stage = Stage::new().await;
    let (alice, bob) = stage.alice_and_bob().await;
    bob.client.account().set_name("Robert").await.unwrap();
    let picture = "https://example.com/robert.png";
    bob.client
        .account()
        .set_avatar_url(Some(picture.to_owned()))
        .await
        .unwrap();
    let mut list = alice.client.conversations();
    fulmar_tests::list_until(&mut list, |items| {
        items
            .iter()
            .any(|item| item.title == "Robert" && item.avatar_url.as_deref() == Some(picture))
    })
    .await;
    let blank = bob.client.account().set_name(" ").await;
    refused_with(blank, &Code::ParamsInvalid);
    bob.client.account().set_avatar_url(None).await.unwrap();
    let mut people = alice.chat.participants();
    fulmar_tests::patiently("no picture", async {
        while !people
            .items()
            .iter()
            .any(|person| person.name == "Robert" && person.avatar_url.is_none())
        {
            people.next().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_sign_out_can_wait_for_what_is_unsent_and_says_what_stands_still() {
    let stage = Stage::new().await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    alice.client.set_network(NetworkState::Unavailable);
    alice.say(&["one", "two"]).await;
    let leaving = tokio::spawn({
        let client = alice.client.clone();
        async move { client.logout(SignOut::Wait).await }
    });
    // Waiting that is given up has done nothing.
    let given_up = alice.client.logout(SignOut::Wait).now_or_never();
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
    let stuck = patiently("the answer", alice.logout(SignOut::Wait)).await;
    assert_eq!(stuck, Err(CommandError::UnsentOperations { count: 2 }));
    alice.logout(SignOut::Discard).await.unwrap();
}

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

    // There is nobody to sign in, to write to, or to become.
    let again = alice.client.login("alice", "alice-password").await;
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

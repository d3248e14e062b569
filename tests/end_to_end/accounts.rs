//! Accounts: sign-in, restore, sign-out, and sessions that the server ends.

use fulmar::{Client, Code, CommandError, Field, FieldRule, SessionState};
use fulmar_tests::{Person, Stage, live, patiently, quick};

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
        client.sign_in("alice", "wrong").await,
        &Code::CredentialsInvalid,
    );
    refused_with(
        client.sign_in("nobody", "wrong").await,
        &Code::CredentialsInvalid,
    );
    assert_eq!(client.session(), SessionState::SignedOut);
    assert!(matches!(
        client.create_direct("bob").await,
        Err(CommandError::SignedOut)
    ));
    client.sign_in("alice", "alice-password").await.unwrap();
    assert!(matches!(
        client.sign_in("bob", "bob-password").await,
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
    let result = client.sign_in("alice", "alice-password").await;
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
        alice.client.sign_in("bob", "bob-password").await,
        Err(CommandError::OtherUser { .. })
    ));
    alice
        .client
        .sign_in("alice", "alice-password")
        .await
        .unwrap();
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
    tablet.sign_in("dave", "daves-password").await.unwrap();
}

/// PROTOCOL.md §4.8: nobody passes for somebody else, and a name is told as it was kept.
#[tokio::test]
async fn ids_and_names_that_pass_for_others_are_refused_before_they_leave_the_device() {
    let stage = Stage::new().await;
    let dave = stage.open("dave").await;
    for (id, name, field) in [
        ("Alice", "Dave", Field::Id),
        ("\u{430}lice", "Dave", Field::Id),
        ("alice\u{200b}", "Dave", Field::Id),
        ("a/b", "Dave", Field::Id),
        ("dave", "Al\u{200b}ice", Field::Name),
        ("dave", " ", Field::Name),
    ] {
        let refused = dave.register(id, name, "daves-password").await;
        assert!(
            matches!(&refused, Err(CommandError::Invalid { field: found, .. }) if *found == field),
            "{id:?} {name:?}: {refused:?}"
        );
    }
    let alike = dave.register("a1ice", "Dave", "daves-password").await;
    refused_with(alike, &Code::UserExists);
    dave.register("dave", " Dave  the first ", "daves-password")
        .await
        .unwrap();
    let hidden = dave.account().set_name("Al\u{200b}ice").await;
    assert!(matches!(
        hidden,
        Err(CommandError::Invalid {
            field: Field::Name,
            ..
        })
    ));
    let with = dave.create_group(" A \n  trip ", ["alice"]).await.unwrap();
    let mut list = dave.conversations();
    fulmar_tests::list_until(&mut list, |items| items.len() == 1).await;
    assert_eq!(list.items()[0].title, "A trip");
    with.send("hi").await.unwrap();
    let alice = stage.sign_in("alice").await;
    let mut list = alice.conversations();
    fulmar_tests::list_until(&mut list, |items| {
        items.iter().any(|item| item.title == "A trip")
    })
    .await;
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
async fn a_new_name_and_picture_are_seen_by_users_who_share_a_conversation() {
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
    let (field, rule) = (Field::Name, FieldRule::Blank);
    assert_eq!(blank, Err(CommandError::Invalid { field, rule }));
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

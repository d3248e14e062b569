//! Push notifications: who gets them, what the app makes of them, and a second process beside it.

use std::process::Stdio;
use std::time::Duration;

use fulmar::{
    AppState, Attention, CommandError, MessageState, NetworkState, PushError, PushProvider,
};
use fulmar_mock_server::{MockServer, RecordedPush};
use fulmar_tests::{Person, Stage, list_until, live, messages, patiently, quick, shown, until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Waits for so many pushes; panics when there are more.
async fn pushes(server: &MockServer, count: usize) -> Vec<RecordedPush> {
    patiently("the pushes", async {
        loop {
            let pushes = server.pushes();
            assert!(pushes.len() <= count, "{pushes:#?}");
            if pushes.len() == count {
                return pushes;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

fn text(push: &RecordedPush) -> String {
    serde_json::to_string(&push.payload).unwrap()
}

#[tokio::test]
async fn a_user_who_is_away_gets_a_push_but_not_for_what_is_muted() {
    let stage = Stage::new().await;
    let (mut alice, bob) = stage.alice_and_bob().await;
    let token = bob
        .client
        .register_push_token(PushProvider::Apns, "bobs-token");
    token.await.unwrap();
    alice.say(&["you are there"]).await;
    alice.sees(&["you are there"]).await;
    assert_eq!(stage.server.pushes(), []);

    stage.server.disconnect("bob");
    alice.say(&["you are away"]).await;
    let push = pushes(&stage.server, 1).await.remove(0);
    assert_eq!(push.payload.title, "Alice");
    assert_eq!(push.payload.body, "you are away");
    assert_eq!(
        (push.payload.unread_count, push.payload.user_id.as_str()),
        (2, "bob")
    );
    let [device] = push.devices.as_slice() else {
        panic!("{push:?}");
    };
    assert_eq!(
        (device.token.provider, device.token.token.as_str()),
        (PushProvider::Apns, "bobs-token")
    );

    let group = alice.client.create_group("Trip", ["bob"]).await.unwrap();
    group.send("x".repeat(3_000)).await.unwrap();
    let push = pushes(&stage.server, 2).await.remove(1);
    assert_eq!(push.payload.title, "Trip");
    assert!(push.payload.body.starts_with("Alice: xxx") && push.payload.body.len() <= 200);
    assert_eq!(
        push.payload.message, None,
        "it would not fit into a notification"
    );

    stage.server.reconnect("bob");
    live(&bob.client).await;
    bob.chat.mute(None).await.unwrap();
    let mut list = bob.client.conversations();
    list_until(&mut list, |items| {
        items.iter().any(|item| item.settings.muted_until.is_some())
    })
    .await;
    let mut outbox = bob.client.outbox();
    patiently("the outbox", async {
        outbox.next().await.unwrap();
        while !outbox.items().is_empty() {
            outbox.next().await.unwrap();
        }
    })
    .await;
    bob.client.remove_push_token().await.unwrap();
    stage.server.disconnect("bob");
    alice.say(&["quietly"]).await;
    group.send("loudly").await.unwrap();
    let push = pushes(&stage.server, 3).await.remove(2);
    assert_eq!(push.payload.body, "Alice: loudly");
    assert_eq!(push.devices, []);
}

#[tokio::test]
async fn a_push_is_in_the_timeline_before_the_network_is_and_only_once() {
    let stage = Stage::new().await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    stage.server.disconnect("bob");
    alice.say(&["one", "two", "three"]).await;
    let pushed = pushes(&stage.server, 3).await;

    // The middle one is lost, and the last one comes first.
    for (push, unread) in [(&pushed[2], 3), (&pushed[0], 1), (&pushed[2], 3)] {
        let notification = bob.client.handle_push(&text(push)).await.unwrap();
        assert_eq!(notification.title, "Alice");
        assert_eq!(notification.body, push.payload.body);
        assert_eq!(notification.unread_count, unread);
        assert_eq!(notification.attention, Attention::Alert);
    }
    // What is older than the newest message may have changed since; it comes with the log.
    until(&mut bob.screen, |items| shown(items) == ["three"]).await;
    let mut list = bob.client.conversations();
    list_until(&mut list, |items| {
        items
            .iter()
            .any(|item| item.title == "Alice" && item.unread_count == 3)
    })
    .await;

    stage.server.reconnect("bob");
    bob.sees(&["one", "two", "three"]).await;
    list_until(&mut list, |items| {
        items
            .iter()
            .any(|item| item.title == "Alice" && item.unread_count == 3)
    })
    .await;
    let read = messages(&bob.screen)[2].position.unwrap();
    bob.chat.mark_read_up_to(read).await.unwrap();
    let late = bob.client.handle_push(&text(&pushed[1])).await.unwrap();
    assert_eq!(late.attention, Attention::Quiet, "it is read by now");

    let foreign = alice.client.handle_push(&text(&pushed[0])).await;
    assert!(
        matches!(foreign, Err(CommandError::OtherUser { .. })),
        "{foreign:?}"
    );
    for junk in ["", "{}", "{\"userId\": 7}", "\u{0}"] {
        let refused = bob.client.handle_push(junk).await;
        assert!(
            matches!(refused, Err(CommandError::Invalid { .. })),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_second_process_takes_pushes_beside_the_app_and_nobody_waits_in_vain() {
    let stage = Stage::new().await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    stage.server.disconnect("bob");
    let said: Vec<String> = (1..=100).map(|number| format!("{number}")).collect();
    for text in &said {
        alice.chat.send(text).await.unwrap();
    }
    let pushed = pushes(&stage.server, 100).await;

    // While the app writes as fast as it can, the other process takes a hundred pushes.
    let mut extension = tokio::process::Command::new(env!("CARGO_BIN_EXE_push_extension"))
        .arg(stage.store("bob"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdin = extension.stdin.take().unwrap();
    let feeding = tokio::spawn(async move {
        for push in &pushed {
            let line = format!("{}\n", text(push));
            stdin.write_all(line.as_bytes()).await.unwrap();
        }
    });
    for number in 0..100 {
        bob.chat.send(format!("mine {number}")).await.unwrap();
    }
    feeding.await.unwrap();
    let done = patiently("the second process", extension.wait_with_output())
        .await
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    let lines = String::from_utf8(done.stdout).unwrap();
    let expected: String = said.iter().map(|text| format!("Alice: {text}\n")).collect();
    assert_eq!(lines, expected);

    // Still offline, the app comes to the foreground and shows them all.
    bob.client.set_app_state(AppState::Foreground);
    until(&mut bob.screen, |items| {
        let sent = items.iter().filter(|item| item.state == MessageState::Sent);
        sent.map(fulmar::MessageItem::text).eq(&said)
    })
    .await;
    stage.server.reconnect("bob");
    until(&mut bob.screen, |items| {
        items.len() == 200 && items.iter().all(|item| item.state == MessageState::Sent)
    })
    .await;
}

#[tokio::test]
async fn a_push_for_an_app_that_is_closed_is_there_when_it_opens() {
    let stage = Stage::new().await;
    let (alice, bob) = stage.alice_and_bob().await;
    bob.client.close().await;
    drop(bob);
    alice.say(&["while you were away"]).await;
    let pushed = pushes(&stage.server, 1).await.remove(0);
    let shown_there = fulmar::handle_push_beside(stage.store("bob"), &text(&pushed)).unwrap();
    assert_eq!(shown_there.body, "while you were away");

    stage.server.disconnect("bob");
    let client = stage.open_with("bob", quick()).await;
    client.set_network(NetworkState::Unavailable);
    let mut bob = Person::beside_general_chat(client, "Alice").await;
    until(&mut bob.screen, |items| {
        shown(items) == ["while you were away"]
    })
    .await;

    // Not for somebody else, not in somebody else's file, not what is none.
    let carol = fulmar::handle_push_beside(stage.store("alice"), &text(&pushed));
    assert!(matches!(carol, Err(PushError::NotTheirs(_))), "{carol:?}");
    let nowhere = fulmar::handle_push_beside(stage.store("nobody"), &text(&pushed));
    assert!(matches!(nowhere, Err(PushError::Store(_))), "{nowhere:?}");
    assert!(!stage.store("nobody").exists());
    let junk = fulmar::handle_push_beside(stage.store("bob"), "[]");
    assert!(
        matches!(junk, Err(PushError::Unreadable { .. })),
        "{junk:?}"
    );
}

#[tokio::test]
async fn a_webhook_that_fails_gets_the_same_push_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/pushes", listener.local_addr().unwrap());
    let server = MockServer::builder()
        .demo()
        .webhook(url)
        .start()
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let alice = fulmar::Client::builder(server.url(), folder.path().join("alice.db"))
        .config(quick())
        .build()
        .await
        .unwrap();
    alice.sign_in("alice", "alice-password").await.unwrap();
    let chat = alice.create_direct("bob").await.unwrap();
    chat.send("knock").await.unwrap();

    let mut bodies = Vec::new();
    for answer in [500, 500, 503, 200] {
        // The clock goes on until the server comes again, however fast this machine is.
        let (mut stream, _) = patiently("the webhook", async {
            let tries = listener.accept();
            tokio::pin!(tries);
            loop {
                tokio::select! {
                    accepted = &mut tries => return accepted.unwrap(),
                    () = tokio::time::sleep(Duration::from_millis(50)) => {
                        server.advance(Duration::from_secs(2));
                    }
                }
            }
        })
        .await;
        let mut request = Vec::new();
        while !request.ends_with(b"}") {
            let mut part = [0; 4096];
            let count = stream.read(&mut part).await.unwrap();
            assert!(count > 0);
            request.extend_from_slice(&part[..count]);
        }
        let head = format!("HTTP/1.1 {answer} X\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let text = String::from_utf8(request).unwrap();
        assert!(text.starts_with("POST /pushes HTTP/1.1"), "{text}");
        bodies.push(text[text.find('{').unwrap()..].to_owned());
        // Closed by the other side once it has read the answer.
        let _ = stream.read(&mut [0; 1]).await;
    }
    assert_eq!(server.pushes().len(), 1);
    assert_eq!(bodies.len(), 4);
    assert!(
        bodies
            .iter()
            .all(|body| *body == bodies[0] && body.contains("\"body\":\"knock\""))
    );
}

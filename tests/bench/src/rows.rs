//! The figures of messages.

use std::time::{Duration, Instant};

use fulmar::{Client, Conversation, MessageState, NetworkState, Timeline};
use fulmar_mock_server::{Action, FrameKind, MockServer, When, Where};
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, params};

use crate::raw;
use crate::stage::{p50, row, signed_in};

/// What everybody says.
pub(crate) const TEXT: &str = "a message like any other";

/// From the tap on "send" to the change on the screen, with the message durable in between.
pub(crate) async fn send_to_screen(rounds: usize) {
    let folder = tempfile::tempdir().unwrap();
    let server = MockServer::builder().demo().start().await.unwrap();
    let alice = signed_in(&server, &folder.path().join("alice.db")).await;
    alice.set_network(NetworkState::Unavailable);
    let mut times = Vec::new();
    // A screen of its usual length: the outbox of a tunnel ride, not of a year.
    for chunk in 0..rounds.div_ceil(40) {
        let chat = alice
            .create_group(format!("{chunk}"), ["bob"])
            .await
            .unwrap();
        let mut screen = chat.timeline();
        screen.next().await.unwrap();
        for _ in 0..40 {
            let start = Instant::now();
            let (sent, changes) = tokio::join!(chat.send(TEXT), screen.next());
            times.push(start.elapsed());
            sent.unwrap();
            changes.unwrap();
        }
    }
    let raw = raw::durable_insert(folder.path(), rounds);
    row(
        "send → on the screen, durable",
        p50(&mut times),
        raw,
        "≤ 2× a durable insert",
    );
}

/// From the tap on "send" until the screen says that the server has it.
pub(crate) async fn send_to_sent(rounds: usize) {
    let folder = tempfile::tempdir().unwrap();
    let server = MockServer::builder().demo().start().await.unwrap();
    let alice = signed_in(&server, &folder.path().join("alice.db")).await;
    let mut times = Vec::new();
    for chunk in 0..rounds.div_ceil(40) {
        let chat = alice
            .create_group(format!("{chunk}"), ["bob"])
            .await
            .unwrap();
        let mut screen = chat.timeline();
        screen.next().await.unwrap();
        for _ in 0..40 {
            times.push(sent(&chat, &mut screen).await);
        }
    }
    let limit = raw::round_trip(rounds).await * 3 + raw::durable_insert(folder.path(), rounds) * 2;
    row(
        "send → sent over loopback",
        p50(&mut times),
        limit,
        "≤ 1× (3 round trips + 2 durable inserts)",
    );
}

/// How long it takes from the tap on "send" until a screen of the conversation says that the server has it.
pub(crate) async fn sent(chat: &Conversation, screen: &mut Timeline) -> Duration {
    let start = Instant::now();
    let key = chat.send(TEXT).await.unwrap();
    while screen
        .messages()
        .rev()
        .find(|item| item.key == key)
        .is_none_or(|item| item.state != MessageState::Sent)
    {
        screen.next().await.unwrap();
    }
    start.elapsed()
}

/// The first page of a conversation among many cached messages.
pub(crate) async fn newest_fifty(messages: i64, rounds: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alice.db");
    let server = MockServer::builder().demo().start().await.unwrap();
    signed_in(&server, &path).await.close().await;
    let conversations = (messages / 1_000).max(1);
    fill(&path, conversations, messages / conversations);
    let alice = Client::builder(server.url(), &path).build().await.unwrap();
    alice.set_network(NetworkState::Unavailable);
    let middle = conversations / 2;
    let chat = alice.conversation(&format!("bench-{middle}").parse().unwrap());
    let mut times = Vec::new();
    for _ in 0..rounds {
        let mut screen = chat.timeline();
        let start = Instant::now();
        screen.next().await.unwrap();
        times.push(start.elapsed());
        assert_eq!(screen.items().len(), 50);
    }
    let raw = raw::newest_fifty(&path, 1_000_000 + middle, rounds);
    let name = format!("newest 50 of a conversation among {messages}");
    row(&name, p50(&mut times), raw, "≤ 3× the query");
}

/// Conversations with so many messages each, in a store that nobody has open.
pub(crate) fn fill(path: &std::path::Path, conversations: i64, each: i64) {
    let mut database = Connection::open(path).unwrap();
    // The store's triggers call it; what it makes of these texts is the same.
    database
        .create_scalar_function(
            "searchable",
            1,
            FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS,
            |arguments| arguments.get::<String>(0),
        )
        .unwrap();
    let transaction = database.transaction().unwrap();
    for number in 0..conversations {
        let key = 1_000_000 + number;
        transaction
            .execute(
                "INSERT INTO conversation (key, id, announced, kind, created_at, activity_at, head)
                 VALUES (?1, ?2, 1, 'group', 0, 0, ?3)",
                params![key, format!("bench-{number}"), each],
            )
            .unwrap();
    }
    // As they come in real life: all conversations at once, message by message.
    let mut insert = transaction
        .prepare(
            "INSERT INTO message
                 (operation_key, conversation, position, message_id, sender_id, text, at)
             VALUES (?1, ?2, ?3, ?4, 'bob', ?5, ?3)",
        )
        .unwrap();
    for position in 1..=each {
        for number in 0..conversations {
            let unique = i128::from(position * conversations + number);
            insert
                .execute(params![
                    unique.to_be_bytes(),
                    1_000_000 + number,
                    position,
                    format!("m-{unique:024x}"),
                    TEXT
                ])
                .unwrap();
        }
    }
    drop(insert);
    transaction.commit().unwrap();
}

/// A long offline queue over a slow network, in round trips.
pub(crate) async fn drain(messages: usize) {
    const LATENCY: Duration = Duration::from_millis(50);
    let folder = tempfile::tempdir().unwrap();
    let server = MockServer::builder().demo().start().await.unwrap();
    let alice = signed_in(&server, &folder.path().join("alice.db")).await;
    alice.set_network(NetworkState::Unavailable);
    let chat = alice.create_direct("bob").await.unwrap();
    let mut screen = chat.timeline();
    screen.next().await.unwrap();
    for _ in 0..messages {
        chat.send(TEXT).await.unwrap();
    }
    let slow = When::at(Where::Incoming(FrameKind::Any)).always();
    server.faults().add(slow.then(Action::Delay(LATENCY)));
    let start = Instant::now();
    alice.set_network(NetworkState::Available);
    while screen.items().len() != messages
        || screen
            .messages()
            .any(|item| item.state != MessageState::Sent)
    {
        screen.next().await.unwrap();
    }
    let time = start.elapsed();
    let trips = server.faults().applied();
    println!(
        "{:<52} {:>7.0} ms {:>7.0} ms {:>6.2}×  ≤ 10 round trips: {trips} (hello, create, submits)",
        format!("{messages} queued messages drained at 50 ms latency"),
        time.as_secs_f64() * 1e3,
        LATENCY.as_secs_f64() * 1e3 * trips as f64,
        time.as_secs_f64() / (LATENCY.as_secs_f64() * trips as f64),
    );
}

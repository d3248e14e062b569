//! The main job, told line by line: two people talk, one loses the network and even their process,
//! and nothing is lost, doubled or out of order. Ends with an error if anything is not so.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use fulmar::{Client, MessageItem, MessageState, Timeline};
use fulmar_mock_server::MockServer;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What Alice says before, while she is offline, and what Bob answers.
const OFFLINE: [&str; 3] = [
    "Are you still there?",
    "The train is in a tunnel.",
    "You will get this later.",
];

#[tokio::main]
async fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = MockServer::builder().demo().start().await?;
    println!("A mock server listens on {}.\n", server.url());

    let bob = sign_in(&server, folder.path(), "bob").await?;
    let alice = sign_in(&server, folder.path(), "alice").await?;
    println!("Alice and Bob are signed in, each with a store on disk.\n");

    println!("They talk:");
    let to_bob = alice.create_direct("bob").await?;
    let mut hers = to_bob.timeline();
    to_bob.send("Hello Bob!").await?;
    sent(&mut hers, 1).await?;
    let to_alice = bob.create_direct("alice").await?;
    let mut his = to_alice.timeline();
    shows(&mut his, &["Hello Bob!"]).await?;
    to_alice.send("Hi Alice!").await?;
    shows(&mut hers, &["Hello Bob!", "Hi Alice!"]).await?;
    print("Alice", &hers);

    println!("\nAlice loses the network, and sends three messages all the same:");
    server.disconnect("alice");
    for text in OFFLINE {
        to_bob.send(text).await?;
    }
    until(&mut hers, |items| items.len() == 5).await?;
    print("Alice", &hers);
    ensure(
        unsent(&messages(&hers)) == 3,
        "all three are on her screen, and not sent",
    )?;
    ensure(
        his.messages().count() == 1,
        "Bob's screen shows nothing of it",
    )?;

    println!("\nHer process state is thrown away without a goodbye, and opened again from disk:");
    let chat = to_bob.id().clone();
    drop((alice, to_bob, hers));
    let alice = Client::builder(server.url(), folder.path().join("alice.db"))
        .build()
        .await?;
    let to_bob = alice.conversation(&chat);
    let mut hers = to_bob.timeline();
    until(&mut hers, |items| items.len() == 5).await?;
    print("Alice", &hers);
    ensure(unsent(&messages(&hers)) == 3, "all three are still there")?;

    println!("\nThe network comes back:");
    server.reconnect("alice");
    sent(&mut hers, 5).await?;
    print("Alice", &hers);
    let everything = [
        "Hello Bob!",
        "Hi Alice!",
        OFFLINE[0],
        OFFLINE[1],
        OFFLINE[2],
    ];
    shows(&mut his, &everything).await?;
    print("Bob", &his);
    ensure(unsent(&messages(&hers)) == 0, "everything is sent")?;

    println!("\nBob has all of them, once and in order.");
    alice.close().await;
    bob.close().await;
    server.stop().await;
    Ok(())
}

async fn sign_in(server: &MockServer, folder: &Path, user: &str) -> Result<Client> {
    let store = folder.join(format!("{user}.db"));
    let client = Client::builder(server.url(), store).build().await?;
    client.sign_in(user, format!("{user}-password")).await?;
    Ok(client)
}

/// Waits until a timeline shows what is expected; a timeline that never does is an error.
async fn until(timeline: &mut Timeline, expected: impl Fn(&[MessageItem]) -> bool) -> Result<()> {
    let waiting = async {
        loop {
            timeline.next().await?;
            if expected(&messages(timeline)) {
                return Ok(());
            }
        }
    };
    match tokio::time::timeout(Duration::from_secs(60), waiting).await {
        Ok(result) => result,
        Err(_) => Err("the timeline never showed what it should".into()),
    }
}

async fn sent(timeline: &mut Timeline, count: usize) -> Result<()> {
    until(timeline, |items| items.len() == count && unsent(items) == 0).await
}

async fn shows(timeline: &mut Timeline, texts: &[&str]) -> Result<()> {
    until(timeline, |items| {
        items.len() >= texts.len() && unsent(items) == 0
    })
    .await?;
    let shown: Vec<&str> = timeline.messages().map(MessageItem::text).collect();
    ensure(shown == texts, "each message is there once, in order")
}

fn messages(timeline: &Timeline) -> Vec<MessageItem> {
    timeline.messages().cloned().collect()
}

fn unsent(items: &[MessageItem]) -> usize {
    items
        .iter()
        .filter(|item| item.state != MessageState::Sent)
        .count()
}

fn print(who: &str, timeline: &Timeline) {
    println!("  {who} sees");
    for item in timeline.messages() {
        let state = match &item.state {
            MessageState::Pending => "pending",
            MessageState::Uploading { .. } => "uploading",
            MessageState::Sending => "sending",
            MessageState::Unconfirmed => "unconfirmed",
            MessageState::Sent => "sent",
            MessageState::Failed { .. } => "failed",
        };
        println!("    {:>7}  {}: {}", state, item.sender, item.text());
    }
}

fn ensure(truth: bool, what: &str) -> Result<()> {
    match truth {
        true => Ok(()),
        false => Err(format!("not so: {what}").into()),
    }
}

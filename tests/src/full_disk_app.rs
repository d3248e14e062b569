//! An app on a full disk: each file of this process may have a few blocks only. Says what it shows; with a line on
//! standard input there is room again.
//!
//! `full_disk_app URL STORE`
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use fulmar::{Client, CommandError, ConnectionState, WaitReason};
use rustix::process::{Resource, getrlimit, setrlimit};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let words: Vec<String> = std::env::args().collect();
    let client = match Client::builder(&words[1], &words[2])
        .config(fulmar_tests::quick())
        .build()
        .await
    {
        Ok(client) => client,
        Err(error) => return println!("not opened: {error}"),
    };
    println!("{:?}", client.session());
    if let ConnectionState::Waiting {
        reason: WaitReason::StoreFailed { reason },
        ..
    } = client.connection().current()
    {
        println!("waits: {reason}");
    }
    let mut list = client.conversations();
    list.next().await.unwrap();
    let chat = client.conversation(&list.items()[0].conversation_id);
    let mut timeline = chat.timeline();
    timeline.next().await.unwrap();
    for message in timeline.messages() {
        println!("shows: {}", message.text());
    }
    if let Err(CommandError::Store { reason }) = chat.send("no room").await {
        println!("refused: {reason}");
    }
    std::io::stdin().read_line(&mut String::new()).unwrap();
    let most = getrlimit(Resource::Fsize).maximum;
    let free = rustix::process::Rlimit {
        current: most,
        maximum: most,
    };
    setrlimit(Resource::Fsize, free).unwrap();
    while chat.send("room").await.is_err() {
        tokio::task::yield_now().await;
    }
    println!("sent");
    // Until it is there: this process has nothing else to do.
    let mut outbox = client.outbox();
    outbox.next().await.unwrap();
    while !outbox.items().is_empty() {
        outbox.next().await.unwrap();
    }
    client.close().await;
}

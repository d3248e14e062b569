//! Sends numbered messages, and prints each number when `send` has returned: from then on it is a
//! promise. The chaos test kills this process in the middle.
//!
//! `chaos_sender URL STORE FROM`: signs in as alice if the store has no session.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::io::Write as _;

use fulmar::{Client, SessionState};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let words: Vec<String> = std::env::args().collect();
    let client = Client::builder(&words[1], &words[2])
        .config(fulmar_tests::quick())
        .build()
        .await
        .unwrap();
    if client.session() == SessionState::SignedOut {
        client.sign_in("alice", "alice-password").await.unwrap();
    }
    let chat = client.create_direct("bob").await.unwrap();
    let mut number: u32 = words[3].parse().unwrap();
    loop {
        chat.send(format!("chaos/{number}")).await.unwrap();
        println!("{number}");
        std::io::stdout().flush().unwrap();
        number += 1;
    }
}

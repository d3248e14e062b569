//! Real processes, killed with SIGKILL while they send.

use std::process::Stdio;

use fulmar_tests::{Person, Stage, list_until, patiently, until};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

#[tokio::test]
async fn what_a_killed_process_promised_arrives_once_and_in_order() {
    let stage = Stage::new().await;
    let bob = stage.sign_in("bob").await;
    let mut promised = 0;
    let mut next = 1;
    for round in 1..=6 {
        let mut process = Command::new(env!("CARGO_BIN_EXE_chaos_sender"))
            .arg(stage.server.url())
            .arg(stage.store("alice"))
            .arg(next.to_string())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        // Killed after some promises, while the next one is being made.
        for _ in 0..round * 3 {
            let line = patiently("a promise", lines.next_line())
                .await
                .unwrap()
                .unwrap();
            promised = line.parse().unwrap();
        }
        process.start_kill().unwrap();
        while let Ok(Some(line)) = lines.next_line().await {
            promised = line.parse().unwrap();
        }
        process.wait().await.unwrap();
        // The last one may have been stored without having been promised: skip its number.
        next = promised + 2;
    }
    let alice = stage.open("alice").await;
    let mut list = alice.conversations();
    list_until(&mut list, |items| items.len() == 2).await;
    let mut bob = Person::beside_general_chat(bob, "Alice").await;
    alice
        .create_direct("bob")
        .await
        .unwrap()
        .send("chaos/1000000")
        .await
        .unwrap();
    until(&mut bob.screen, |items| {
        items
            .last()
            .is_some_and(|item| item.text() == "chaos/1000000")
    })
    .await;
    while bob.screen.load_older().await.unwrap().has_more {}
    let mut whole = bob.screen.clone();
    whole.next().await.unwrap();
    let numbers: Vec<u32> = whole
        .messages()
        .map(|item| item.text().trim_start_matches("chaos/").parse().unwrap())
        .collect();
    assert!(
        numbers.is_sorted_by(|one, other| one < other),
        "{numbers:?}"
    );
    let missing: Vec<u32> = (1..=promised)
        .filter(|number| !numbers.contains(number))
        .collect();
    // Six rounds skip at most one number each, and only numbers that were never promised.
    assert!(missing.len() < 6, "{missing:?} of {numbers:?}");
}

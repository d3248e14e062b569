//! Older history, resets, and what a snapshot must not take away.

use fulmar::{CommandError, History, MessageState, NetworkState};
use fulmar_tests::{Person, Stage, live, shown, until};

#[tokio::test]
async fn history_comes_in_pages_of_fifty_down_to_the_beginning() {
    let stage = Stage::new().await;
    let (mut alice, _bob) = stage.alice_and_bob().await;
    let texts: Vec<String> = (1..=120).map(|number| format!("{number}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    alice.say(&texts).await;
    until(&mut alice.screen, |items| {
        items.len() == 120 && items.iter().all(|item| item.state == MessageState::Sent)
    })
    .await;

    // A new device has the newest 20 from its snapshot.
    let tablet = stage.sign_in_on("alice", "alice-tablet").await;
    live(&tablet).await;
    let mut tablet = Person::beside_general_chat(tablet, "Bob").await;
    until(&mut tablet.screen, |items| shown(items) == texts[100..]).await;

    tablet.client.set_network(NetworkState::Unavailable);
    let offline = tablet.screen.load_older().await;
    assert!(
        matches!(offline, Err(CommandError::Unreachable { .. })),
        "{offline:?}"
    );
    tablet.client.set_network(NetworkState::Available);
    live(&tablet.client).await;

    assert_eq!(tablet.screen.load_older().await, Ok(History::More));
    until(&mut tablet.screen, |items| shown(items) == texts[50..]).await;
    assert_eq!(tablet.screen.load_older().await, Ok(History::More));
    until(&mut tablet.screen, |items| shown(items) == texts).await;
    assert_eq!(tablet.screen.load_older().await, Ok(History::Beginning));

    // What was fetched once is on the device: another screen gets it offline, page by page.
    tablet.client.set_network(NetworkState::Unavailable);
    let mut screen = tablet.chat.timeline();
    until(&mut screen, |items| shown(items) == texts[70..]).await;
    assert_eq!(screen.load_older().await, Ok(History::More));
    until(&mut screen, |items| shown(items) == texts[20..]).await;
    assert_eq!(screen.load_older().await, Ok(History::More));
    until(&mut screen, |items| shown(items) == texts).await;
    assert_eq!(screen.load_older().await, Ok(History::Beginning));
}

#[tokio::test]
async fn a_cut_log_leads_to_a_snapshot_that_takes_nothing_unsent_away() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    alice.say(&["one"]).await;
    alice.sees(&["one"]).await;
    bob.sees(&["one"]).await;
    stage.server.disconnect("alice");
    alice.say(&["unsent"]).await;
    bob.say(&["two", "three"]).await;
    bob.sees(&["one", "two", "three"]).await;
    stage.server.cut_log("alice").unwrap();
    stage.server.reconnect("alice");
    alice.sees(&["one", "two", "three", "unsent"]).await;
    bob.sees(&["one", "two", "three", "unsent"]).await;
    live(&alice.client).await;
    bob.say(&["four"]).await;
    alice.sees(&["one", "two", "three", "unsent", "four"]).await;
}

#[tokio::test]
async fn a_long_absence_is_caught_up_in_order() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    stage.server.disconnect("bob");
    let texts: Vec<String> = (1..=700).map(|number| format!("{number}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    alice.say(&texts).await;
    alice.sees(&texts).await;
    stage.server.reconnect("bob");
    bob.sees(&texts).await;
}

//! Searching: on the device, at the server, and both as one.

use fulmar::{CommandError, NetworkState, PageResult, Search, SearchHit, SearchQuery, TextPiece};
use fulmar_tests::{DEADLINE, Person, Stage, live, until};

/// Waits until a search has found exactly these texts, in this order.
async fn finds(search: &mut Search, expected: &[&str]) {
    let waiting = async {
        while texts(search) != expected {
            search.next().await.unwrap();
        }
    };
    if tokio::time::timeout(DEADLINE, waiting).await.is_err() {
        panic!("the search still shows {:#?}", texts(search));
    }
}

/// Waits until a search has found so many.
async fn finds_so_many(search: &mut Search, count: usize) {
    let waiting = async {
        while search.items().len() != count {
            search.next().await.unwrap();
        }
    };
    fulmar_tests::patiently("the search", waiting).await;
}

fn texts(search: &Search) -> Vec<&str> {
    search
        .items()
        .iter()
        .map(|hit| hit.message.text())
        .collect()
}

/// What was searched for in a text, in brackets.
fn marked(hit: &SearchHit) -> String {
    hit.pieces
        .iter()
        .map(|piece| match piece {
            TextPiece::Plain(text) => text.clone(),
            TextPiece::Hit(text) => format!("[{text}]"),
        })
        .collect()
}

#[tokio::test]
async fn words_and_their_beginnings_are_found_offline_in_any_script() {
    let stage = Stage::new().await;
    let (alice, _bob) = stage.alice_and_bob().await;
    alice.client.set_network(NetworkState::Unavailable);
    let said = [
        "We meet at the harbour, near the café",
        "The Harbourmaster has no boat",
        "明日は東京駅で会いましょう",
        "서울에서 만나요",
        "зустрінемося завтра",
        "100% \"sure\" (really)",
    ];
    alice.say(&said).await;
    // What is written last is found last.
    finds_so_many(&mut alice.client.search(SearchQuery::new("really")), 1).await;
    for (text, found) in [
        (
            "harbour",
            vec![
                "We meet at the [harbour], near the café",
                "The [Harbourmaster] has no boat",
            ],
        ),
        (
            "HARB cafe",
            vec!["We meet at the [harbour], near the [café]"],
        ),
        ("boat har", vec!["The [Harbourmaster] has no [boat]"]),
        ("東京", vec!["明日は[東京]駅で会いましょう"]),
        ("서울", vec!["[서울]에서 만나요"]),
        ("Завтра", vec!["зустрінемося [завтра]"]),
        ("\"sure", vec!["100% \"[sure]\" (really)"]),
        ("100%", vec!["[100]% \"sure\" (really)"]),
        ("NEAR(boat", vec![]),
        ("arbour", vec![]),
        ("* ! \"", vec![]),
        ("", vec![]),
    ] {
        let mut search = alice.client.search(SearchQuery::new(text));
        search.next().await.unwrap();
        let mut shown: Vec<String> = search.items().iter().map(marked).collect();
        shown.sort();
        let mut found = found;
        found.sort_unstable();
        assert_eq!(shown, found, "{text:?}");
    }
}

#[tokio::test]
async fn a_search_is_by_conversation_person_and_date_and_follows_what_happens() {
    let stage = Stage::new().await;
    let (mut alice, bob) = stage.alice_and_bob().await;
    alice.say(&["tea at four"]).await;
    alice.sees(&["tea at four"]).await;
    bob.say(&["more tea"]).await;
    alice.sees(&["tea at four", "more tea"]).await;
    let group = alice
        .client
        .create_group("Tea room", ["carol"])
        .await
        .unwrap();
    let elsewhere = group.send("tea is ready").await.unwrap();

    let tea = || SearchQuery::new("tea");
    let mut everywhere = alice.client.search(tea());
    finds_so_many(&mut everywhere, 3).await;
    let mut here = alice.client.search(SearchQuery {
        conversation_id: Some(alice.chat.id().clone()),
        ..tea()
    });
    finds(&mut here, &["more tea", "tea at four"]).await;
    let mut his = alice.client.search(SearchQuery {
        sender_id: Some(fulmar::UserId::new("bob").unwrap()),
        ..tea()
    });
    finds(&mut his, &["more tea"]).await;
    let first = fulmar_tests::messages(&alice.screen)[0].at;
    let mut old = alice.client.search(SearchQuery {
        until: Some(first),
        ..tea()
    });
    old.next().await.unwrap();
    assert!(old.items().is_empty());
    let mut since = alice.client.search(SearchQuery {
        from: Some(first),
        ..tea()
    });
    since.next().await.unwrap();
    assert_eq!(since.items().len(), 3);

    // It is live: what is written, edited and deleted changes what was found.
    group.delete_for_everyone(elsewhere).await.unwrap();
    bob.say(&["no tea for me"]).await;
    let key = fulmar_tests::messages(&alice.screen)[0].key;
    alice.chat.edit(key, "coffee at four").await.unwrap();
    let waiting = async {
        loop {
            let mut shown: Vec<&str> = texts(&everywhere);
            shown.sort_unstable();
            if shown == ["more tea", "no tea for me"] {
                return;
            }
            everywhere.next().await.unwrap();
        }
    };
    fulmar_tests::patiently("the search to follow", waiting).await;
}

#[tokio::test]
async fn what_the_server_finds_joins_what_is_here_and_nothing_is_there_twice() {
    let stage = Stage::new().await;
    let (mut alice, _bob) = stage.alice_and_bob().await;
    alice.say(&["東京の港"]).await;
    for number in 0..130 {
        alice.chat.send(format!("needle {number}")).await.unwrap();
    }
    alice.say(&["pineneedles"]).await;
    until(&mut alice.screen, |items| {
        items.len() == 132
            && items
                .iter()
                .all(|item| item.state == fulmar::MessageState::Sent)
    })
    .await;
    let group = alice
        .client
        .create_group("Haystack", ["carol"])
        .await
        .unwrap();
    group.send("Nobody else reads of the needle").await.unwrap();
    let mut hers = group.timeline();
    until(&mut hers, |items| {
        items
            .iter()
            .all(|item| item.state == fulmar::MessageState::Sent)
    })
    .await;

    // A new device of Bob's has 20 of them, and none of what Bob takes no part in.
    let tablet = stage.sign_in_on("bob", "bob-tablet").await;
    live(&tablet).await;
    let tablet = Person::beside_general_chat(tablet, "Alice").await;
    let mut search = tablet.client.search(SearchQuery::new("needle"));
    finds_so_many(&mut search, 19).await;
    tablet.client.set_network(NetworkState::Unavailable);
    let offline = search.load_more().await;
    assert!(
        matches!(offline, Err(CommandError::Unreachable { .. })),
        "{offline:?}"
    );
    tablet.client.set_network(NetworkState::Available);
    live(&tablet.client).await;
    while search.load_more().await.unwrap().has_more {}
    let waiting = async {
        while search.items().len() < 130 {
            search.next().await.unwrap();
        }
    };
    fulmar_tests::patiently("everything to be found", waiting).await;
    let mut all: Vec<String> = search
        .items()
        .iter()
        .map(|hit| hit.message.text().to_owned())
        .collect();
    all.sort();
    all.dedup();
    // A word that only ends so is no hit, neither here nor at the server.
    assert_eq!(all.len(), 130);
    assert!(all.iter().all(|text| text.starts_with("needle ")));

    // From now on it is all here.
    tablet.client.set_network(NetworkState::Unavailable);
    let mut again = tablet.client.search(SearchQuery::new("needle 7"));
    finds_so_many(&mut again, 11).await;

    // One character is a word where there are no spaces.
    tablet.client.set_network(NetworkState::Available);
    live(&tablet.client).await;
    let mut short = tablet.client.search(SearchQuery::new("京"));
    assert_eq!(short.load_more().await, Ok(PageResult { has_more: false }));
    fulmar_tests::patiently("the mark", async {
        while short.items().first().map(marked).as_deref() != Some("東[京]の港") {
            short.next().await.unwrap();
        }
    })
    .await;

    let nothing = tablet.client.search(SearchQuery::new("…"));
    let refused = nothing.load_more().await;
    assert!(
        matches!(refused, Err(CommandError::Refused { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn odd_characters_in_a_search_are_between_words() {
    let stage = Stage::new().await;
    let (alice, _bob) = stage.alice_and_bob().await;
    alice.say(&["the harbour at six"]).await;
    for text in [
        "harb\0six",
        "harb\u{1f}\u{7f} six",
        "\"harb\" \0",
        "har(b OR* six -\0 NEAR:",
    ] {
        let mut search = alice.client.search(SearchQuery::new(text));
        let expected = usize::from(!text.contains("OR"));
        finds_so_many(&mut search, expected).await;
        // The server takes it, too.
        search.load_more().await.unwrap();
    }
}

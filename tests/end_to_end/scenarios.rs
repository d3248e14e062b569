//! Each scenario that comes with the server, and clients that live through it.

use std::collections::BTreeSet;
use std::time::Duration;

use fulmar::MessageState;
use fulmar_mock_server::{MockServer, Scenario};
use fulmar_tests::{Person, Stage, list_until, live, messages, patiently, shown, until};

async fn stage(name: &str) -> Stage {
    let scenario = Scenario::shipped(name).unwrap();
    let server = MockServer::builder()
        .scenario(scenario)
        .start()
        .await
        .unwrap();
    let mut stage = Stage::at(server);
    stage.config.answer_timeout = Duration::from_millis(500);
    stage
}

/// A user in the first of their conversations.
async fn person(stage: &Stage, user: &str) -> Person {
    let client = stage.sign_in(user).await;
    let mut list = client.conversations();
    list_until(&mut list, |items| !items.is_empty()).await;
    let chat = client.conversation(&list.items()[0].conversation_id);
    let mut person = Person::new(client, chat);
    until(&mut person.screen, |items| !items.is_empty()).await;
    person
}

/// Waits for what a screen is to show; when nothing moves, the app comes to the foreground.
async fn shows(person: &mut Person, expected: impl Fn(&[&str]) -> bool) {
    let waiting = async {
        while !expected(&shown(&messages(&person.screen))) {
            let next = tokio::time::timeout(Duration::from_millis(500), person.screen.next());
            if next.await.is_err() {
                person.look_up();
            }
        }
    };
    patiently("the screen", waiting).await;
}

#[test]
fn every_one_that_is_shipped_can_be_read_and_says_what_it_is_for() {
    let mut names = BTreeSet::new();
    for (name, text) in Scenario::SHIPPED {
        let scenario = Scenario::from_toml(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(scenario.about.len() > 20, "{name}");
        let json = serde_json::to_string(&scenario).unwrap();
        assert_eq!(serde_json::from_str::<Scenario>(&json).unwrap(), scenario);
        assert!(names.insert(name));
    }
    assert!(names.len() >= 8);
    let wrong = Scenario::from_toml("demo = true\nrobbots = []").unwrap_err();
    assert!(wrong.to_string().contains("robbots"), "{wrong}");
}

#[tokio::test]
async fn train() {
    let stage = stage("train").await;
    let mut alice = person(&stage, "alice").await;
    stage.server.stop_clock();
    let server = &stage.server;
    alice.say(&["one", "two", "three"]).await;
    let passing = async {
        loop {
            server.advance(Duration::from_millis(100));
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let answered = shows(&mut alice, |texts| {
        let of = |text: &str| texts.iter().filter(|shown| **shown == text).count();
        ["You said: one", "You said: two", "You said: three"].map(of) == [1, 1, 1]
    });
    tokio::select! {
        () = passing => {}
        () = answered => {}
    }
}

#[tokio::test]
async fn captive_portal() {
    let stage = stage("captive-portal").await;
    let client = stage.open("alice").await;
    // A page with status 200 is no answer.
    let said = client.sign_in("alice", "alice-password").await;
    assert!(
        matches!(
            said,
            Err(fulmar::CommandError::ForeignAnswer { status: 200 })
        ),
        "{said:?}"
    );
    stage.server.advance(Duration::from_secs(10));
    patiently("the end of the portal", async {
        while client.sign_in("alice", "alice-password").await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    live(&client).await;
}

#[tokio::test]
async fn expiring_tokens() {
    let stage = stage("expiring-tokens").await;
    let mut alice = person(&stage, "alice").await;
    for round in 0..3 {
        stage.server.advance(Duration::from_secs(3));
        alice.say(&[&format!("round {round}")]).await;
    }
    shows(&mut alice, |texts| {
        texts.ends_with(&["round 0", "round 1", "round 2"])
    })
    .await;
    until(&mut alice.screen, |items| {
        items.iter().all(|item| item.state == MessageState::Sent)
    })
    .await;
    assert_eq!(stage.server.faults().pending(), 0);
}

#[tokio::test]
async fn hiccups() {
    let stage = stage("hiccups").await;
    let mut alice = person(&stage, "alice").await;
    let mut bob = person(&stage, "bob").await;
    let texts: Vec<String> = (0..30).map(|number| format!("number {number}")).collect();
    for text in &texts {
        alice.say(&[text]).await;
    }
    for person in [&mut alice, &mut bob] {
        shows(person, |shown| {
            shown.ends_with(&texts.iter().map(String::as_str).collect::<Vec<_>>())
        })
        .await;
    }
    assert!(stage.server.faults().applied() > 0);
}

#[tokio::test]
async fn long_history() {
    let stage = stage("long-history").await;
    let mut alice = person(&stage, "alice").await;
    assert_eq!(
        shown(&messages(&alice.screen)).last(),
        Some(&"That was long ago.")
    );
    patiently("the beginning", async {
        while messages(&alice.screen).len() < 501 {
            alice.screen.load_older().await.unwrap();
            while alice.screen.next().await.unwrap().is_empty() {}
        }
    })
    .await;
    let all = messages(&alice.screen);
    assert!(
        all.windows(2)
            .all(|pair| pair[0].position < pair[1].position)
    );
}

#[tokio::test]
async fn busy_group() {
    let stage = stage("busy-group").await;
    let mut alice = person(&stage, "alice").await;
    alice.say(&["go"]).await;
    shows(&mut alice, |texts| {
        let of = |who: &str| texts.iter().filter(|text| text.starts_with(who)).count();
        of("bob ") == 30
            && texts.contains(&"carol was last")
            && of("carol ") == 30
            && texts.contains(&"too loud")
    })
    .await;
}

#[tokio::test]
async fn lossy_restart() {
    let stage = stage("lossy-restart").await;
    let mut alice = person(&stage, "alice").await;
    alice.say(&["soon forgotten"]).await;
    alice.sees_last("soon forgotten").await;
    stage.server.advance(Duration::from_secs(5));
    // Her session came after what the server remembers: she is told, and signs in again.
    let mut session = alice.client.watch_session();
    patiently("the end of the session", async {
        while !matches!(
            session.next().await.unwrap(),
            fulmar::SessionState::Ended { .. }
        ) {}
    })
    .await;
    alice.say(&["written meanwhile"]).await;
    alice
        .client
        .sign_in("alice", "alice-password")
        .await
        .unwrap();
    alice.sees_last("written meanwhile").await;
    let there = stage.server.conversations_of("bob").unwrap();
    assert_eq!(there[0].messages.len(), 3);
}

#[tokio::test]
async fn rate_limits() {
    let stage = stage("rate-limits").await;
    let mut alice = person(&stage, "alice").await;
    for text in ["one", "two", "three"] {
        alice.say(&[text]).await;
        alice.sees_last(text).await;
    }
    // Refused were submits, and nothing in them was lost.
    let refused = stage.server.faults().applied();
    assert_eq!(refused, 3);
}

#[tokio::test]
async fn restored_backup() {
    let stage = stage("restored-backup").await;
    let mut alice = person(&stage, "alice").await;
    live(&alice.client).await;
    for (step, text) in [(1_000, "one"), (1_000, "two"), (1_000, "three")] {
        stage.server.advance(Duration::from_millis(step));
        alice.say(&[text]).await;
    }
    shows(&mut alice, |texts| {
        texts.ends_with(&["one", "two", "three"])
    })
    .await;
    until(&mut alice.screen, |items| {
        items.iter().all(|item| item.state == MessageState::Sent)
    })
    .await;
}

#[tokio::test]
async fn support_desk() {
    let stage = stage("support-desk").await;
    let mut alice = person(&stage, "alice").await;
    alice.say(&["Where is my parcel?"]).await;
    shows(&mut alice, |texts| {
        texts.last() == Some(&"We look into it, alice.")
    })
    .await;
    alice.say(&["thank you"]).await;
    until(&mut alice.screen, |items| {
        items
            .last()
            .is_some_and(|item| item.text() == "thank you" && item.reactions.len() == 1)
    })
    .await;
}

/// On the database of the last time everybody and everything is there once.
#[tokio::test]
async fn every_scenario_starts_again_on_its_database() {
    for (name, _) in Scenario::SHIPPED {
        let folder = tempfile::tempdir().unwrap();
        let start = || {
            MockServer::builder()
                .database(folder.path().join("server.db"))
                .scenario(Scenario::shipped(name).unwrap())
                .start()
        };
        let there = |server: &MockServer| {
            let mut there = Vec::new();
            for user in ["alice", "bob"] {
                let conversations = server.conversations_of(user).unwrap_or_default();
                let ids = conversations.into_iter().map(|it| it.conversation_id);
                there.push(ids.collect::<BTreeSet<_>>());
            }
            there
        };
        let first = start().await.unwrap();
        let before = there(&first);
        first.stop().await;
        let second = start()
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(there(&second), before, "{name}");
    }
}

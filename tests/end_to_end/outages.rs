//! Handshakes, connections and servers that fail, networks by name, and the client that copes with it.

use std::time::Duration;

use fulmar::{ConnectionState, SessionState, WaitReason};
use fulmar_mock_server::{Action, FrameKind, Network, Restart, When, Where};
use fulmar_tests::{Person, Stage, live, patiently, shown, until};

/// Whatever would be noticed only by the next heartbeat is noticed now.
fn look_up(people: [&Person; 2]) {
    for person in people {
        person.look_up();
    }
}

#[tokio::test]
async fn a_handshake_that_is_slow_refused_or_never_answered() {
    let stage = Stage::new().await;
    let config = fulmar::Config {
        answer_timeout: Duration::from_millis(300),
        ..fulmar_tests::quick()
    };
    let alice = stage.open_with("alice", config.clone()).await;
    alice.sign_in("alice", "alice-password").await.unwrap();
    alice.close().await;
    for action in [
        Action::Delay(Duration::from_millis(50)),
        Action::Html(403),
        Action::Html(200),
        Action::Cut,
        Action::Drop,
        Action::RateLimit(Duration::from_millis(50)),
        Action::ExpireToken,
        Action::HalfOpen,
    ] {
        // A process that has all its tries.
        let alice = stage.open_with("alice", config.clone()).await;
        live(&alice).await;
        let applied = stage.server.faults().applied();
        let fault = When::handshake().user("alice").then(action.clone());
        stage.server.faults().add(fault);
        stage.server.cut("alice");
        // The cut is noticed, and then it takes more than one try.
        let mut states = alice.connection();
        patiently(&action, async {
            loop {
                let state = states.next().await.unwrap();
                if stage.server.faults().applied() > applied && state == ConnectionState::Live {
                    return;
                }
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_socket_behind_which_nobody_is_any_more() {
    let stage = Stage::with(fulmar_mock_server::Config {
        heartbeat: Duration::from_millis(200),
        ..fulmar_mock_server::Config::default()
    })
    .await;
    let config = fulmar::Config {
        pong_timeout: Duration::from_millis(200),
        ..fulmar_tests::quick()
    };
    let alice = stage.open_with("alice", config).await;
    alice.sign_in("alice", "alice-password").await.unwrap();
    live(&alice).await;
    let chat = alice.create_direct("bob").await.unwrap();
    let mut alice = Person::new(alice, chat);
    stage
        .server
        .faults()
        .when(When::incoming(FrameKind::Submit).user("alice"))
        .then(Action::HalfOpen);
    alice.say(&["into the void"]).await;
    alice.sees(&["into the void"]).await;
    assert_eq!(stage.server.faults().applied(), 1);
}

#[tokio::test]
async fn a_restart_that_loses_is_reported_and_the_rest_goes_on() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    alice.say(&["kept"]).await;
    bob.sees(&["kept"]).await;
    alice.sees(&["kept"]).await;
    stage.server.checkpoint().unwrap();
    alice.say(&["lost by the server"]).await;
    bob.sees(&["kept", "lost by the server"]).await;
    stage.server.restart(Restart::Losing).unwrap();
    // Both take a snapshot of what there is; what is written from now on is there for both, after what is left.
    alice.say(&["after it"]).await;
    for person in [&mut alice, &mut bob] {
        until(&mut person.screen, |items| {
            let texts = shown(items);
            texts.first() == Some(&"kept") && texts.last() == Some(&"after it")
        })
        .await;
    }
}

#[tokio::test]
async fn a_refresh_that_fails_in_every_way() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    for action in [
        Action::Html(502),
        Action::Truncate,
        Action::WrongTypes,
        Action::SwallowAnswer,
        Action::MalformToken,
        Action::CutInTheMiddle,
    ] {
        let refresh = When::at(Where::Http("/v1/auth/refresh".to_owned()));
        stage.server.faults().when(refresh).then(action);
    }
    stage.server.advance(Duration::from_secs(3600));
    alice.say(&["with fresh tokens"]).await;
    alice.sees(&["with fresh tokens"]).await;
    bob.sees(&["with fresh tokens"]).await;
    assert_eq!(stage.server.faults().pending(), 0);
}

#[tokio::test]
async fn a_revoked_session_is_reported_and_costs_nothing_that_was_written() {
    let stage = Stage::new().await;
    let (alice, _bob) = stage.alice_and_bob().await;
    let faults = stage.server.faults();
    // Nobody knows whose refresh it is: it is Bob's as well.
    faults
        .when(When::http("/v1/auth/refresh").always())
        .then(Action::RevokeToken);
    stage.server.disconnect("alice");
    alice.say(&["unsent"]).await;
    stage.server.advance(Duration::from_secs(3600));
    stage.server.reconnect("alice");
    let mut session = alice.client.watch_session();
    patiently("the end of the session", async {
        while !matches!(session.next().await.unwrap(), SessionState::Ended { .. }) {}
    })
    .await;
    alice
        .client
        .sign_in("alice", "alice-password")
        .await
        .unwrap();
    let mut alice = alice;
    alice.sees(&["unsent"]).await;
}

#[tokio::test]
async fn messages_arrive_over_every_network() {
    for network in Network::ALL {
        let stage = Stage::new().await;
        let (alice, bob) = stage.alice_and_bob().await;
        stage.server.stop_clock();
        stage.server.set_network_of("alice", network);
        alice.say(&["one", "two"]).await;
        // Time passes in steps, as fast as it can.
        let server = &stage.server;
        let passing = async {
            for _ in 0..400 {
                server.advance(Duration::from_millis(100));
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            server.set_network_of("alice", Network::Good);
            look_up([&alice, &bob]);
            // What waits on the way waits on this clock.
            loop {
                server.advance(Duration::from_millis(100));
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let mut screens = (alice.screen.clone(), bob.screen.clone());
        let seeing = async {
            let both = |items: &[fulmar::MessageItem]| shown(items) == ["one", "two"];
            until(&mut screens.0, both).await;
            until(&mut screens.1, both).await;
        };
        tokio::select! {
            () = passing => {}
            () = seeing => {}
        }
    }
}

#[tokio::test]
async fn a_client_that_reads_too_slowly_is_cut_and_catches_up() {
    let mut stage = Stage::new().await;
    // Watchers may skip what is brief.
    let long = Duration::from_secs(36_000);
    stage.config.backoff = fulmar::Backoff {
        first: long,
        cap: long,
    };
    let (_alice, mut bob) = stage.alice_and_bob().await;
    let mut states = bob.client.connection();
    // All of it is written before the task of Bob's socket has a turn: more than may wait for him (PROTOCOL.md §9).
    let burst = fulmar_mock_server::Act {
        user: "alice".to_owned(),
        conversation: Some("bob".to_owned()),
        steps: vec![fulmar_mock_server::Step::Burst {
            count: 4_200,
            text: "number {n}".to_owned(),
        }],
    };
    stage.server.act(burst).await.unwrap();
    let slow = WaitReason::ClosedByServer { code: 4413 };
    patiently("the cut", async {
        loop {
            match states.next().await.unwrap() {
                ConnectionState::Waiting { reason, .. } if reason == slow => return,
                _ => {}
            }
        }
    })
    .await;
    bob.client.set_network(fulmar::NetworkState::Unavailable);
    bob.client.set_network(fulmar::NetworkState::Available);
    bob.sees_last("number 4200").await;
}

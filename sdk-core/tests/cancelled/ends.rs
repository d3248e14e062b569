//! Methods that begin or end a client or a session, dropped at each of their awaits, one after the other.

use fulmar::{Client, CommandError, SessionState, SignOut};
use fulmar_mock_server::{Config, MockServer};

use super::POLLS;
use super::dropped::{Fate, Moment};
use super::world::DEADLINE;

pub(crate) const NAMES: [&str; 4] = [
    "Account::delete",
    "Client::close",
    "Client::sign_out",
    "ClientBuilder::build",
];

#[tokio::test]
async fn a_client_that_began_or_ended_half_is_whole_afterwards() {
    // How many of the wrong passwords arrive before they are dropped is chance.
    let config = Config {
        wrong_passwords_per_minute: u32::MAX,
        ..Config::default()
    };
    let server = MockServer::builder().demo().config(config);
    let server = server.start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let builder = Client::builder(server.url(), folder.path().join("alice"));
    for polls in 0..=POLLS {
        for moment in [Moment::AtOnce, Moment::WhenWoken] {
            let fate = Fate { polls, moment };
            let whole = async {
                drop(fate.of(builder.clone().build()).await);
                let alice = builder.clone().build().await.unwrap();
                sign_in(&alice).await;
                let chat = alice.create_direct("bob").await.unwrap();
                chat.send("hello").await.unwrap();
                let _ = fate.of(alice.sign_out(SignOut::Wait)).await;
                sign_in(&alice).await;
                let wrong = alice.account();
                let _ = fate.of(wrong.delete("wrong")).await;
                let _ = fate.of(alice.close()).await;
                alice.close().await;
                let answer = chat.send("too late").await;
                assert_eq!(answer, Err(CommandError::Closed));
                // Nothing holds the store.
                builder.clone().build().await.unwrap().close().await;
            };
            let done = tokio::time::timeout(DEADLINE, whole).await;
            assert!(done.is_ok(), "hangs after {fate:?}");
        }
    }
}

/// Whether the sign-out before happened or not.
async fn sign_in(client: &Client) {
    let answer = client.sign_in("alice", "alice-password").await;
    match answer {
        Ok(()) | Err(CommandError::AlreadySignedIn { .. }) => {}
        Err(error) => panic!("{error}"),
    }
    assert!(matches!(client.session(), SessionState::SignedIn { .. }));
}

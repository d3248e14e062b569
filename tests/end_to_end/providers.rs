//! Tokens of an app's own backend, and tokens under the platform's lock.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fulmar::{
    Client, CommandError, Config, ConnectionState, ProvidedToken, SecretStorage, SessionEnd,
    SessionState, TokenFailure, TokenFuture, TokenProvider, UserId, WaitReason,
};
use fulmar_tests::{Stage, live, patiently, quick};

use crate::server::token;

/// How the backend of this app answers next.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mood {
    Helpful,
    Down,
    Silent,
    SessionOver,
    SomebodyElse,
}

/// An app's own backend: it knows its people, and gets tokens for them.
#[derive(Debug, Clone)]
struct OwnBackend {
    server: String,
    mood: Arc<Mutex<Mood>>,
    asked: Arc<AtomicU32>,
}

impl OwnBackend {
    fn of(stage: &Stage) -> Self {
        Self {
            server: stage.server.url(),
            mood: Arc::new(Mutex::new(Mood::Helpful)),
            asked: Arc::default(),
        }
    }

    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }
}

impl TokenProvider for OwnBackend {
    fn token(&self, user_id: UserId) -> TokenFuture {
        let (server, mood) = (self.server.clone(), *self.mood.lock().unwrap());
        self.asked.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            let reason = "maintenance".to_owned();
            let whose = match mood {
                Mood::Helpful => user_id.as_str(),
                Mood::SomebodyElse => "bob",
                Mood::Silent => std::future::pending().await,
                Mood::Down => return Err(TokenFailure::Unavailable { reason }),
                Mood::SessionOver => return Err(TokenFailure::SessionOver { reason }),
            };
            Ok(ProvidedToken {
                access_token: token(&server, whose).await.into(),
                expires_in: None,
            })
        })
    }
}

async fn open(stage: &Stage, backend: &OwnBackend) -> Client {
    Client::builder(stage.server.url(), stage.store("alice"))
        .config(Config {
            token_timeout: Duration::from_millis(200),
            ..quick()
        })
        .token_provider(backend.clone())
        .build()
        .await
        .unwrap()
}

#[tokio::test]
async fn tokens_of_an_own_backend_carry_a_session_through_its_moods() {
    let stage = Stage::new().await;
    let backend = OwnBackend::of(&stage);
    let alice = open(&stage, &backend).await;
    for (mood, words) in [
        (Mood::Down, "maintenance"),
        (Mood::Silent, "in time"),
        (Mood::SessionOver, "over"),
        (Mood::SomebodyElse, "belongs to bob"),
    ] {
        backend.is(mood);
        match alice.sign_in_with_provider("alice").await {
            Err(CommandError::NoToken { reason }) => assert!(reason.contains(words), "{reason}"),
            other => panic!("{mood:?}: {other:?}"),
        }
    }
    assert_eq!(alice.session(), SessionState::SignedOut);

    backend.is(Mood::Helpful);
    alice.sign_in_with_provider("alice").await.unwrap();
    live(&alice).await;
    let chat = alice.create_direct("bob").await.unwrap();
    let mut alice = fulmar_tests::Person::new(alice, chat);
    alice.say(&["before"]).await;
    alice.sees(&["before"]).await;

    // The token runs out, and the backend is first down, then silent. Nothing fails meanwhile.
    backend.is(Mood::Down);
    stage.server.advance(Duration::from_secs(16 * 60));
    alice.say(&["while it is down"]).await;
    let mut connection = alice.client.connection();
    patiently("the reason", async {
        while !matches!(
            connection.next().await.unwrap(),
            ConnectionState::Waiting {
                reason: WaitReason::TokenUnavailable { reason },
                retry_at: Some(_),
                ..
            } if reason == "maintenance"
        ) {}
    })
    .await;
    backend.is(Mood::Silent);
    let asked = backend.asked.load(Ordering::SeqCst);
    patiently("asked again", async {
        while backend.asked.load(Ordering::SeqCst) < asked + 2 {
            connection.next().await.unwrap();
        }
    })
    .await;
    backend.is(Mood::Helpful);
    alice.sees(&["before", "while it is down"]).await;
}

#[tokio::test]
async fn a_session_of_a_provider_is_taken_up_again_and_ends_by_its_word() {
    let stage = Stage::new().await;
    let backend = OwnBackend::of(&stage);
    let alice = open(&stage, &backend).await;
    alice.sign_in_with_provider("alice").await.unwrap();
    let chat = alice.create_direct("bob").await.unwrap();
    alice.close().await;

    let alice = open(&stage, &backend).await;
    live(&alice).await;
    assert_eq!(backend.asked.load(Ordering::SeqCst), 1, "the token is kept");

    backend.is(Mood::SessionOver);
    stage.server.advance(Duration::from_secs(16 * 60));
    alice.conversation(chat.id()).send("kept").await.unwrap();
    let mut session = alice.watch_session();
    let ended = patiently("the end", async {
        loop {
            if let SessionState::Ended { end, .. } = session.next().await.unwrap() {
                return end;
            }
        }
    })
    .await;
    assert!(matches!(ended, SessionEnd::ByTokenProvider { reason } if reason == "maintenance"));
    backend.is(Mood::Helpful);
    alice.sign_in_with_provider("alice").await.unwrap();
    fulmar_tests::Person::new(alice.clone(), alice.conversation(chat.id()))
        .sees(&["kept"])
        .await;
}

/// A Keychain.
#[derive(Debug, Clone, Default)]
struct Keychain(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl SecretStorage for Keychain {
    fn load(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        Ok(self.0.lock().unwrap().get(name).cloned())
    }

    fn save(&self, name: &str, secret: &[u8]) -> Result<(), String> {
        self.0
            .lock()
            .unwrap()
            .insert(name.to_owned(), secret.to_vec());
        Ok(())
    }
}

#[derive(Debug)]
struct LockedKeychain;

impl SecretStorage for LockedKeychain {
    fn load(&self, _name: &str) -> Result<Option<Vec<u8>>, String> {
        Err("the phone was not unlocked since it started".to_owned())
    }

    fn save(&self, _name: &str, _secret: &[u8]) -> Result<(), String> {
        Err("the phone was not unlocked since it started".to_owned())
    }
}

/// Every text of the account row.
fn account_texts(stage: &Stage) -> Vec<String> {
    rusqlite::Connection::open(stage.store("alice"))
        .unwrap()
        .query_row(
            "SELECT coalesce(access_token, ''), coalesce(refresh_token, ''),
                    coalesce(hex(sealed_tokens), '') FROM account",
            [],
            |row| Ok(vec![row.get(0)?, row.get(1)?, row.get(2)?]),
        )
        .unwrap()
}

#[tokio::test]
async fn tokens_are_sealed_with_a_key_of_the_platform() {
    let stage = Stage::new().await;
    let keychain = Keychain::default();
    let open = |storage: Keychain| {
        Client::builder(stage.server.url(), stage.store("alice"))
            .config(quick())
            .secret_storage(storage)
            .build()
    };
    // Signed in before there was a keychain: sealed at the next start.
    let alice = stage.sign_in("alice").await;
    alice.close().await;
    assert!(account_texts(&stage)[0].starts_with("ey"));
    let alice = open(keychain.clone()).await.unwrap();
    live(&alice).await;
    let chat = alice.create_direct("bob").await.unwrap();
    chat.send("kept").await.unwrap();
    alice.close().await;
    let texts = account_texts(&stage);
    assert_eq!((texts[0].as_str(), texts[1].as_str()), ("", ""));
    assert!(texts[2].len() > 100);

    // The same keychain opens it; one that cannot be read says so; another one ends the session, for
    // as long as it is there, and keeps what is unsent.
    let alice = open(keychain.clone()).await.unwrap();
    live(&alice).await;
    alice.close().await;
    let locked = Client::builder(stage.server.url(), stage.store("alice"))
        .secret_storage(LockedKeychain)
        .build()
        .await;
    assert!(
        matches!(locked, Err(fulmar::BuildError::Secrets { reason }) if reason.contains("unlocked"))
    );
    let stranger = open(Keychain::default()).await.unwrap();
    assert_eq!(
        stranger.session(),
        SessionState::Ended {
            user_id: UserId::new("alice").unwrap(),
            end: SessionEnd::SecretsLost
        }
    );
    stranger.close().await;
    let alice = open(keychain).await.unwrap();
    live(&alice).await;
    fulmar_tests::Person::new(alice.clone(), alice.conversation(chat.id()))
        .sees(&["kept"])
        .await;
}

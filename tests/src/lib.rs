//! A stage for end to end tests: a mock server, clients with stores on disk, and ways to wait for
//! what a screen shows. Nothing here sleeps: every wait is for a change, with a deadline that only a
//! failing test reaches.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use fulmar::{
    AppState, Backoff, Client, Config, ConnectionState, Conversation, ConversationItem,
    ConversationList, MessageItem, MessageState, Timeline,
};
use fulmar_mock_server::MockServer;
use tempfile::TempDir;

/// Only a failing test waits this long.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// A server and a folder for stores.
#[derive(Debug)]
pub struct Stage {
    /// The server.
    pub server: MockServer,
    /// Where the stores are.
    pub folder: TempDir,
    /// What clients are like.
    pub config: Config,
}

impl Stage {
    /// With the demo data, and a third user: carol.
    pub async fn new() -> Self {
        Self::with(fulmar_mock_server::Config::default()).await
    }

    /// With other settings of the backend.
    pub async fn with(config: fulmar_mock_server::Config) -> Self {
        let server = MockServer::builder()
            .demo()
            .user("carol", "carol-password")
            .config(config)
            .start()
            .await
            .unwrap();
        Self::at(server)
    }

    /// Before any server.
    pub fn at(server: MockServer) -> Self {
        Self {
            server,
            folder: tempfile::tempdir().unwrap(),
            config: quick(),
        }
    }

    /// The store of a device.
    pub fn store(&self, device: &str) -> PathBuf {
        self.folder.path().join(format!("{device}.db"))
    }

    /// Opens a device's store, which may hold a session or not.
    pub async fn open(&self, device: &str) -> Client {
        self.open_with(device, self.config.clone()).await
    }

    /// The same with other settings.
    pub async fn open_with(&self, device: &str, config: Config) -> Client {
        Client::builder(self.server.url(), self.store(device))
            .config(config)
            .build()
            .await
            .unwrap()
    }

    /// Opens the store of a user's first device, and signs in.
    pub async fn sign_in(&self, user: &str) -> Client {
        self.sign_in_on(user, user).await
    }

    /// The same on a certain device.
    pub async fn sign_in_on(&self, user: &str, device: &str) -> Client {
        let client = self.open(device).await;
        client
            .sign_in(user, format!("{user}-password"))
            .await
            .unwrap();
        client
    }

    /// Alice and Bob with their direct conversation, connected.
    pub async fn alice_and_bob(&self) -> (Person, Person) {
        let alice = self.sign_in("alice").await;
        let bob = self.sign_in("bob").await;
        live(&alice).await;
        live(&bob).await;
        let chat = alice.create_direct("bob").await.unwrap();
        let mut bob = Person::beside_general_chat(bob, "Alice").await;
        let mut alice = Person::new(alice, chat);
        // What a screen shows first decides where it begins: here, with the first message.
        alice.screen.next().await.unwrap();
        bob.screen.next().await.unwrap();
        (alice, bob)
    }
}

/// Somebody in a conversation.
#[derive(Debug)]
pub struct Person {
    /// Their client.
    pub client: Client,
    /// The conversation.
    pub chat: Conversation,
    /// Their screen.
    pub screen: Timeline,
}

impl Person {
    /// Looks at a conversation.
    pub fn new(client: Client, chat: Conversation) -> Self {
        let screen = chat.timeline();
        Self {
            client,
            chat,
            screen,
        }
    }

    /// Waits for the one conversation beside the demo's, and looks at it by its title.
    pub async fn beside_general_chat(client: Client, title: &str) -> Self {
        let mut list = client.conversations();
        list_until(&mut list, |items| items.len() == 2).await;
        let item = list.items().iter().find(|item| item.title == title);
        let chat = client.conversation(&item.unwrap().conversation_id);
        Self::new(client, chat)
    }

    /// Sends, in order.
    pub async fn say(&self, texts: &[&str]) {
        for text in texts {
            self.chat.send(*text).await.unwrap();
        }
    }

    /// The app comes to the foreground: whatever would be noticed only by the next heartbeat is noticed now.
    pub fn look_up(&self) {
        self.client.set_app_state(AppState::Background);
        self.client.set_app_state(AppState::Foreground);
    }

    /// Waits until the last message on the screen is this one, sent.
    pub async fn sees_last(&mut self, text: &str) {
        until(&mut self.screen, |items| {
            let last = items.last();
            last.is_some_and(|item| item.text() == text && item.state == MessageState::Sent)
        })
        .await;
    }

    /// Waits until the screen shows exactly these messages, all of them sent.
    pub async fn sees(&mut self, texts: &[&str]) {
        until(&mut self.screen, |items| {
            items.iter().all(|item| item.state == MessageState::Sent) && shown(items) == texts
        })
        .await;
    }
}

/// Waits that do not take a test's patience: as patient as needed, and quick to try again.
pub fn quick() -> Config {
    Config {
        backoff: Backoff {
            first: Duration::from_millis(20),
            cap: Duration::from_millis(200),
        },
        poll_interval: Duration::from_millis(100),
        ..Config::default()
    }
}

/// What a screen shows.
pub fn shown(items: &[MessageItem]) -> Vec<&str> {
    items.iter().map(fulmar::MessageItem::text).collect()
}

/// The messages that a timeline shows, without the gaps.
pub fn messages(timeline: &Timeline) -> Vec<MessageItem> {
    timeline.messages().cloned().collect()
}

/// Ends a wait that will never end.
pub async fn patiently<T>(what: impl std::fmt::Debug, wait: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, wait).await {
        Ok(result) => result,
        Err(_) => panic!("waited in vain for {what:?}"),
    }
}

/// Waits until a timeline is as expected; panics with what it shows if it never is.
pub async fn until(timeline: &mut Timeline, expected: impl Fn(&[MessageItem]) -> bool) {
    let waiting = async {
        while !expected(&messages(timeline)) {
            timeline.next().await.unwrap();
        }
    };
    if tokio::time::timeout(DEADLINE, waiting).await.is_err() {
        panic!("the timeline still shows {:#?}", timeline.items());
    }
}

/// Waits until a list is as expected.
pub async fn list_until(
    list: &mut ConversationList,
    expected: impl Fn(&[ConversationItem]) -> bool,
) {
    let waiting = async {
        while !expected(list.items()) {
            list.next().await.unwrap();
        }
    };
    if tokio::time::timeout(DEADLINE, waiting).await.is_err() {
        panic!("the list still shows {:#?}", list.items());
    }
}

/// Waits for a state of the connection, and gives it.
pub async fn connection(
    client: &Client,
    expected: impl Fn(&ConnectionState) -> bool,
) -> ConnectionState {
    let mut watch = client.connection();
    patiently("the connection", async {
        loop {
            let state = watch.next().await.unwrap();
            if expected(&state) {
                return state;
            }
        }
    })
    .await
}

/// Waits until a client is connected and has everything.
pub async fn live(client: &Client) {
    connection(client, |state| *state == ConnectionState::Live).await;
}

/// Plain HTTP clients of tests need some TLS provider, although they speak no TLS.
pub fn install_tls_provider() {
    // Somebody else may have installed one: as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

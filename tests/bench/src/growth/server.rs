//! What the mock server does for one person while much has piled up there.

use std::time::{Duration, Instant};

use fulmar::{Client, Conversation, PushProvider};
use fulmar_mock_server::{MockServer, NewConversation, NewUser, Scenario, World};
use tempfile::TempDir;

use super::{Figure, Row, Size};
use crate::raw;
use crate::rows::sent;
use crate::stage::{all_sent, live, p50};

const ABSENT: Row = Row::felt("send → sent, n unread for who is away", 1_000);
const OTHERS: Row = Row::felt("send → sent, who is away has n conversations", 100)
    .bounded_by("a push says what is unread in all of them");
const GROUP: Row = Row::bulk("send → sent in a group of n who are away", 50);
const CREATED: Row = Row::bulk("a group of n created", 50);
const SIGN_IN: Row = Row::bulk("a sign-in with n conversations, until live", 100);

pub(super) async fn all(size: Size) -> bool {
    let rounds = size.rounds() / 2;
    let kept = [
        ABSENT
            .is_kept(size, async |n| absent(n, rounds).await)
            .await,
        OTHERS
            .is_kept(size, async |n| others(n, rounds).await)
            .await,
        GROUP.is_kept(size, async |n| group(n, rounds).await).await,
        CREATED
            .is_kept(size, async |n| created(n, rounds).await)
            .await,
        SIGN_IN.is_kept(size, sign_in).await,
    ];
    kept.iter().all(|kept| *kept)
}

/// A server with a world, and Alice in it.
struct Stage {
    folder: TempDir,
    server: MockServer,
    world: World,
}

impl Stage {
    /// Alice, Bob, and so many others; with these conversations.
    async fn with(others: u64, conversations: Vec<NewConversation>) -> Self {
        let server = MockServer::builder().start().await.unwrap();
        let named = ["alice".to_owned(), "bob".to_owned()];
        let people = named.into_iter().chain((0..others).map(other));
        let users = people.map(|user_id| NewUser {
            password: format!("{user_id}-password"),
            user_id,
            name: None,
        });
        let scenario = Scenario {
            users: users.collect(),
            conversations,
            ..Scenario::default()
        };
        let world = server.create_world(&scenario).unwrap();
        Self {
            folder: tempfile::tempdir().unwrap(),
            server,
            world,
        }
    }

    /// A device on which somebody has signed in.
    async fn device(&self, name: &str) -> Client {
        let path = self.folder.path().join(format!("{name}.db"));
        let client = Client::builder(self.world.url(), path);
        let client = client.build().await.unwrap();
        client
            .sign_in(name, format!("{name}-password"))
            .await
            .unwrap();
        live(&client).await;
        client
    }

    /// Bob has a device that pushes go to, and is away.
    async fn bob_is_away(&self) {
        let bob = self.device("bob").await;
        bob.register_push_token(PushProvider::Fcm, "token")
            .await
            .unwrap();
        bob.close().await;
    }
}

fn other(number: u64) -> String {
    format!("user-{number}")
}

fn with_bob(title: &str, messages: u64) -> NewConversation {
    NewConversation {
        title: Some(title.to_owned()),
        participants: vec!["alice".to_owned(), "bob".to_owned()],
        made_up: u32::try_from(messages).unwrap(),
        said: Vec::new(),
    }
}

/// From the tap on "send" until the server has it.
async fn sends(chat: &Conversation, rounds: usize) -> Figure {
    let mut screen = chat.timeline();
    screen.next().await.unwrap();
    let mut times = Vec::new();
    for _ in 0..rounds {
        times.push(sent(chat, &mut screen).await);
    }
    Figure {
        ours: p50(&mut times),
        raw: raw::round_trip(rounds).await,
    }
}

async fn absent(messages: u64, rounds: usize) -> Figure {
    let stage = Stage::with(0, vec![with_bob("here", messages)]).await;
    stage.bob_is_away().await;
    let alice = stage.device("alice").await;
    sends(&first(&alice).await, rounds).await
}

async fn others(conversations: u64, rounds: usize) -> Figure {
    let all = (0..conversations).map(|number| with_bob(&format!("{number}"), 1));
    let stage = Stage::with(0, all.collect()).await;
    stage.bob_is_away().await;
    let alice = stage.device("alice").await;
    sends(&first(&alice).await, rounds).await
}

/// The conversation at the top of the list.
async fn first(alice: &Client) -> Conversation {
    let mut list = alice.conversations();
    while list.items().is_empty() {
        list.next().await.unwrap();
    }
    alice.conversation(&list.items()[0].conversation_id)
}

async fn group(people: u64, rounds: usize) -> Figure {
    let stage = Stage::with(people, Vec::new()).await;
    let alice = stage.device("alice").await;
    let group = alice
        .create_group("all", (0..people).map(other))
        .await
        .unwrap();
    sends(&group, rounds).await
}

async fn created(people: u64, rounds: usize) -> Figure {
    let stage = Stage::with(people, Vec::new()).await;
    let alice = stage.device("alice").await;
    let mut times = Vec::new();
    for _ in 0..(rounds / 20).max(3) {
        let start = Instant::now();
        let group = alice.create_group("all", (0..people).map(other));
        group.await.unwrap();
        all_sent(&alice).await;
        times.push(start.elapsed());
    }
    Figure {
        ours: p50(&mut times),
        raw: raw::round_trip(rounds).await,
    }
}

async fn sign_in(conversations: u64) -> Figure {
    let all = (0..conversations).map(|number| with_bob(&format!("{number}"), 1));
    let stage = Stage::with(0, all.collect()).await;
    let start = Instant::now();
    let alice = stage.device("alice").await;
    let ours = start.elapsed();
    alice.close().await;
    drop(stage.server);
    Figure {
        ours,
        raw: Duration::ZERO,
    }
}

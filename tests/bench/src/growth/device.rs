//! What a device does while much has piled up on it.

use std::path::Path;
use std::time::{Duration, Instant};

use fulmar::{Client, Conversation, NetworkState};
use fulmar_mock_server::MockServer;
use futures_util::{StreamExt as _, stream};
use tempfile::TempDir;

use super::{Figure, Row, Size};
use crate::raw;
use crate::rows::{TEXT, fill};
use crate::stage::{all_sent, p50, signed_in};

/// How many tasks send at once.
const TASKS: usize = 64;

const QUEUED: Row = Row::felt("a durable send, n queued before it", 900);
const ELSEWHERE: Row = Row::felt("a durable send, among n conversations", 1_000);
const UNSENT: Row = Row::felt("a timeline opened, n of it unsent", 900)
    .bounded_by("all that is unsent is shown, for a screen has no pages of it");
const BURST: Row = Row::bulk("n sent by 64 tasks at once, until all are", 900);
const START: Row = Row::felt("a start, to 20 of n conversations and a page", 1_000);
const NEWEST: Row = Row::felt("newest 50 of n messages", 10_000);

pub(super) async fn all(size: Size) -> bool {
    let rounds = size.rounds();
    let kept = [
        QUEUED
            .is_kept(size, async |n| queued(n, rounds).await)
            .await,
        ELSEWHERE
            .is_kept(size, async |n| elsewhere(n, rounds).await)
            .await,
        UNSENT
            .is_kept(size, async |n| unsent(n, rounds / 10).await)
            .await,
        BURST.is_kept(size, burst).await,
        START
            .is_kept(size, async |n| start(n, rounds / 10).await)
            .await,
        NEWEST
            .is_kept(size, async |n| newest(n, rounds).await)
            .await,
    ];
    kept.iter().all(|kept| *kept)
}

/// A device that is alone with its store.
struct Offline {
    folder: TempDir,
    server: MockServer,
    alice: Client,
}

impl Offline {
    /// With what `prepared` puts into its store.
    async fn with(prepared: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alice.db");
        let server = MockServer::builder().demo().start().await.unwrap();
        signed_in(&server, &path).await.close().await;
        prepared(&path);
        let alice = Self::open(&server, &path).await;
        Self {
            folder,
            server,
            alice,
        }
    }

    async fn open(server: &MockServer, path: &Path) -> Client {
        let alice = Client::builder(server.url(), path).build().await.unwrap();
        alice.set_network(NetworkState::Unavailable);
        alice
    }
}

/// Hands so many messages over, as fast as they are taken.
async fn send_many(chat: &Conversation, messages: u64) {
    let sends = stream::iter(0..messages).map(|_| chat.send(TEXT));
    let sent = sends.buffer_unordered(TASKS);
    sent.for_each(async |sent| {
        sent.unwrap();
    })
    .await;
}

async fn queued(messages: u64, rounds: usize) -> Figure {
    let stage = Offline::with(|_| ()).await;
    let chat = stage.alice.create_direct("bob").await.unwrap();
    send_many(&chat, messages).await;
    sends(&stage, &chat, rounds).await
}

async fn elsewhere(conversations: u64, rounds: usize) -> Figure {
    let stage = Offline::with(|path| fill(path, conversations as i64, 10)).await;
    let chat = stage.alice.conversation(&"bench-0".parse().unwrap());
    sends(&stage, &chat, rounds).await
}

async fn sends(stage: &Offline, chat: &Conversation, rounds: usize) -> Figure {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        chat.send(TEXT).await.unwrap();
        times.push(start.elapsed());
    }
    Figure {
        ours: p50(&mut times),
        raw: raw::durable_insert(stage.folder.path(), rounds),
    }
}

async fn unsent(messages: u64, rounds: usize) -> Figure {
    let stage = Offline::with(|_| ()).await;
    let chat = stage.alice.create_direct("bob").await.unwrap();
    send_many(&chat, messages).await;
    Figure {
        ours: opened(&chat, rounds).await,
        raw: Duration::ZERO,
    }
}

async fn opened(chat: &Conversation, rounds: usize) -> Duration {
    let mut times = Vec::new();
    for _ in 0..rounds.max(2) {
        let mut screen = chat.timeline();
        let start = Instant::now();
        screen.next().await.unwrap();
        times.push(start.elapsed());
        assert!(!screen.items().is_empty());
    }
    p50(&mut times)
}

async fn burst(messages: u64) -> Figure {
    let folder = tempfile::tempdir().unwrap();
    let server = MockServer::builder().demo().start().await.unwrap();
    let alice = signed_in(&server, &folder.path().join("alice.db")).await;
    let chat = alice.create_direct("bob").await.unwrap();
    let start = Instant::now();
    send_many(&chat, messages).await;
    all_sent(&alice).await;
    let ours = start.elapsed();
    let rows = raw::durable_insert(folder.path(), TASKS);
    let commits = u32::try_from(messages.div_ceil(TASKS as u64)).unwrap();
    Figure {
        ours,
        raw: rows * commits,
    }
}

async fn start(conversations: u64, rounds: usize) -> Figure {
    let Offline {
        folder,
        server,
        alice,
    } = Offline::with(|path| fill(path, conversations as i64, 100)).await;
    alice.close().await;
    let path = folder.path().join("alice.db");
    let mut times = Vec::new();
    for _ in 0..rounds.max(2) {
        let start = Instant::now();
        let alice = Offline::open(&server, &path).await;
        let mut list = alice.conversations();
        list.next().await.unwrap();
        assert!(!list.items().is_empty());
        let chat = alice.conversation(&"bench-0".parse().unwrap());
        chat.timeline().next().await.unwrap();
        times.push(start.elapsed());
        alice.close().await;
    }
    Figure {
        ours: p50(&mut times),
        raw: Duration::ZERO,
    }
}

async fn newest(messages: u64, rounds: usize) -> Figure {
    let stage = Offline::with(|path| fill(path, 1, messages as i64)).await;
    let chat = stage.alice.conversation(&"bench-0".parse().unwrap());
    Figure {
        ours: opened(&chat, rounds).await,
        raw: raw::newest_fifty(&stage.folder.path().join("alice.db"), 1_000_000, rounds),
    }
}

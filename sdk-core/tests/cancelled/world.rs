//! Two people, a conversation, and a record of what was called and what came to its end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fulmar::{
    Attachment, AttachmentKind, Client, CommandError, ConnectionState, ContentHash, Conversation,
    FileId, OperationKey, OutboxState, Timeline, UserId,
};
use fulmar_mock_server::MockServer;

use super::dropped::Fate;

/// Only a failing test waits so long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// What the group of both is called.
const TITLE: &str = "hammered";

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) alice: Client,
    pub(crate) bob: Client,
    /// A group of both.
    pub(crate) chat: Conversation,
    /// A group that is left.
    pub(crate) other: Conversation,
    /// A message in the first one, which stays.
    pub(crate) message: OperationKey,
    /// One that is deleted.
    pub(crate) unwanted: OperationKey,
    record: Arc<Record>,
    stage: Arc<Stage>,
}

struct Stage {
    server: MockServer,
    folder: tempfile::TempDir,
}

#[derive(Default)]
struct Record {
    last: AtomicUsize,
    /// What was to be said or made, by its text, and whether the call came to a good end.
    sent: Mutex<BTreeMap<String, bool>>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let server = MockServer::builder().demo().start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let stage = Stage { server, folder };
        let (alice, bob) = (stage.sign_in("alice").await, stage.sign_in("bob").await);
        let chat = alice.create_group(TITLE, ["bob"]).await.unwrap();
        let other = alice.create_group("left", ["bob"]).await.unwrap();
        Self {
            message: chat.send("stays").await.unwrap(),
            unwanted: chat.send("goes").await.unwrap(),
            alice,
            bob,
            chat,
            other,
            record: Arc::default(),
            stage: Arc::new(stage),
        }
    }

    /// Says or makes something under a text of its own.
    pub(crate) async fn once<T, F>(&self, fate: Fate, act: impl FnOnce(String) -> F)
    where
        F: Future<Output = Result<T, CommandError>>,
    {
        let number = self.record.last.fetch_add(1, Ordering::SeqCst);
        let text = format!("number {number}");
        let outcome = fate.of(act(text.clone())).await;
        let done = outcome.is_some_and(|outcome| outcome.is_ok());
        self.record.sent.lock().unwrap().insert(text, done);
    }

    /// A file that nobody has.
    pub(crate) fn file(&self) -> Attachment {
        Attachment {
            file_id: FileId::new("nowhere").unwrap(),
            kind: AttachmentKind::File,
            name: "nothing".to_owned(),
            mime_type: "text/plain".to_owned(),
            size: 10,
            sha256: ContentHash::from_bytes([7; 32]),
            width: None,
            height: None,
            duration_ms: None,
            blurhash: None,
            thumbnail: None,
        }
    }

    pub(crate) fn bob_id(&self) -> UserId {
        UserId::new("bob").unwrap()
    }

    /// What came to an end is there, on both sides, and nothing is there twice; everything still works.
    pub(crate) async fn is_whole(&self) {
        self.alice.resume().await;
        let last = [
            self.chat.send("the last").await.unwrap(),
            self.chat
                .thread(self.message)
                .send("the last")
                .await
                .unwrap(),
        ];
        let emptied = tokio::time::timeout(DEADLINE, self.empty_the_outbox()).await;
        assert!(emptied.is_ok(), "{:?}", self.alice.outbox());
        let mine = self.texts(&self.alice, last).await;
        let theirs = self.texts(&self.bob, last).await;
        assert_eq!(mine, theirs);
        let titles = titles(&self.alice).await;
        for (text, done) in &*self.record.sent.lock().unwrap() {
            let count = mine.get(text).unwrap_or(&0) + titles.get(text).unwrap_or(&0);
            assert!(count <= 1, "{text} is there {count} times");
            assert!(count == 1 || !done, "{text} is lost");
        }
        self.alice.close().await;
        self.bob.close().await;
        let again = self.stage.open("alice").await;
        assert_eq!(self.texts(&again, last).await, mine);
        again.close().await;
    }

    /// What the server refused, because its conversation was left for one, is given up.
    async fn empty_the_outbox(&self) {
        let mut outbox = self.alice.outbox();
        loop {
            outbox.next().await.unwrap();
            if outbox.items().is_empty() {
                return;
            }
            for item in outbox.items() {
                if let OutboxState::Failed { .. } = item.state {
                    // What was made only here goes with its conversation.
                    let _ = outbox.discard(item.operation).await;
                }
            }
        }
    }

    /// How often each text is shown, in the conversation and in the thread.
    async fn texts(&self, client: &Client, last: [OperationKey; 2]) -> BTreeMap<String, usize> {
        // The handle may have the id of before the server gave one.
        let mut list = client.conversations();
        list.next().await.unwrap();
        while list.load_more().await.unwrap().has_more {
            list.next().await.unwrap();
        }
        let mut items = list.items().iter();
        let item = items.find(|item| item.title == TITLE).unwrap();
        let chat = client.conversation(&item.conversation_id);
        let timelines = [chat.timeline(), chat.thread(self.message).timeline()];
        let mut all = BTreeMap::new();
        for (timeline, last) in timelines.into_iter().zip(last) {
            let counting = texts(timeline, last, &mut all);
            let done = tokio::time::timeout(DEADLINE, counting).await;
            assert!(done.is_ok(), "{:?} shows no end", client.session());
        }
        // It was deleted for everyone, for one of them, or both.
        all.retain(|text, _| text != "goes" && !text.is_empty());
        all
    }
}

impl Stage {
    async fn open(&self, device: &str) -> Client {
        let store = self.folder.path().join(device);
        let builder = Client::builder(self.server.url(), store);
        builder.build().await.unwrap()
    }

    async fn sign_in(&self, user: &str) -> Client {
        let client = self.open(user).await;
        client
            .sign_in(user, format!("{user}-password"))
            .await
            .unwrap();
        let mut connection = client.connection();
        while connection.next().await.unwrap() != ConnectionState::Live {}
        client
    }
}

/// Counts all from the first on, once this one is confirmed there.
async fn texts(mut timeline: Timeline, last: OperationKey, all: &mut BTreeMap<String, usize>) {
    loop {
        timeline.next().await.unwrap();
        let mut messages = timeline.messages();
        if messages.any(|it| it.key == last && it.position.is_some()) {
            break;
        }
    }
    while timeline.load_older().await.unwrap().has_more {}
    // A clone shows the same stretch, from its beginning on.
    let mut whole = timeline.clone();
    whole.next().await.unwrap();
    for message in whole.messages() {
        *all.entry(message.text().to_owned()).or_insert(0) += 1;
    }
}

async fn titles(client: &Client) -> BTreeMap<String, usize> {
    let mut list = client.conversations();
    list.next().await.unwrap();
    while list.load_more().await.unwrap().has_more {
        list.next().await.unwrap();
    }
    let mut all = BTreeMap::new();
    for title in list.items().iter().map(|item| item.title.clone()) {
        *all.entry(title).or_insert(0) += 1;
    }
    all
}

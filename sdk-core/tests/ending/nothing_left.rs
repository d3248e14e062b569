//! After `close` no thread, no descriptor and so no lock of the client is left, whatever it was doing; after a drop
//! they go by themselves.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use fulmar::{
    BuildError, Client, CommandError, ConnectionState, NewMessage, OpenError, SecretStorage,
    SessionState, UserId, WatchError,
};
use fulmar_mock_server::{Action, MockServer, When, Where};
use tokio::runtime::Runtime;

use super::alone;
use super::foreign::{DEADLINE, Foreign};
use super::held::Held;

/// Longer than anybody here waits.
const LATE: Duration = Duration::from_secs(600);

/// A server in this process, and what was held before the first client.
struct Stage {
    runtime: Runtime,
    server: MockServer,
    folder: tempfile::TempDir,
    foreign: Arc<Foreign>,
    before: Held,
}

impl Stage {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime
            .block_on(MockServer::builder().demo().start())
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let before = Held::now(folder.path(), port(&server.url()));
        Self {
            runtime,
            server,
            folder,
            foreign: Foreign::new(),
            before,
        }
    }

    fn store(&self, device: &str) -> PathBuf {
        self.folder.path().join(device)
    }

    fn open(&self, device: &str) -> Client {
        let builder = Client::builder(self.server.url(), self.store(device));
        self.foreign.wait_for(builder.build()).unwrap()
    }

    fn sign_in(&self, user: &str) -> Client {
        let client = self.open(user);
        if let SessionState::SignedOut = client.session() {
            let signed_in = client.sign_in(user, format!("{user}-password"));
            self.foreign.wait_for(signed_in).unwrap();
        }
        let mut connection = client.connection();
        while connection.current() != ConnectionState::Live {
            self.foreign.wait_for(connection.next()).unwrap();
        }
        client
    }

    fn left(&self) -> Vec<String> {
        let now = Held::now(self.folder.path(), port(&self.server.url()));
        let left = now.beyond(&self.before);
        left.into_iter().map(str::to_owned).collect()
    }

    fn nothing_is_left(&self) {
        assert_eq!(self.left(), Vec::<String>::new());
        assert_eq!(self.foreign.inside(), 0, "somebody is still being woken");
    }

    fn nothing_is_left_soon(&self) {
        let begin = Instant::now();
        while !self.left().is_empty() {
            assert!(begin.elapsed() < DEADLINE, "{:?}", self.left());
            thread::yield_now();
        }
    }

    fn end(self) {
        self.runtime.block_on(self.server.stop());
    }
}

fn port(url: &str) -> u16 {
    url.rsplit_once(':').unwrap().1.parse().unwrap()
}

#[test]
fn after_close_with_everything_going() {
    let _alone = alone();
    let stage = Stage::new();
    let foreign = &stage.foreign;
    let alice = stage.sign_in("alice");
    let chat = foreign.wait_for(alice.create_direct("bob")).unwrap();
    let mut timeline = chat.timeline();
    foreign.wait_for(timeline.next()).unwrap();
    let mut watching = Box::pin(timeline.next());
    let _ = foreign.begin(&mut watching);
    let sessions = When::at(Where::Http("/v1/sessions".to_owned()));
    stage
        .server
        .faults()
        .when(sessions)
        .then(Action::Delay(LATE));
    let account = alice.account();
    let mut asking = Box::pin(account.fetch_sessions());
    assert!(foreign.begin(&mut asking));
    for text in ["one", "two", "three"] {
        foreign.wait_for(chat.send(text)).unwrap();
    }
    let file = NewMessage::file(fulmar::NewAttachment::from_bytes(
        "large.bin",
        vec![7; 4 << 20],
    ));
    let mut sending = Box::pin(chat.send(file));
    let _ = foreign.begin(&mut sending);
    assert!(!stage.left().is_empty(), "it would be seen");
    foreign.wait_for(alice.close());
    stage.nothing_is_left();
    let answer = foreign.wait_for(asking);
    assert_eq!(answer.map(|_| ()), Err(CommandError::Closed));
    // What was shown before the end may still be told, once.
    let _ = foreign.wait_for(watching);
    assert!(matches!(
        foreign.wait_for(timeline.next()),
        Err(WatchError::Closed)
    ));
    stage.end();
}

#[test]
fn after_each_of_two_closes_at_once() {
    let _alone = alone();
    let stage = Stage::new();
    for _ in 0..5 {
        let alice = stage.sign_in("alice");
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    Foreign::new().wait_for(alice.close());
                    assert_eq!(stage.left(), Vec::<String>::new());
                });
            }
        });
        stage.foreign.wait_for(alice.close());
    }
    stage.end();
}

#[test]
fn after_a_close_while_it_connects() {
    let _alone = alone();
    let stage = Stage::new();
    stage.foreign.wait_for(stage.sign_in("alice").close());
    // It accepts, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    for connected in [false, true] {
        let builder = Client::builder(&url, stage.store("alice"));
        let alice = stage.foreign.wait_for(builder.build()).unwrap();
        if connected {
            let _ = silent.accept().unwrap();
        }
        stage.foreign.wait_for(alice.close());
        let now = Held::now(stage.folder.path(), port(&url));
        assert_eq!(now.beyond(&stage.before), Vec::<&str>::new());
    }
    stage.end();
}

#[test]
fn soon_after_a_drop_without_a_close() {
    let _alone = alone();
    let stage = Stage::new();
    for _ in 0..3 {
        let alice = stage.sign_in("alice");
        let chat = stage.foreign.wait_for(alice.create_direct("bob")).unwrap();
        stage.foreign.wait_for(chat.send("hello")).unwrap();
        drop((alice, chat));
        stage.nothing_is_left_soon();
    }
    // An opening that nobody waits for any more.
    for _ in 0..3 {
        let builder = Client::builder(stage.server.url(), stage.store("alice"));
        let mut opening = Box::pin(builder.build());
        let _ = stage.foreign.begin(&mut opening);
        drop(opening);
        stage.nothing_is_left_soon();
    }
    stage.end();
}

#[test]
fn of_one_client_beside_another() {
    let _alone = alone();
    let mut stage = Stage::new();
    let alice = stage.sign_in("alice");
    stage.before = Held::now(stage.folder.path(), port(&stage.server.url()));
    let bob = stage.sign_in("bob");
    stage.foreign.wait_for(bob.close());
    stage.nothing_is_left();
    let chat = stage.foreign.wait_for(alice.create_direct("bob")).unwrap();
    stage.foreign.wait_for(chat.send("still here")).unwrap();
    stage.foreign.wait_for(alice.close());
    stage.end();
}

#[test]
fn so_that_the_store_opens_again_at_once() {
    let _alone = alone();
    let stage = Stage::new();
    stage.foreign.wait_for(stage.sign_in("alice").close());
    for run in 0..20 {
        let alice = stage.open("alice");
        if run % 2 == 0 {
            stage.foreign.wait_for(alice.close());
        }
    }
    stage.nothing_is_left_soon();
    stage.end();
}

#[test]
fn after_an_opening_that_failed() {
    let _alone = alone();
    let stage = Stage::new();
    let alice = stage.sign_in("alice");
    let opened = Held::now(stage.folder.path(), port(&stage.server.url()));
    let twice = Client::builder(stage.server.url(), stage.store("alice"));
    let error = stage.foreign.wait_for(twice.build()).unwrap_err();
    assert!(
        matches!(error, BuildError::Store(OpenError::AlreadyOpen { .. })),
        "{error}"
    );
    let now = Held::now(stage.folder.path(), port(&stage.server.url()));
    assert_eq!(now.beyond(&opened), Vec::<&str>::new());
    stage.foreign.wait_for(alice.close());
    let builder = Client::builder(stage.server.url(), stage.store("alice"));
    let others = builder.clone().owner(UserId::new("bob").unwrap());
    for failing in [others, builder.secret_storage(NoSecrets)] {
        stage.foreign.wait_for(failing.build()).unwrap_err();
        stage.nothing_is_left();
    }
    stage.end();
}

#[test]
fn of_what_waits_for_a_suspended_client() {
    let _alone = alone();
    let stage = Stage::new();
    let foreign = &stage.foreign;
    let alice = stage.sign_in("alice");
    let chat = foreign.wait_for(alice.create_direct("bob")).unwrap();
    foreign.wait_for(alice.suspend());
    let timeline = chat.timeline();
    let mut loading = Box::pin(timeline.load_older());
    assert!(foreign.begin(&mut loading), "it waits until it is resumed");
    foreign.wait_for(alice.close());
    stage.nothing_is_left();
    assert_eq!(foreign.wait_for(loading), Err(CommandError::Closed));
    let after = timeline.load_older();
    assert_eq!(foreign.wait_for(after), Err(CommandError::Closed));
    stage.end();
}

#[derive(Debug)]
struct NoSecrets;

impl SecretStorage for NoSecrets {
    fn load(&self, _name: &str) -> Result<Option<Vec<u8>>, String> {
        Err("locked".to_owned())
    }

    fn save(&self, _name: &str, _secret: &[u8]) -> Result<(), String> {
        Err("locked".to_owned())
    }
}

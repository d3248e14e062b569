//! Stores that cannot be opened: a clear error each, and nothing lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fulmar::{
    AppState, BuildError, Client, CommandError, ConnectionState, MessageState, NetworkState,
    OpenError, SessionState, WaitReason, rebuild_store,
};
use fulmar_mock_server::{Action, Entry, Passed, When, Where};
use fulmar_tests::{Person, Stage, live, patiently, quick, shown, until};

async fn open_error(stage: &Stage, path: &Path) -> OpenError {
    let result = Client::builder(stage.server.url(), path)
        .config(quick())
        .build()
        .await;
    match result {
        Err(BuildError::Store(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_store_that_is_open_elsewhere() {
    let stage = Stage::new().await;
    let alice = stage.sign_in("alice").await;
    let error = open_error(&stage, &stage.store("alice")).await;
    assert!(matches!(error, OpenError::AlreadyOpen { .. }), "{error}");
    alice.close().await;
    stage.open("alice").await;
}

#[tokio::test]
async fn a_store_of_a_newer_version() {
    let stage = Stage::new().await;
    stage.sign_in("alice").await.close().await;
    let path = stage.store("alice");
    let database = rusqlite::Connection::open(&path).unwrap();
    database.pragma_update(None, "user_version", 999).unwrap();
    drop(database);
    let before = fs::read(&path).unwrap();
    let error = open_error(&stage, &path).await;
    assert!(
        matches!(error, OpenError::NewerVersion { found: 999, .. }),
        "{error}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_database_of_another_program() {
    let stage = Stage::new().await;
    let path = stage.store("other");
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute_batch("CREATE TABLE recipes (name TEXT)")
        .unwrap();
    drop(database);
    let error = open_error(&stage, &path).await;
    assert!(matches!(error, OpenError::NotAStore), "{error}");
}

#[tokio::test]
async fn a_store_of_somebody_else() {
    let stage = Stage::new().await;
    stage.sign_in("alice").await.close().await;
    let result = Client::builder(stage.server.url(), stage.store("alice"))
        .owner("bob".parse().unwrap())
        .build()
        .await;
    assert!(
        matches!(&result, Err(BuildError::Store(OpenError::OtherUser { owner, .. })) if owner.as_str() == "alice"),
        "{result:?}"
    );
}

#[tokio::test]
async fn a_folder_that_is_not_there_and_a_file_that_is_a_folder() {
    let stage = Stage::new().await;
    for path in [
        stage.folder.path().join("none/a.db"),
        stage.folder.path().to_owned(),
    ] {
        let error = open_error(&stage, &path).await;
        assert!(matches!(error, OpenError::Unusable { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_damaged_store_is_set_aside_and_what_is_unsent_is_salvaged() {
    let stage = Stage::new().await;
    let (alice, mut bob) = stage.alice_and_bob().await;
    let id = alice.chat.id().clone();
    alice.client.set_network(NetworkState::Unavailable);
    alice.say(&["unsent one", "unsent two"]).await;
    let client = alice.client.clone();
    drop(alice);
    client.close().await;
    drop(client);

    // SQLite does not take the file for a database.
    let path = stage.store("alice");
    let mut bytes = fs::read(&path).unwrap();
    bytes[0..16].copy_from_slice(b"not SQLite at al");
    fs::write(&path, &bytes).unwrap();
    let error = open_error(&stage, &path).await;
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), bytes, "the file is as it was");

    // Its pages are read all the same, and the file is kept; whether that was all, nobody knows.
    let salvage = rebuild_store(&path).unwrap();
    assert_eq!(
        (salvage.operations, salvage.session, salvage.incomplete),
        (2, true, true)
    );
    assert_eq!(fs::read(&salvage.set_aside).unwrap(), bytes);

    // With its header mended by hand, SQLite reads it.
    bytes[0..16].copy_from_slice(b"SQLite format 3\0");
    fs::write(&path, &bytes).unwrap();
    let salvage = rebuild_store(&path).unwrap();
    assert_eq!(
        (salvage.operations, salvage.session, salvage.incomplete),
        (2, true, false)
    );
    let client = stage.open("alice").await;
    assert!(matches!(client.session(), SessionState::SignedIn { .. }));
    let mut alice = Person::new(client.clone(), client.conversation(&id));
    until(&mut alice.screen, |items| {
        shown(items) == ["unsent one", "unsent two"]
    })
    .await;
    alice.sees(&["unsent one", "unsent two"]).await;
    bob.sees(&["unsent one", "unsent two"]).await;
}

#[tokio::test]
async fn plaintext_to_another_machine_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let result = Client::builder("http://chat.example", folder.path().join("a.db"))
        .build()
        .await;
    assert!(
        matches!(result, Err(BuildError::Plaintext { .. })),
        "{result:?}"
    );
    let result = Client::builder("not a url", folder.path().join("a.db"))
        .build()
        .await;
    assert!(
        matches!(result, Err(BuildError::Address { .. })),
        "{result:?}"
    );
    // https needs no opt-out, and building does not wait for the network.
    Client::builder("https://chat.example", folder.path().join("a.db"))
        .build()
        .await
        .unwrap();
}

/// The files of a store that this process has open.
fn open_files(store: &Path) -> Vec<PathBuf> {
    let name = store.to_string_lossy().into_owned();
    std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter(|path| path.to_string_lossy().starts_with(&name))
        .collect()
}

#[tokio::test]
async fn a_suspended_client_holds_no_lock_and_takes_up_where_it_was() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    alice.say(&["before"]).await;
    alice.sees(&["before"]).await;
    let store = stage.store("alice");
    assert!(!open_files(&store).is_empty());
    // What waits for the network is told; what was handed over is done.
    let slow = Where::Http("/v1/sessions".to_owned());
    let delay = Action::Delay(Duration::from_secs(600));
    stage.server.faults().add(When::at(slow).then(delay));
    let account = alice.client.account();
    let asked = tokio::spawn(async move { account.fetch_sessions().await });
    patiently("the question", async {
        while stage.server.faults().applied() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    alice.client.suspend().await;
    alice.client.suspend().await;
    assert!(open_files(&store).is_empty());
    let refused = asked.await.unwrap();
    assert!(
        matches!(refused, Err(CommandError::Unreachable { .. })),
        "{refused:?}"
    );
    // Somebody else may have it meanwhile: a notification extension, or all of it.
    let beside = stage.open("alice").await;
    beside.close().await;

    bob.say(&["meanwhile"]).await;
    bob.sees(&["before", "meanwhile"]).await;
    let chat = alice.chat.clone();
    let sending = tokio::spawn(async move { chat.send("waits").await });
    let mut looking = Box::pin(alice.screen.next());
    assert!(futures_util::poll!(&mut looking).is_pending());
    drop(looking);
    assert!(open_files(&store).is_empty());
    alice.client.resume().await;
    sending.await.unwrap().unwrap();
    until(&mut alice.screen, |items| {
        items.len() == 3 && items.iter().all(|item| item.state == MessageState::Sent)
    })
    .await;
    until(&mut bob.screen, |items| items.len() == 3).await;
    // One that is suspended can be closed.
    alice.client.suspend().await;
    alice.client.close().await;
    alice.client.resume().await;
}

#[tokio::test]
async fn an_answer_to_who_was_suspended_is_no_answer_to_who_takes_up() {
    let stage = Stage::new().await;
    let (mut alice, _bob) = stage.alice_and_bob().await;
    let key = alice.chat.send("said once").await.unwrap();
    alice.sees(&["said once"]).await;
    let slow = |path: &str, millis| {
        let place = Where::Http(path.to_owned());
        let delay = Action::Delay(Duration::from_millis(millis));
        stage.server.faults().add(When::at(place).then(delay));
    };
    slow("/v1/sessions", 300);
    slow("/v1/messages", 900);
    let again = async |client: &Client| {
        client.suspend().await;
        client.resume().await;
        live(client).await;
    };
    again(&alice.client).await;
    let account = alice.client.account();
    let asked = tokio::spawn(async move { account.fetch_sessions().await });
    patiently("the question", async {
        while stage.server.faults().applied() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    again(&alice.client).await;
    assert!(asked.await.unwrap().is_err());
    // The late answer comes while this one is waited for.
    let versions = alice.chat.fetch_versions(key).await.unwrap();
    assert_eq!(versions[0].text, "said once");
}

/// Makes each transaction fail that puts something into the outbox, as a full disk does.
fn fill_the_disk(store: &Path) {
    let database = rusqlite::Connection::open(store).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON operation
        BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END";
    database.execute_batch(full).unwrap();
}

/// What a command answers that the store did not take.
async fn refused(person: &Person) -> String {
    match person.chat.send("no room").await {
        Err(CommandError::Store { reason }) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_command_is_told_why_the_store_is_not_open() {
    let stage = Stage::new().await;
    let (mut alice, _bob) = stage.alice_and_bob().await;
    let store = stage.store("alice");
    fill_the_disk(&store);
    // The transaction fails, and then the store cannot be opened again either.
    let database = rusqlite::Connection::open(&store).unwrap();
    let version: i64 = database
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    database.pragma_update(None, "user_version", 999).unwrap();
    let first = refused(&alice).await;
    assert!(first.contains("disk is full"), "{first}");
    for _ in 0..24 {
        let later = refused(&alice).await;
        assert!(later.contains("version 999"), "{later}");
    }
    // With room again it goes on by itself.
    database.execute_batch("DROP TRIGGER full").unwrap();
    database
        .pragma_update(None, "user_version", version)
        .unwrap();
    patiently("room", async {
        while alice.chat.send("room").await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    alice.sees(&["room"]).await;
}

/// What the connection settles on after an engine began anew.
async fn settled(client: &Client) -> ConnectionState {
    fulmar_tests::connection(client, |state| {
        matches!(state, ConnectionState::Offline | ConnectionState::Live)
    })
    .await
}

#[tokio::test]
async fn what_the_platform_said_of_the_network_holds_for_each_new_engine() {
    let stage = Stage::new().await;
    let (mut alice, _bob) = stage.alice_and_bob().await;
    let handshakes = || {
        let entries = stage.server.journal().entries().into_iter();
        let opened = |entry: &Entry| entry.passed == Passed::Opened;
        entries.filter(opened).count()
    };
    alice.client.set_network(NetworkState::Unavailable);
    fulmar_tests::connection(&alice.client, |state| *state == ConnectionState::Offline).await;
    let before = handshakes();
    alice.client.suspend().await;
    alice.client.resume().await;
    assert_eq!(settled(&alice.client).await, ConnectionState::Offline);
    // The same after a failure of the store.
    fill_the_disk(&stage.store("alice"));
    refused(&alice).await;
    let database = rusqlite::Connection::open(stage.store("alice")).unwrap();
    database.execute_batch("DROP TRIGGER full").unwrap();
    alice.chat.set_draft("a new engine").await.unwrap();
    assert_eq!(settled(&alice.client).await, ConnectionState::Offline);
    assert_eq!(handshakes(), before, "no connection was tried");
    alice.say(&["waits"]).await;
    // Said while there is no engine, it holds as well.
    alice.client.suspend().await;
    alice.client.set_network(NetworkState::Available);
    alice.client.resume().await;
    alice.sees(&["waits"]).await;
}

#[tokio::test]
async fn an_app_in_the_background_is_there_also_for_a_new_engine() {
    let stage = Stage::new().await;
    let (alice, _bob) = stage.alice_and_bob().await;
    alice.client.set_app_state(AppState::Background);
    alice.client.suspend().await;
    alice.client.resume().await;
    live(&alice.client).await;
    // A connection that is lost in the background is not taken up again for nothing.
    stage.server.cut("alice");
    let resting = |state: &ConnectionState| {
        let reason = WaitReason::Background;
        matches!(state, ConnectionState::Waiting { reason: shown, .. } if *shown == reason)
    };
    fulmar_tests::connection(&alice.client, |state| *state != ConnectionState::Live).await;
    let then = fulmar_tests::connection(&alice.client, |state| {
        resting(state) || *state == ConnectionState::Live
    });
    assert!(resting(&then.await), "it connects again");
}

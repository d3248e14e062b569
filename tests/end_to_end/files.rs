//! Files that messages carry, with all that is said about them; and what the other tests of files share.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use fulmar::{
    Attachment, AttachmentKind, Client, Config, MessageItem, MessageState, NetworkState,
    NewAttachment, NewMessage, WaitReason,
};
use fulmar_mock_server::{Action, When, Where};
use fulmar_protocol::Limits;
use fulmar_tests::{Person, Stage, connection, patiently, quick, shown, until};

/// Bytes that are nowhere alike, so that a wrong offset shows.
pub(crate) fn bytes(count: usize) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(count as u64);
    std::iter::repeat_with(|| rng.u8(..)).take(count).collect()
}

pub(crate) fn file(name: &str, count: usize) -> NewMessage {
    NewMessage::file(NewAttachment::from_bytes(name, bytes(count)))
}

pub(crate) fn first_attachment(items: &[MessageItem]) -> Attachment {
    items[0].content.attachments()[0].clone()
}

/// Waits for the message that carries a file, and gets the file.
pub(crate) async fn fetched(person: &mut Person) -> Vec<u8> {
    until(&mut person.screen, |items| {
        items
            .first()
            .is_some_and(|item| item.state == MessageState::Sent)
    })
    .await;
    let items: Vec<MessageItem> = person.screen.messages().cloned().collect();
    download(&person.client, &first_attachment(&items)).await
}

pub(crate) async fn download(client: &Client, attachment: &Attachment) -> Vec<u8> {
    let path = patiently("a file", client.download(attachment).finish())
        .await
        .unwrap();
    std::fs::read(path).unwrap()
}

/// As if the files in a folder had been used a while ago.
pub(crate) fn age(folder: &Path) {
    for name in names(folder) {
        let file = File::options()
            .append(true)
            .open(folder.join(name))
            .unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(100))
            .unwrap();
    }
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// Counts requests about files.
pub(crate) struct Counted<'a> {
    stage: &'a Stage,
    before: u64,
}

impl<'a> Counted<'a> {
    pub(crate) fn from_now_on(stage: &'a Stage) -> Self {
        let faults = stage.server.faults();
        let harmless = Action::Delay(Duration::ZERO);
        let files = Where::Http("/v1/files".to_owned());
        faults.add(When::at(files).always().then(harmless));
        let before = faults.applied();
        Self { stage, before }
    }

    pub(crate) fn requests(&self) -> u64 {
        self.stage.server.faults().applied() - self.before
    }
}

/// A server that takes little at once, so that a small file needs many requests.
pub(crate) async fn in_small_pieces() -> Stage {
    Stage::with(fulmar_mock_server::Config {
        limits: Limits {
            chunk_bytes: 1_000,
            file_bytes: 50_000,
            ..Limits::default()
        },
        ..fulmar_mock_server::Config::default()
    })
    .await
}

#[tokio::test]
async fn pictures_files_and_voices_travel_with_all_that_is_said_about_them() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let path = stage.folder.path().join("harbour.jpg");
    std::fs::write(&path, bytes(300_000)).unwrap();
    let picture = NewAttachment::from_path(&path)
        .dimensions(1600, 1200)
        .blurhash("LEHV6nWB2yk8pyo0adR*.7kCMdnj")
        .thumbnail([1, 2, 3]);
    let voice = NewAttachment::from_bytes("note.ogg", bytes(2_000))
        .kind(AttachmentKind::Voice)
        .duration(Duration::from_millis(4_200));
    let paper = NewAttachment::from_bytes("offer", bytes(10)).mime_type("application/pdf");
    let empty = NewAttachment::from_bytes("nothing.txt", []);
    let message = NewMessage::text("The harbour");
    let message = [picture, voice, paper, empty]
        .into_iter()
        .fold(message, NewMessage::attach);
    alice.chat.send(message).await.unwrap();
    // It was copied: what becomes of the original does not matter.
    std::fs::remove_file(&path).unwrap();

    alice.sees(&["The harbour"]).await;
    bob.sees(&["The harbour"]).await;
    let item = bob.screen.messages().next().unwrap().clone();
    let attachments = item.content.attachments();
    let about: Vec<_> = attachments
        .iter()
        .map(|it| (it.name.as_str(), it.mime_type.as_str(), it.kind, it.size))
        .collect();
    assert_eq!(
        about,
        [
            ("harbour.jpg", "image/jpeg", AttachmentKind::Image, 300_000),
            ("note.ogg", "audio/ogg", AttachmentKind::Voice, 2_000),
            ("offer", "application/pdf", AttachmentKind::File, 10),
            ("nothing.txt", "text/plain", AttachmentKind::File, 0),
        ]
    );
    assert_eq!(
        (attachments[0].width, attachments[0].height),
        (Some(1600), Some(1200))
    );
    assert_eq!(attachments[0].thumbnail.as_ref().unwrap().0, [1, 2, 3]);
    assert!(attachments[0].blurhash.is_some());
    assert_eq!(attachments[1].duration_ms, Some(4_200));
    for (attachment, count) in attachments.iter().zip([300_000, 2_000, 10, 0]) {
        assert_eq!(bob.client.downloaded(attachment).await, None);
        assert_eq!(download(&bob.client, attachment).await, bytes(count));
        assert!(bob.client.downloaded(attachment).await.is_some());
    }
}

#[tokio::test]
async fn files_keep_to_their_bound_but_for_what_is_unsent_and_go_with_the_session() {
    let stage = Stage::new().await;
    let (mut alice, bob) = stage.alice_and_bob().await;
    bob.client.close().await;
    let config = Config {
        file_cache_bytes: 10_000,
        ..quick()
    };
    alice.client.set_network(NetworkState::Unavailable);
    connection(&alice.client, |state| {
        *state == fulmar::ConnectionState::Offline
    })
    .await;
    alice.chat.send(file("unsent.bin", 20_000)).await.unwrap();
    let id = alice.chat.id().clone();
    alice.client.close().await;
    let folder = stage.folder.path().join("alice.db.files");
    age(&folder);
    std::fs::write(folder.join("incoming-cut-short"), "x").unwrap();
    stage.server.disconnect("alice");
    let client = stage.open_with("alice", config.clone()).await;
    // Trimmed when it is opened; what is unsent stays.
    patiently("the rest to go", async {
        while names(&folder).len() > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    stage.server.reconnect("alice");
    alice = Person::new(client.clone(), client.conversation(&id));
    alice.sees(&[""]).await;
    client.close().await;
    age(&folder);
    let client = stage.open_with("alice", config).await;
    patiently("the file to go", async {
        while !names(&folder).is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // It comes again when it is wanted.
    let items: Vec<MessageItem> = alice.screen.messages().cloned().collect();
    let attachment = first_attachment(&items);
    assert_eq!(download(&client, &attachment).await, bytes(20_000));
    client.sign_out(fulmar::SignOut::Refuse).await.unwrap();
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_local_file_goes_whatever_its_name_is() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    for name in ["back\\slash.txt", "a\ttab.txt", "two\nlines.txt"] {
        let path = stage.folder.path().join(name);
        std::fs::write(&path, name).unwrap();
        let file = NewMessage::file(NewAttachment::from_path(path));
        alice.chat.send(file).await.unwrap();
    }
    alice.sees(&["", "", ""]).await;
    bob.sees(&["", "", ""]).await;
    let items = fulmar_tests::messages(&bob.screen);
    let names: Vec<&str> = items
        .iter()
        .map(|item| item.content.attachments()[0].name.as_str())
        .collect();
    assert_eq!(names, ["back_slash.txt", "a_tab.txt", "two_lines.txt"]);
}

#[tokio::test]
async fn text_and_files_are_edited_forwarded_and_searched_together() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    alice.client.set_network(NetworkState::Unavailable);
    let key = alice.chat.send(file("a.bin", 1_000)).await.unwrap();
    // Folded into what has not left; the file stays.
    alice.chat.edit(key, "harbour").await.unwrap();
    alice.client.set_network(NetworkState::Available);
    alice.sees(&["harbour"]).await;
    bob.sees(&["harbour"]).await;
    // Beside a file the text may go.
    alice.chat.edit(key, "").await.unwrap();
    until(&mut bob.screen, |items| {
        shown(items) == [""] && items[0].edited_at.is_some()
    })
    .await;
    bob.chat.forward(key).await.unwrap();
    until(&mut alice.screen, |items| items.len() == 2).await;
    let forwarded = alice.screen.messages().last().unwrap().clone();
    assert_eq!(forwarded.content.attachments()[0].name, "a.bin");
    assert_eq!(fetched(&mut bob).await, bytes(1_000));
}

#[tokio::test]
async fn files_go_up_and_come_while_http_stands_in_for_the_socket() {
    let stage = Stage::new().await;
    let (mut alice, mut bob) = stage.alice_and_bob().await;
    let refuse = When::at(Where::Handshake).user("alice").always();
    stage.server.faults().add(refuse.then(Action::Html(502)));
    stage.server.cut("alice");
    connection(&alice.client, |state| {
        matches!(
            state,
            fulmar::ConnectionState::Polling {
                reason: WaitReason::HandshakeRefused { .. },
                ..
            }
        )
    })
    .await;
    alice.chat.send(file("a.bin", 100_000)).await.unwrap();
    alice.sees(&[""]).await;
    assert_eq!(fetched(&mut bob).await, bytes(100_000));
}

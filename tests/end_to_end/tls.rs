//! TLS: over https everything works, for a client that trusts the certificate of the server.

use fulmar::{BuildError, Client, CommandError, NewAttachment, NewMessage};
use fulmar_mock_server::MockServer;
use fulmar_tests::{live, patiently, quick, until};

async fn client(server: &MockServer, folder: &std::path::Path, name: &str) -> Client {
    Client::builder(server.url(), folder.join(format!("{name}.db")))
        .trust(server.certificate().unwrap())
        .config(quick())
        .build()
        .await
        .unwrap()
}

#[tokio::test]
async fn everything_works_over_tls_with_a_certificate_that_the_app_trusts() {
    let server = MockServer::builder().demo().tls().start().await.unwrap();
    assert!(server.url().starts_with("https://127.0.0.1:"));
    let folder = tempfile::tempdir().unwrap();
    let alice = client(&server, folder.path(), "alice").await;
    let bob = client(&server, folder.path(), "bob").await;
    alice.sign_in("alice", "alice-password").await.unwrap();
    bob.sign_in("bob", "bob-password").await.unwrap();
    live(&alice).await;
    live(&bob).await;
    let chat = alice.create_direct("bob").await.unwrap();
    let file = NewAttachment::from_bytes("a.bin", vec![7; 100_000]);
    chat.send(NewMessage::text("sealed").attach(file))
        .await
        .unwrap();
    let mut screen = bob.create_direct("alice").await.unwrap().timeline();
    until(&mut screen, |items| items.len() == 1).await;
    let item = screen.messages().next().unwrap().clone();
    assert_eq!(item.text(), "sealed");
    let attachment = &item.content.attachments()[0];
    let path = patiently("the file", bob.download(attachment).finish()).await;
    assert_eq!(std::fs::read(path.unwrap()).unwrap(), [7; 100_000]);
    server.stop().await;
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_no_server() {
    let server = MockServer::builder().demo().tls().start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let other = MockServer::builder().tls().start().await.unwrap();
    let build = |trusted: &str| {
        Client::builder(server.url(), folder.path().join("alice.db"))
            .trust(trusted)
            .build()
    };
    // Of another server, and none at all.
    let alice = build(other.certificate().unwrap()).await.unwrap();
    let refused = alice.sign_in("alice", "alice-password").await;
    assert!(
        matches!(refused, Err(CommandError::Unreachable { .. })),
        "{refused:?}"
    );
    alice.close().await;
    for text in [
        "",
        "certificate",
        "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
    ] {
        let built = build(text).await;
        assert!(matches!(built, Err(BuildError::Tls { .. })), "{text:?}");
    }
    // Who does not speak TLS hears nothing that could be taken for an answer.
    let plain = Client::builder(
        server.url().replace("https", "http"),
        folder.path().join("b.db"),
    );
    let refused = plain
        .build()
        .await
        .unwrap()
        .sign_in("alice", "alice-password")
        .await;
    assert!(
        matches!(refused, Err(CommandError::Unreachable { .. })),
        "{refused:?}"
    );
}

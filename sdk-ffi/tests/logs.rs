//! The log at its finest level, through everything that has to do with tokens, passwords and texts.
#![allow(clippy::unwrap_used)]

use fulmar_ffi::{ClientHandle, LogLevel, LogWatcher, NewMessage, OpenOptions, Plaintext, SignOut};
use fulmar_ffi::{SessionState, default_config};
use fulmar_mock_server::MockServer;

#[tokio::test]
async fn no_token_password_or_text_is_in_the_log() {
    let log = LogWatcher::open(LogLevel::Trace);
    // Ours are let through at this level, and those of the crates below are not.
    tracing::trace!(target: "fulmar_engine", "the finest level");
    tracing::trace!(target: "tungstenite::protocol", "Bearer of somebody");
    let server = MockServer::builder().demo().start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("alice.db");
    let options = OpenOptions {
        server: server.url(),
        store: store.display().to_string(),
        owner: None,
        plaintext: Plaintext::Refused,
        trust: Vec::new(),
        config: default_config(),
        token_provider: None,
        secret_storage: None,
    };
    let client = ClientHandle::open(options, None).await.unwrap();
    let password = "alice-password";
    let alice = "alice".parse().unwrap();
    client
        .sign_in(alice, password.to_owned(), None)
        .await
        .unwrap();
    assert!(matches!(
        client.session().unwrap(),
        SessionState::SignedIn { .. }
    ));
    let chat = client.create_direct("bob".parse().unwrap()).await.unwrap();
    let text = "nobody else reads this";
    let message = NewMessage {
        text: text.to_owned(),
        mentions: Vec::new(),
        reply_to: None,
        thread_root: None,
        payload: None,
        attachments: Vec::new(),
    };
    client.send(chat, message).await.unwrap();
    // Returns when the server has it: over the socket, with all that the crates below do for that.
    client.sign_out(SignOut::Wait, None).await.unwrap();
    client.shut_down().await.unwrap();

    let records = log.next().await.unwrap();
    assert_eq!(records[0].text, "the finest level");
    for record in &records {
        let line = format!("{} {}", record.target, record.text);
        assert!(record.target.starts_with("fulmar"), "{line}");
        // Access tokens are JWTs; a refresh token is only ever named with its header.
        for secret in [password, text, "eyJ", "Bearer"] {
            assert!(!line.contains(secret), "{line}");
        }
    }
    server.stop().await;
}

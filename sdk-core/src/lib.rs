//! Fulmar: a chat client SDK that never loses, doubles or reorders a message, and whose screens
//! never wait for the network.
//!
//! A [`Client`] is one account with its own store, a SQLite file. What the app does is written there
//! first and answered at once; what it shows is read from there. The network comes and goes behind
//! that, and the app has nothing to call when it does.
//!
//! ```
//! use fulmar::{Client, Change, MessageState, TimelineItem};
//! # use fulmar_mock_server::MockServer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = MockServer::builder().demo().start().await?;
//! # let dir = tempfile::tempdir()?;
//! let alice = Client::builder(server.url(), dir.path().join("alice.db")).build().await?;
//! alice.sign_in("alice", "alice-password").await?;
//!
//! let chat = alice.create_direct("bob").await?;
//! let mut timeline = chat.timeline();
//! timeline.next().await?; // the first change is a Reset with what is there
//!
//! chat.send("hello").await?; // durable when this returns
//! while timeline.messages().last().is_none_or(|message| message.state != MessageState::Sent) {
//!     for change in timeline.next().await? {
//!         if let Change::Insert { item: TimelineItem::Message(message), .. } = change {
//!             println!("{}: {}", message.sender, message.text());
//!         }
//!     }
//! }
//! alice.close().await;
//! # server.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Logging
//!
//! What the SDK has to say goes to [`tracing`](https://docs.rs/tracing), under targets that begin with
//! `fulmar`. None of it has a token, a password or what a message says in it, at any level.
//!
//! That does not hold for the crates below. At the level `trace` the WebSocket crate writes each handshake and
//! each frame, tokens and texts included, to the [`log`](https://docs.rs/log) facade, which
//! `tracing_subscriber::fmt::init()` and `env_logger` also show. An app that installs a subscriber of its own
//! and lets that level through caps it: `RUST_LOG=trace,tungstenite=debug`, the same directive in its filter,
//! or the feature `release_max_level_debug` of `log`, which leaves those lines out of what is built. The mock
//! server and the packages for other languages show only what comes from `tracing`.
//!
//! What the modules behind it do, and the way of a message through them, is in `ARCHITECTURE.md`.
#![deny(missing_docs, clippy::wildcard_enum_match_arm)]

/// The code in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}

mod client;
mod clock;
mod error;
mod files;
mod runtime;
mod secret_storage;
mod token_provider;
mod transport;
mod vault;

pub use client::{
    Account, Client, ClientBuilder, ConnectionWatch, Conversation, ConversationList,
    ConversationWatch, Download, DownloadProgress, GapEnd, NewAttachment, NewGroup, NewMessage,
    Outbox, PageResult, ParticipantList, PinnedMessages, PresenceWatch, Search, SessionWatch,
    SignOut, Thread, Timeline, TypingWatch, Visibility, handle_push_beside, rebuild_store,
};
pub use error::{BuildError, WatchError};
pub use fulmar_engine::query::{
    Action, Change, ConversationFilter, ConversationItem, ConversationStatus, Folder, GapRange,
    MessageItem, MessageState, OutboxItem, OutboxState, Preview, Quote, QuotedMessage, Receipts,
    SearchHit, TextPiece, ThreadOverview, TimelineItem, TimelineKey, UnreadFilter, apply,
};
pub use fulmar_engine::{
    AppState, Attention, Backoff, CommandError, Config, ConnectionState, ConversationKey,
    DownloadState, FailurePolicy, FailureReason, Field, FieldRule, MessageContent, NetworkState,
    OpenError, OperationState, PushError, PushNotification, Retention, Rule, Salvage, SalvageError,
    SessionEnd, SessionState, StoreError, WaitReason,
};
pub use fulmar_protocol::{
    Anchor, Attachment, AttachmentKind, Capability, Code, ContentHash, Context, ConversationId,
    ConversationKind, DeviceId, FileId, IdError, MessageId, MessageVersion, Notice, OperationKey,
    Participant, Payload, Pin, Position, Presence, PresenceSetting, Problem, PushProvider,
    Reaction, Role, SearchQuery, Secret, SessionId, SessionInfo, Settings, Thumbnail, Timestamp,
    UserId, Writing,
};
pub use runtime::end_all_clients;
pub use secret_storage::SecretStorage;
pub use token_provider::{ProvidedToken, TokenFailure, TokenFuture, TokenProvider};

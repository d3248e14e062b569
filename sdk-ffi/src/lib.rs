//! The surface of the SDK for Kotlin and Swift, through UniFFI. It is thin: it translates types and
//! errors, and decides nothing. On top of it lie the two packages in `bindings/`, which people see.
//!
//! Rules of the crossing shape it:
//! - A cancelled Swift task does not reach Rust, so every call that can wait takes a
//!   [`CancelHandle`] or is a watcher with `close`.
//! - Every call answers with a `Result`, so that a panic arrives as an error.
//! - A crossing costs microseconds, so whole pages and batches of changes cross at once, and states
//!   are pulled, never pushed from a thread of ours.
//! - Foreign code (token provider, secret storage) may throw, hang or vanish: each call has a
//!   timeout in the core, and holds no handle of ours.
//!
//! Names that end in `Handle`, `Watcher` or `Options`, or begin with `Foreign`, are for the packages
//! alone; everything else is what people see, in their language.

mod account;
mod attachments;
mod cancel;
mod capability;
mod change;
mod changes;
mod client;
mod config;
mod connection;
mod content;
mod conversations;
mod diagnostics;
mod error;
mod foreign;
mod ids;
mod logs;
mod messages;
mod open_error;
mod outbox;
mod participants;
mod presence;
mod problem;
mod push;
mod rules;
mod search;
mod session;
mod timeline;
mod watch;

pub use account::SessionInfo;
pub use attachments::{
    Attachment, AttachmentKind, AttachmentSource, DownloadProgress, DownloadState, NewAttachment,
};
pub use cancel::CancelHandle;
pub use capability::Capability;
pub use change::ForeignChange;
pub use changes::{
    ConversationListChange, OutboxChange, ParticipantListChange, PinnedMessagesChange,
    SearchChange, TimelineChange,
};
pub use client::{ClientHandle, OpenOptions, Plaintext, end_all_clients, rebuild_store};
pub use config::{Backoff, Config, FailurePolicy, Retention, default_config};
pub use connection::{AppState, ConnectionState, NetworkState, WaitReason};
pub use content::{
    MessageContent, MessageVersion, NewMessage, Notice, Payload, Quote, QuotedMessage, Reaction,
    Receipts,
};
pub use conversations::{
    ConversationItem, ConversationKind, ConversationListHandle, ConversationStatus, Preview,
};
pub use diagnostics::{Diagnostics, diagnostics};
pub use error::{CommandError, OperationState, WatchError};
pub use foreign::{
    ForeignSecretStorage, ForeignToken, ForeignTokenProvider, SecretStorageError, TokenFailure,
};
pub use ids::{ByteCount, Count, Millis};
pub use logs::{LogLevel, LogRecord, LogWatcher};
pub use messages::{FailureReason, MessageItem, MessageState, Pin, ThreadOverview};
pub use open_error::{OpenError, RebuildError};
pub use outbox::{Action, OutboxItem, OutboxState};
pub use participants::{
    Context, ConversationFilter, Folder, Participant, Role, Settings, UnreadFilter, Writing,
};
pub use presence::{Presence, PresenceSetting};
pub use problem::{Code, Problem};
pub use push::{Attention, PushError, PushNotification, PushProvider, handle_push_beside};
pub use rules::{Field, FieldRule, Rule};
pub use search::{SearchHandle, SearchHit, SearchQuery, TextPiece};
pub use session::{Salvage, SessionEnd, SessionState, SignOut};
pub use timeline::{
    Anchor, GapEnd, GapRange, PageResult, TimelineHandle, TimelineItem, Visibility,
};
pub use watch::{
    ConnectionWatcher, ConversationListWatcher, ConversationWatcher, DownloadWatcher,
    OutboxWatcher, ParticipantListWatcher, PinnedMessagesWatcher, PresenceWatcher, SearchWatcher,
    SessionWatcher, TimelineWatcher, TypingWatcher,
};

uniffi::setup_scaffolding!();

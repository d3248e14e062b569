//! The wire types of the Fulmar protocol.
//!
//! `PROTOCOL.md` beside this crate is the specification; the types here follow it, and the golden
//! JSON in `vectors/` keeps both honest. Client and server share this crate, so it holds only what
//! travels: no rules, no storage, no clock, no sockets.
//!
//! A receiver tolerates what it does not know (PROTOCOL.md §2): unknown fields are ignored,
//! unknown frames become [`ServerFrame::Unknown`] or [`ClientFrame::Unknown`], unknown events and
//! methods stay readable as raw [`Event`] and [`Operation`] until someone asks for their meaning.
#![deny(missing_docs)]

mod answer;
mod attachment;
mod capability;
mod conversation;
mod event;
mod event_list;
mod frame;
pub mod header;
mod http;
mod ids;
mod known;
mod lenient;
mod limits;
mod message;
mod method;
mod operation;
mod params;
mod presence;
mod problem;
mod push;
mod rest;
#[cfg(feature = "schema")]
mod schema;
mod search;
mod secret;
pub mod text;
mod time;
mod tus;

pub use answer::{Answer, AnswerError, HttpAnswer};
pub use attachment::{Attachment, AttachmentKind, ContentHash, Thumbnail};
pub use capability::Capability;
pub use conversation::{
    Context, Conversation, ConversationKind, ConversationProfile, Participant, Role, Settings,
    Writing,
};
pub use event::{
    ConversationRemoved, ConversationUpdated, Event, EventData, ParticipantRemoved,
    ParticipantUpdated, ParticipantsAdded, ReceiptUpdated, SettingsUpdated, Unread, Unreadable,
    UserUpdated,
};
pub use frame::{
    Authenticate, ClientFrame, CloseCode, EventsFrame, FrameError, Hello, OutcomeFrame, Ping, Pong,
    ProblemFrame, Ready, ResetFrame, ServerFrame, Typing, TypingState,
};
pub use http::{Anchor, ApiRequest, HistoryPage, HttpCall, HttpMethod};
pub use ids::{
    ConversationId, DeviceId, FileId, IdError, LogId, MessageId, OperationKey, Position, Revision,
    Seq, SessionId, SubmitId, SubmitOrder, UserId,
};
pub use lenient::{Lenient, SetAside};
pub use limits::Limits;
pub use message::{
    Content, Deletion, Message, MessageVersion, Notice, Payload, Pin, Reaction, ThreadSummary,
};
pub use method::{Method, WriteRequest, capability_of_method};
pub use operation::{Operation, Outcome, OutcomeStatus, Submit};
pub use params::*;
pub use presence::{Presence, PresenceFrame, PresenceSetting, UserPresence};
pub use problem::{Code, FailureClass, Problem};
pub use push::{PushPayload, PushProvider, PushToken};
pub use rest::{
    BlockList, BlockRequest, ConversationPage, DeleteAccount, Me, MeUpdate, MessagePage,
    MessageVersions, OperationsAnswer, RefreshRequest, RegisterRequest, Session, SessionInfo,
    SessionList, SignInRequest, SignOutRequest, Snapshot, SyncPage, User, UserList,
};
pub use search::{SearchPage, SearchQuery};
pub use secret::Secret;
pub use time::Timestamp;
pub use tus::{Chunk, NewUpload, TUS_VERSION};

/// The version of the protocol that these types speak, sent in `hello` (PROTOCOL.md §2).
pub const PROTOCOL_VERSION: u32 = 1;

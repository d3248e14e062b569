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

mod conversation;
mod event;
mod frame;
mod http;
mod ids;
mod limits;
mod operation;
mod problem;
mod rest;
mod secret;
mod time;

pub use conversation::{Conversation, ConversationKind, Message, Participant};
pub use event::{Event, EventData, ReceiptUpdated, Unreadable};
pub use frame::{
    Authenticate, ClientFrame, CloseCode, EventsFrame, FrameError, Hello, OutcomeFrame, Ping, Pong,
    ProblemFrame, Ready, ResetFrame, ServerFrame,
};
pub use http::{Answer, AnswerError, ApiRequest, HttpCall, HttpMethod};
pub use ids::{
    ConversationId, DeviceId, IdError, LogId, MessageId, OperationKey, Position, Seq, SubmitId,
    UserId,
};
pub use limits::{Capability, Limits};
pub use operation::{
    ConversationCreate, MessageSend, Method, Operation, Outcome, OutcomeStatus, ReceiptUpdate,
    Submit,
};
pub use problem::{Code, FailureClass, Problem};
pub use rest::{
    ConversationPage, LoginRequest, LogoutRequest, Me, MessagePage, OperationsAnswer,
    RefreshRequest, Session, Snapshot, SyncPage,
};
pub use secret::Secret;
pub use time::Timestamp;

/// The version of the protocol that these types speak, sent in `hello` (PROTOCOL.md §2).
pub const PROTOCOL_VERSION: u32 = 1;

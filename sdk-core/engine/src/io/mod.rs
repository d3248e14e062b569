//! What goes into the engine and what comes out of it: inputs, commands, effects, replies, errors. Plain
//! values; nothing here may decide anything.

pub(crate) mod command;
pub(crate) mod effect;
pub(crate) mod error;
pub(crate) mod id;
pub(crate) mod input;
pub(crate) mod push;
pub(crate) mod reply;
pub(crate) mod rule;
pub(crate) mod state;

pub use command::{Command, NewConversation, Unsent};
pub use effect::{DownloadState, Effect, FilePart, Topic};
pub use error::CommandError;
pub use id::{CommandId, DownloadId, RequestId, SocketId};
pub use input::{
    AppState, Input, NetworkState, ProvidedToken, RequestFailure, SocketEvent, SocketFailure,
    TokenFailure, TransferFailure,
};
pub use push::{Attention, PushNotification};
pub use reply::Reply;
pub use rule::{Field, FieldRule, Rule};
pub use state::{ConnectionState, SessionState, WaitReason};

/// The answer to a command: what came of it, or why nothing did.
pub(crate) type CommandResult = Result<Reply, CommandError>;

//! Everything that can happen to an engine.

use std::time::Duration;

use fulmar_protocol::{
    Answer, AnswerError, CloseCode, ConversationId, Problem, Secret, ServerFrame, TypingState,
};

use super::command::Command;
use super::id::{CommandId, DownloadId, RequestId, SocketId};
use crate::store::Durability;

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// The app wants something.
    Command {
        /// Comes back in the reply.
        command: CommandId,
        /// The command.
        body: Command,
    },
    /// Something happened to a socket. Ignored unless it is the current one.
    Socket {
        /// The socket that this is about.
        socket: SocketId,
        /// What happened to it.
        event: SocketEvent,
    },
    /// An HTTP request ended. Ignored unless somebody still waits for it.
    Answer {
        /// The request that this answers.
        request: RequestId,
        /// The answer, or why there is none.
        result: Result<Answer, RequestFailure>,
    },
    /// A part of a file was sent or fetched, or was not: how much of it is there by now. Ignored unless
    /// somebody still waits for it.
    Transferred {
        /// The request that this answers.
        request: RequestId,
        /// How many bytes of the file are there: at the server, or here.
        result: Result<u64, TransferFailure>,
    },
    /// Somebody does not want a file any more.
    CancelDownload(DownloadId),
    /// The app's token provider answered. Ignored unless somebody still waits for it.
    Token {
        /// The request that this answers.
        request: RequestId,
        /// The token, or why there is none.
        result: Result<ProvidedToken, TokenFailure>,
    },
    /// The user presses keys, or has stopped.
    Typing {
        /// The conversation in which somebody types.
        conversation: ConversationId,
        /// Which of the two.
        state: TypingState,
    },
    /// The platform says something about the network.
    Network(NetworkState),
    /// The platform says something about the app.
    App(AppState),
}

/// An access token that the app's own backend gave out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvidedToken {
    /// The token.
    pub access_token: Secret,
    /// How long it is valid from now. Without it the token is used until the server refuses it.
    pub expires_in: Option<Duration>,
}

/// Why a token provider has no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenFailure {
    /// Not at this moment. It is asked again, with growing waits; nothing fails meanwhile.
    #[error("no token at this moment: {reason}")]
    Unavailable {
        /// Why there is none now, for logs.
        reason: String,
    },
    /// The user has no session any more: the session of this store ends, and what is unsent is kept.
    #[error("the session is over: {reason}")]
    SessionOver {
        /// Why the session is over, for logs.
        reason: String,
    },
}

/// What can happen to a socket.
#[derive(Debug, Clone)]
pub enum SocketEvent {
    /// The socket is connected.
    Opened,
    /// A frame came in.
    Frame(ServerFrame),
    /// Something came in that is not a frame.
    Unreadable(String),
    /// It was closed, by either side.
    Closed(CloseCode),
    /// It could not be opened, or it broke.
    Failed(SocketFailure),
}

/// Why a socket could not be opened, or broke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SocketFailure {
    /// No connection: refused, unreachable, reset, no such host, TLS.
    #[error("no connection: {0}")]
    Unreachable(String),
    /// Something answered, but not with a WebSocket.
    #[error("the handshake was answered with status {status}")]
    Refused {
        /// The HTTP status of the answer.
        status: u16,
    },
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestFailure {
    /// An answer came that is an error: a problem, or something that is not the protocol's.
    #[error(transparent)]
    ErrorAnswer(#[from] AnswerError),
    /// No answer came.
    #[error("no answer: {0}")]
    Unreachable(String),
}

impl RequestFailure {
    /// An answer came that belongs to another kind of request.
    #[must_use]
    pub fn other_answer() -> Self {
        Self::ErrorAnswer(AnswerError::Foreign { status: 200 })
    }

    /// What the server says is wrong, where it said anything in its own words.
    pub(crate) fn problem(&self) -> Option<&Problem> {
        match self {
            Self::ErrorAnswer(AnswerError::Problem(problem)) => Some(problem),
            Self::ErrorAnswer(AnswerError::Foreign { .. }) | Self::Unreachable(_) => None,
        }
    }
}

/// Why a part of a file was not sent or fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransferFailure {
    /// The server said no, or could not be asked.
    #[error(transparent)]
    Request(#[from] RequestFailure),
    /// The file, or what had come of it, is not on this device.
    #[error("the file is not on this device any more")]
    FileLost,
    /// All of it is there, and its hash is another.
    #[error("the file is not what was announced")]
    Damaged,
    /// The disk did not do its part.
    #[error("the disk: {0}")]
    Disk(String),
}

/// What the platform knows about the network. A hint: wrong hints delay nothing for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NetworkState {
    /// There is a network, or nobody knows.
    #[default]
    Available,
    /// There is none; nothing is tried until there is.
    Unavailable,
}

/// What the platform knows about the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AppState {
    /// The app is on the screen.
    #[default]
    Foreground,
    /// Not on the screen: a lost connection is only taken up again when there is something to send.
    Background,
}

impl Input {
    /// Whether it comes from the app, and means the same to any engine: when a transaction fails and the store
    /// is opened again, it is handed in once more. The others were for the engine that is gone.
    #[must_use]
    pub const fn is_from_app(&self) -> bool {
        match self {
            Self::Command { .. }
            | Self::Typing { .. }
            | Self::Network(_)
            | Self::App(_)
            | Self::CancelDownload(_) => true,
            Self::Socket { .. }
            | Self::Answer { .. }
            | Self::Transferred { .. }
            | Self::Token { .. } => false,
        }
    }

    /// What a power cut may take back of the transaction that handles this input: nothing when
    /// something enters the outbox or a token replaces one that the server then forgets. A transaction that
    /// turns out to need more says so itself.
    pub(crate) fn durability(&self) -> Durability {
        match self {
            Self::Command { body, .. } => body.durability(),
            Self::Answer {
                result: Ok(Answer::Session(_)),
                ..
            }
            | Self::Token { .. } => Durability::Full,
            Self::Answer { .. }
            | Self::Socket { .. }
            | Self::Transferred { .. }
            | Self::CancelDownload(_)
            | Self::Typing { .. }
            | Self::Network(_)
            | Self::App(_) => Durability::Normal,
        }
    }
}

//! The connection and the session, as a person may see them.

use std::fmt;

use fulmar_protocol::{Timestamp, UserId};

use crate::store::state::SessionEnd;

/// The connection as a person may see it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ConnectionState {
    /// Nobody is signed in, so there is none.
    #[default]
    SignedOut,
    /// The platform says that there is no network.
    Offline,
    /// A connection is being made.
    Connecting {
        /// Which try it is, from 1.
        attempt: u32,
    },
    /// Connected; missed events are coming in.
    CatchingUp,
    /// Connected, and everything is here.
    Live,
    /// The socket cannot be had; HTTP does its work, slower.
    Polling {
        /// Why there is no socket.
        reason: WaitReason,
        /// When the socket is tried again.
        retry_at: Timestamp,
    },
    /// Not connected; it is tried again.
    Waiting {
        /// Why there is no connection now.
        reason: WaitReason,
        /// When it is tried again; `None` when that depends on the app or on a token.
        retry_at: Option<Timestamp>,
        /// How many tries have failed since the last success.
        attempt: u32,
    },
}

/// Why the connection waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitReason {
    /// The server could not be reached.
    Unreachable {
        /// What went wrong, for logs.
        reason: String,
    },
    /// Something answered, but not with a WebSocket.
    HandshakeRefused {
        /// The HTTP status of the answer.
        status: u16,
    },
    /// The server closed the connection.
    ClosedByServer {
        /// The close code (PROTOCOL.md §3.8).
        code: u16,
    },
    /// Nothing was heard for too long.
    Silent,
    /// What came in was not the protocol.
    ProtocolBroken {
        /// What was wrong with it.
        reason: String,
    },
    /// A new access token is being fetched.
    Token,
    /// A new access token could not be had; it is tried again.
    TokenUnavailable {
        /// What the server or the token provider said.
        reason: String,
    },
    /// The app is in the background and has nothing to send.
    Background,
    /// The store cannot be written: the disk is full, for one. What is in it can be read. It is tried again.
    StoreFailed {
        /// What SQLite said, for logs.
        reason: String,
    },
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { reason } => write!(f, "the server could not be reached: {reason}"),
            Self::HandshakeRefused { status } => {
                write!(f, "the handshake was answered with status {status}")
            }
            Self::ClosedByServer { code } => write!(f, "the server closed with code {code}"),
            Self::Silent => f.write_str("nothing was heard for too long"),
            Self::ProtocolBroken { reason } => write!(f, "not the protocol: {reason}"),
            Self::Token => f.write_str("waiting for a new access token"),
            Self::TokenUnavailable { reason } => write!(f, "no access token: {reason}"),
            Self::Background => f.write_str("in the background with nothing to send"),
            Self::StoreFailed { reason } => write!(f, "the store cannot be written: {reason}"),
        }
    }
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SessionState {
    /// No user is signed in.
    #[default]
    SignedOut,
    /// A user is signed in.
    SignedIn {
        /// The user who is signed in.
        user_id: UserId,
    },
    /// The session came to an end without a sign-out. Everything unsent is kept; signing in again
    /// sends it.
    Ended {
        /// Whose session it was.
        user_id: UserId,
        /// Why the session ended.
        end: SessionEnd,
    },
}

impl SessionState {
    /// Whose store it is, as long as it is somebody's.
    #[must_use]
    pub fn user_id(&self) -> Option<&UserId> {
        match self {
            Self::SignedOut => None,
            Self::SignedIn { user_id } | Self::Ended { user_id, .. } => Some(user_id),
        }
    }
}

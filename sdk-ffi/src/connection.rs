//! The connection as a person may see it, and what the platform says about network and app.

use fulmar::Timestamp;

use crate::Count;

/// The connection as a person may see it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ConnectionState {
    /// Nobody is signed in, so there is none.
    SignedOut,
    /// The platform says that there is no network.
    Offline,
    /// A connection is being made.
    Connecting {
        /// Which try it is, from 1.
        attempt: Count,
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
        /// When it is tried again; absent when that depends on the app or on a token.
        retry_at: Option<Timestamp>,
        /// How many tries have failed since the last success.
        attempt: Count,
    },
}

impl From<fulmar::ConnectionState> for ConnectionState {
    fn from(state: fulmar::ConnectionState) -> Self {
        use fulmar::ConnectionState as S;
        match state {
            S::SignedOut => Self::SignedOut,
            S::Offline => Self::Offline,
            S::Connecting { attempt } => Self::Connecting {
                attempt: attempt.into(),
            },
            S::CatchingUp => Self::CatchingUp,
            S::Live => Self::Live,
            S::Polling { reason, retry_at } => Self::Polling {
                reason: reason.into(),
                retry_at,
            },
            S::Waiting {
                reason,
                retry_at,
                attempt,
            } => Self::Waiting {
                reason: reason.into(),
                retry_at,
                attempt: attempt.into(),
            },
        }
    }
}

/// Why the connection waits.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum WaitReason {
    /// The server could not be reached.
    Unreachable {
        /// What went wrong, for logs.
        reason: String,
    },
    /// Something answered, but not with a WebSocket.
    HandshakeRefused {
        /// The HTTP status of the answer.
        status: Count,
    },
    /// The server closed the connection.
    ClosedByServer {
        /// The close code (PROTOCOL.md §3.8).
        code: Count,
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

impl From<fulmar::WaitReason> for WaitReason {
    fn from(reason: fulmar::WaitReason) -> Self {
        use fulmar::WaitReason as R;
        match reason {
            R::Unreachable { reason } => Self::Unreachable { reason },
            R::HandshakeRefused { status } => Self::HandshakeRefused {
                status: u32::from(status).into(),
            },
            R::ClosedByServer { code } => Self::ClosedByServer {
                code: u32::from(code).into(),
            },
            R::Silent => Self::Silent,
            R::ProtocolBroken { reason } => Self::ProtocolBroken { reason },
            R::Token => Self::Token,
            R::TokenUnavailable { reason } => Self::TokenUnavailable { reason },
            R::Background => Self::Background,
            R::StoreFailed { reason } => Self::StoreFailed { reason },
        }
    }
}

/// What the platform knows about the network. A hint: wrong hints delay nothing for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum NetworkState {
    /// There is a network, or nobody knows.
    Available,
    /// There is none; nothing is tried until there is.
    Unavailable,
}

impl From<NetworkState> for fulmar::NetworkState {
    fn from(network: NetworkState) -> Self {
        match network {
            NetworkState::Available => Self::Available,
            NetworkState::Unavailable => Self::Unavailable,
        }
    }
}

/// What the platform knows about the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum AppState {
    /// The app is on the screen.
    Foreground,
    /// Not on the screen: a lost connection is only taken up again when there is something to send.
    Background,
}

impl From<AppState> for fulmar::AppState {
    fn from(app: AppState) -> Self {
        match app {
            AppState::Foreground => Self::Foreground,
            AppState::Background => Self::Background,
        }
    }
}

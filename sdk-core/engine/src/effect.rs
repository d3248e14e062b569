//! Everything that an engine can ask of the world. Nothing here is the only record of a duty.

use std::fmt;

use fulmar_protocol::{
    ApiRequest, ClientFrame, Code, ContentHash, ConversationId, FileId, MessageVersion,
    OperationKey, PersonPresence, Position, Secret, SessionInfo, Timestamp, UserId,
};

use crate::command_error::CommandError;
use crate::push::PushNotification;
use crate::store::ConversationKey;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// Names a command until its reply.
    CommandId
}
number! {
    /// Names a socket; answers from any but the current one are dropped.
    SocketId
}
number! {
    /// Names an HTTP request; answers that nobody waits for are dropped.
    RequestId
}

number! {
    /// Names a wish for a file, until it is answered or withdrawn.
    DownloadId
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePart {
    /// As the server calls the file.
    pub file_id: FileId,
    /// Which file.
    pub content: ContentHash,
    /// From which byte on.
    pub offset: u64,
    /// How many bytes.
    pub length: u64,
}

/// Whether more of a file is coming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DownloadState {
    /// It comes when there is a connection, or a little later.
    Waiting,
    /// It comes.
    Receiving,
}

/// One thing that the driver does for the engine, after the commit.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Open a socket to the backend.
    OpenSocket {
        /// Its name from now on.
        socket: SocketId,
        /// For the handshake.
        access_token: Secret,
    },
    /// Send a frame.
    SendFrame {
        /// Over this socket.
        socket: SocketId,
        /// This frame.
        frame: ClientFrame,
    },
    /// Close a socket and forget it.
    CloseSocket {
        /// This one.
        socket: SocketId,
    },
    /// Ask the backend over HTTP.
    Request {
        /// The name of the answer.
        request: RequestId,
        /// What to ask.
        call: ApiRequest,
        /// The token that goes with it.
        access_token: Option<Secret>,
    },
    /// Send a part of a file, which is on this device, and say how much of it the server has then.
    SendChunk {
        /// The name of the answer.
        request: RequestId,
        /// Which part.
        part: FilePart,
        /// The token that goes with it.
        access_token: Secret,
    },
    /// Fetch a part of a file, put it on the disk, and say how much of it is there then. When all of it is,
    /// it has to be what the hash says.
    FetchChunk {
        /// The name of the answer.
        request: RequestId,
        /// Which part; it may be shorter.
        part: FilePart,
        /// How many bytes the file has in all.
        size: u64,
        /// The token that goes with it.
        access_token: Secret,
    },
    /// Call off a request, a part of a file or a question to the token provider: nobody waits for it any more,
    /// and it must not compete with what is asked instead. It ends on the wire where it can; the server may have
    /// carried it out all the same. If its answer still comes, it is dropped.
    CancelRequest {
        /// The name of the answer that is not wanted.
        request: RequestId,
    },
    /// This much has come of a file that somebody wants.
    Downloading {
        /// Which file.
        content: ContentHash,
        /// How many bytes.
        received: u64,
        /// Whether more is coming.
        state: DownloadState,
    },
    /// Nothing comes of this file any more: all of it is here, or nobody wants it.
    DownloadEnded {
        /// Which file.
        content: ContentHash,
    },
    /// The store was wiped, or nobody is signed in: no file of a message is to stay on the disk.
    DropFiles,
    /// Ask the app's token provider for an access token.
    FetchToken {
        /// The name of the answer, among those of requests.
        request: RequestId,
        /// Whose token.
        user_id: UserId,
    },
    /// Answer a command.
    Reply {
        /// Which one.
        command: CommandId,
        /// The answer.
        reply: Result<Reply, CommandError>,
    },
    /// The connection is in another state.
    Connection(ConnectionState),
    /// The session is in another state.
    Session(SessionState),
    /// Of these people it is so now whether they are there.
    Presence(Vec<PersonPresence>),
    /// Others who type in a conversation are these now.
    Typing {
        /// Where.
        conversation: ConversationKey,
        /// Who, by id.
        users: Vec<UserId>,
    },
    /// What a live query shows may have changed.
    Changed(Topic),
}

/// What a live query can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// The list of conversations.
    Conversations,
    /// The messages of one conversation.
    Timeline(ConversationKey),
}

/// The answer to a command that went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Done, and durable.
    Done,
    /// The message or receipt is in the outbox, durably.
    Enqueued {
        /// Its identity for ever.
        operation_key: OperationKey,
    },
    /// The conversation exists here, durably.
    Conversation {
        /// The id by which it answers.
        id: ConversationId,
    },
    /// A message to jump to was looked for.
    Found {
        /// Where it is; `None` when there is no such message yet.
        place: Option<Position>,
    },
    /// The server was searched, and what it found is stored.
    Searched {
        /// The messages that it found.
        keys: Vec<OperationKey>,
        /// Where its next page begins; `None` when there is none.
        cursor: Option<String>,
    },
    /// The user's sessions, the newest first.
    Sessions(Vec<SessionInfo>),
    /// What to show of a push notification.
    Notified(PushNotification),
    /// All that a message ever said.
    Versions(Vec<MessageVersion>),
}

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
        /// Why.
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
        /// What happened.
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
        }
    }
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SessionState {
    /// Nobody.
    #[default]
    SignedOut,
    /// Somebody.
    SignedIn {
        /// Who.
        user_id: UserId,
    },
    /// The session came to an end without a sign-out. Everything unsent is kept; signing in again
    /// sends it.
    Ended {
        /// Whose session it was.
        user_id: UserId,
        /// Why it ended.
        end: SessionEnd,
    },
}

/// Why a session came to an end without a sign-out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEnd {
    /// The server ended it.
    ByServer {
        /// Why: `session.revoked`, for one (PROTOCOL.md §8.1).
        code: Code,
    },
    /// The app's token provider said that this user has no session any more.
    ByTokenProvider {
        /// What it said.
        reason: String,
    },
    /// The tokens in the store are sealed with a key that the platform does not have (any more): a
    /// store that was restored on another device, or a reset of the platform's secrets.
    SecretsLost,
}

//! Everything that an engine can ask of the world. Nothing here is the only record of a duty.

use fulmar_protocol::{ApiRequest, ClientFrame, ContentHash, FileId, Secret, UserId, UserPresence};

use super::error::CommandError;
use super::id::{CommandId, RequestId, SocketId};
use super::reply::Reply;
use super::state::{ConnectionState, SessionState};
use crate::store::ConversationKey;

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePart {
    /// As the server calls the file.
    pub file_id: FileId,
    /// The hash of the file's content.
    pub content: ContentHash,
    /// From which byte on.
    pub offset: u64,
    /// How many bytes the part has.
    pub length: u64,
}

/// Whether more of a file is coming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DownloadState {
    /// It comes when there is a connection, or a little later.
    Waiting,
    /// The file is coming down.
    Receiving,
}

/// One thing that the driver does for the engine, after the commit.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Open a socket to the backend.
    OpenSocket {
        /// Its name from now on.
        socket: SocketId,
        /// The token for the handshake.
        access_token: Secret,
    },
    /// Sends a frame.
    SendFrame {
        /// The socket that it goes over.
        socket: SocketId,
        /// The frame to send.
        frame: ClientFrame,
    },
    /// Close a socket and forget it.
    CloseSocket {
        /// The socket to close.
        socket: SocketId,
    },
    /// Ask the backend over HTTP.
    Request {
        /// The name of the answer.
        request: RequestId,
        /// The request to make.
        call: ApiRequest,
        /// The token that goes with it.
        access_token: Option<Secret>,
    },
    /// Send a part of a file, which is on this device, and say how much of it the server has then.
    SendChunk {
        /// The name of the answer.
        request: RequestId,
        /// The part of the file to send.
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
    /// This much has come of a file that somebody wants.
    Downloading {
        /// The hash of the file's content.
        content: ContentHash,
        /// How many bytes of it are here.
        received: u64,
        /// Whether more is coming.
        state: DownloadState,
    },
    /// Nothing comes of this file any more: all of it is here, or nobody wants it.
    DownloadEnded {
        /// The hash of the file's content.
        content: ContentHash,
    },
    /// The store was wiped, or nobody is signed in: no file of a message is to stay on the disk.
    DropFiles,
    /// Call a request, or the transfer of a part of a file, off: nobody waits for its answer any more.
    CancelRequest {
        /// The request to abandon.
        request: RequestId,
    },
    /// Ask the app's token provider for an access token.
    FetchToken {
        /// The name of the answer, among those of requests.
        request: RequestId,
        /// The user whose token is asked for.
        user_id: UserId,
    },
    /// Answers a command.
    Reply {
        /// The command that this answers.
        command: CommandId,
        /// The answer.
        reply: Result<Reply, CommandError>,
    },
    /// The connection is in another state.
    Connection(ConnectionState),
    /// The session is in another state.
    Session(SessionState),
    /// Of these people it is so now whether they are there.
    Presence(Vec<UserPresence>),
    /// Others who type in a conversation are these now.
    Typing {
        /// The conversation in which somebody types.
        conversation: ConversationKey,
        /// The users who type, by id.
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

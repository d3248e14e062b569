//! Everything that can happen to an engine.

use std::time::Duration;

use fulmar_protocol::{
    Answer, AnswerError, CloseCode, ContentHash, Context, ConversationId, FileId, HistoryPage,
    MeUpdate, MessageSend, Method, OperationKey, Position, PushPayload, PushToken, SearchQuery,
    Secret, ServerFrame, SessionId, TypingState, UserId,
};

use crate::effect::{CommandId, DownloadId, RequestId, SocketId};
use crate::store::Durability;

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// The app wants something.
    Command {
        /// Comes back in the reply.
        command: CommandId,
        /// What it wants.
        body: Command,
    },
    /// Something happened to a socket. Ignored unless it is the current one.
    Socket {
        /// Which socket.
        socket: SocketId,
        /// What happened.
        event: SocketEvent,
    },
    /// An HTTP request ended. Ignored unless somebody still waits for it.
    Answer {
        /// Which request.
        request: RequestId,
        /// How it ended.
        result: Result<Answer, RequestFailure>,
    },
    /// A part of a file was sent or fetched, or was not: how much of it is there by now. Ignored unless
    /// somebody still waits for it.
    Transferred {
        /// Which request.
        request: RequestId,
        /// How many bytes of the file are there: at the server, or here.
        result: Result<u64, TransferFailure>,
    },
    /// Somebody does not want a file any more.
    CancelDownload(DownloadId),
    /// The app's token provider answered. Ignored unless somebody still waits for it.
    Token {
        /// Which request.
        request: RequestId,
        /// What it said.
        result: Result<ProvidedToken, TokenFailure>,
    },
    /// The user presses keys, or has stopped.
    Typing {
        /// Where.
        conversation: ConversationId,
        /// Which of the two.
        state: TypingState,
    },
    /// The platform says something about the network.
    Network(NetworkState),
    /// The platform says something about the app.
    App(AppState),
}

/// What an app can want from the engine.
#[derive(Debug, Clone)]
pub enum Command {
    /// Start a session. Needs the network.
    SignIn {
        /// Who.
        user_id: UserId,
        /// Their password; it is not stored.
        password: Secret,
    },
    /// Become a user, and start a session. Needs the network.
    Register {
        /// Who they want to be.
        user_id: UserId,
        /// The name to show.
        name: String,
        /// Their password; it is not stored.
        password: Secret,
    },
    /// Start a session with tokens of the app's token provider. Needs the network.
    SignInWithProvider {
        /// Who.
        user_id: UserId,
    },
    /// End the session and wipe the store.
    SignOut {
        /// What to do about operations that the server has not confirmed.
        unsent: Unsent,
    },
    /// Send a message.
    Send {
        /// Made when the command was built, so that trying the command again is harmless.
        operation_key: OperationKey,
        /// Where to, and what it says.
        message: MessageSend,
    },
    /// Change something: a message, a conversation, who takes part, what the user has set.
    Change {
        /// Made when the command was built.
        operation_key: OperationKey,
        /// What to change, by any method but those of the other commands.
        method: Method,
    },
    /// Keep what the user has begun to write. It stays on this device.
    SetDraft {
        /// Where.
        conversation: ConversationId,
        /// The text; empty for none.
        text: String,
    },
    /// Create a conversation.
    Create {
        /// Made when the command was built; until the server answers, also the conversation's id.
        operation_key: OperationKey,
        /// What kind, with whom.
        conversation: NewConversation,
    },
    /// Mark everything up to a position as read.
    MarkRead {
        /// Made when the command was built.
        operation_key: OperationKey,
        /// Where.
        conversation: ConversationId,
        /// Up to and including this message.
        up_to: Position,
    },
    /// Try a failed operation again.
    Retry {
        /// Which one.
        operation_key: OperationKey,
    },
    /// Give up a message that has not been confirmed.
    Discard {
        /// Which one.
        operation_key: OperationKey,
    },
    /// Get a file of a message onto this device. Goes on until it is here or nobody wants it.
    Download {
        /// Names the wish.
        id: DownloadId,
        /// As the server calls the file.
        file_id: FileId,
        /// Which file.
        content: ContentHash,
        /// How many bytes it has.
        size: u64,
        /// How many of them are here.
        have: u64,
    },
    /// Ask for the user's sessions. Needs the network.
    FetchSessions,
    /// End one of the user's sessions. Needs the network.
    EndSession {
        /// Which one.
        session: SessionId,
    },
    /// Say where notifications for this device go, or that none are wanted. Needs the network.
    SetPushToken {
        /// Where; `None` for nowhere.
        token: Option<PushToken>,
    },
    /// Take what a push notification tells.
    HandlePush {
        /// What it carries.
        payload: Box<PushPayload>,
    },
    /// Block somebody. Needs the network.
    Block {
        /// Whom.
        user: UserId,
    },
    /// Stop blocking somebody. Needs the network.
    Unblock {
        /// Whom.
        user: UserId,
    },
    /// Delete the account of the user, for good, and wipe the store. Needs the network.
    DeleteAccount {
        /// Their password, once more.
        password: Secret,
    },
    /// Change what others see of the user. Needs the network.
    UpdateMe {
        /// What to change.
        update: MeUpdate,
    },
    /// Fetch all that a message ever said. Needs the network.
    FetchVersions {
        /// Of which message.
        message: OperationKey,
    },
    /// Search at the server. Needs the network.
    Search {
        /// What for.
        query: SearchQuery,
        /// Where the page begins, as the one before said.
        cursor: Option<String>,
    },
    /// Fetch what is missing of a page of history, or find a message to jump to. Needs the network
    /// unless it is here already.
    LoadHistory {
        /// Where.
        conversation: ConversationId,
        /// Only in the thread under this message, by the places in it.
        thread: Option<OperationKey>,
        /// Which messages.
        page: HistoryPage,
    },
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
        /// What happened.
        reason: String,
    },
    /// The user has no session any more: the session of this store ends, and what is unsent is kept.
    #[error("the session is over: {reason}")]
    SessionOver {
        /// What happened.
        reason: String,
    },
}

/// A conversation to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewConversation {
    /// With one other person; when there is one already, that one is used.
    Direct {
        /// The other person.
        with: UserId,
    },
    /// With any number of people.
    Group {
        /// Its title: not empty, at most 200 bytes.
        title: String,
        /// Everyone else; may be empty.
        participants: Vec<UserId>,
        /// Where its picture is.
        avatar_url: Option<String>,
        /// What it is about.
        context: Option<Context>,
    },
}

/// What sign-out does about operations that the server has not confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsent {
    /// Refuse to sign out, and say how many there are.
    Refuse,
    /// Give them up.
    Discard,
}

/// What can happen to a socket.
#[derive(Debug, Clone)]
pub enum SocketEvent {
    /// It is connected.
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
    /// Something came back: a problem, or something that is not the protocol's.
    #[error(transparent)]
    Answered(#[from] AnswerError),
    /// Nothing came back.
    #[error("no answer: {0}")]
    Unreachable(String),
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
    /// On the screen.
    #[default]
    Foreground,
    /// Not on the screen: a lost connection is only taken up again when there is something to send.
    Background,
}

impl Input {
    /// What a power cut may take back of the transaction that handles this input: nothing when
    /// something enters the outbox or a token replaces one that the server then forgets.
    pub(crate) fn durability(&self) -> Durability {
        match self {
            Self::Command { body, .. } => match body {
                Command::LoadHistory { .. }
                | Command::Search { .. }
                | Command::UpdateMe { .. }
                | Command::FetchSessions
                | Command::EndSession { .. }
                | Command::SetPushToken { .. }
                | Command::HandlePush { .. }
                | Command::Block { .. }
                | Command::Unblock { .. }
                | Command::FetchVersions { .. }
                | Command::Download { .. }
                | Command::SetDraft { .. } => Durability::Normal,
                _ => Durability::Full,
            },
            Self::Answer {
                result: Ok(Answer::Session(_)),
                ..
            }
            | Self::Token { .. } => Durability::Full,
            _ => Durability::Normal,
        }
    }
}

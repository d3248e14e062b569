//! What an app can want from the engine.

use fulmar_protocol::{
    ContentHash, Context, ConversationId, FileId, HistoryPage, MeUpdate, MessageSend, Method,
    OperationKey, Position, PushPayload, PushToken, SearchQuery, Secret, SessionId, UserId,
};

use super::id::DownloadId;
use crate::store::Durability;

/// What an app can want from the engine.
#[derive(Debug, Clone)]
pub enum Command {
    /// Start a session. Needs the network.
    SignIn {
        /// The user who signs in.
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
        /// The user who signs in.
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
        /// The conversation that the draft is for.
        conversation: ConversationId,
        /// The text; empty for none.
        text: String,
    },
    /// Create a conversation.
    Create {
        /// Made when the command was built; until the server answers, also the conversation's id.
        operation_key: OperationKey,
        /// Its kind, and with which users.
        conversation: NewConversation,
    },
    /// Mark everything up to a position as read.
    MarkRead {
        /// Made when the command was built.
        operation_key: OperationKey,
        /// The conversation that was read.
        conversation: ConversationId,
        /// Up to and including this message.
        up_to: Position,
    },
    /// Try a failed operation again.
    Retry {
        /// The failed operation to try again.
        operation_key: OperationKey,
    },
    /// Give up an operation that has not been confirmed.
    Discard {
        /// The failed operation to give up.
        operation_key: OperationKey,
        /// Made when the command was built. With it a message that may be at the server already is deleted for
        /// everyone, once that is known; without it that is refused.
        delete_key: Option<OperationKey>,
    },
    /// Get a file of a message onto this device. Goes on until it is here or nobody wants it.
    Download {
        /// Names this download, so that it can be cancelled.
        id: DownloadId,
        /// As the server calls the file.
        file_id: FileId,
        /// The hash of the file's content.
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
        /// The session to end.
        session: SessionId,
    },
    /// Say where notifications for this device go, or that none are wanted. Needs the network.
    SetPushToken {
        /// Where; `None` for nowhere.
        token: Option<PushToken>,
    },
    /// Take what a push notification tells.
    HandlePush {
        /// The payload of the notification.
        payload: Box<PushPayload>,
    },
    /// Block somebody. Needs the network.
    Block {
        /// The user to block.
        user: UserId,
    },
    /// Stop blocking somebody. Needs the network.
    Unblock {
        /// The user to unblock.
        user: UserId,
    },
    /// Delete the account of the user, for good, and wipe the store. Needs the network.
    DeleteAccount {
        /// Their password, once more.
        password: Secret,
    },
    /// Change what others see of the user. Needs the network.
    UpdateMe {
        /// What changes of the profile.
        update: MeUpdate,
    },
    /// Fetch all that a message ever said. Needs the network.
    FetchVersions {
        /// The message whose versions are asked for.
        message: OperationKey,
    },
    /// Search at the server. Needs the network.
    Search {
        /// What to search for.
        query: SearchQuery,
        /// Where the page begins, as the one before said.
        cursor: Option<String>,
    },
    /// Fetch what is missing of a page of history, or find a message to jump to. Needs the network
    /// unless it is here already.
    LoadHistory {
        /// The conversation to ask about.
        conversation: ConversationId,
        /// Only in the thread under this message, by the places in it.
        thread: Option<OperationKey>,
        /// The messages to ask for.
        page: HistoryPage,
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
    /// Gives up what is unsent.
    Discard,
}

impl Command {
    /// What a power cut may take back of the transaction that handles this command: nothing when
    /// something enters or leaves the outbox, or a session begins or ends.
    pub(super) fn durability(&self) -> Durability {
        match self {
            Self::LoadHistory { .. }
            | Self::Search { .. }
            | Self::UpdateMe { .. }
            | Self::FetchSessions
            | Self::EndSession { .. }
            | Self::SetPushToken { .. }
            | Self::HandlePush { .. }
            | Self::Block { .. }
            | Self::Unblock { .. }
            | Self::FetchVersions { .. }
            | Self::Download { .. }
            | Self::SetDraft { .. } => Durability::Normal,
            Self::SignIn { .. }
            | Self::Register { .. }
            | Self::SignInWithProvider { .. }
            | Self::SignOut { .. }
            | Self::Send { .. }
            | Self::Change { .. }
            | Self::Create { .. }
            | Self::MarkRead { .. }
            | Self::Retry { .. }
            | Self::Discard { .. }
            | Self::DeleteAccount { .. } => Durability::Full,
        }
    }
}

//! The public handles. They are thin: each turns a call into a command for the engine, or into a
//! read of the store.

mod account;
mod attachment;
mod builder;
mod conversation;
mod conversation_watch;
mod download;
mod list;
mod live;
mod messages;
mod outbox;
mod participants;
mod people;
mod presence;
mod push;
mod search;
mod secrets;
mod status;
mod thread;
mod timeline;
mod token_provider;
mod typing;

use std::sync::Arc;

use fulmar_engine::query::{ConversationFilter, OutboxItem, OutboxState};
use fulmar_engine::{
    AppState, Command, CommandError, Input, NetworkState, NewConversation, Reply, SessionState,
    Unsent,
};
use fulmar_protocol::{Context, ConversationId, OperationKey, SearchQuery, Secret, UserId};

use crate::runtime::{Runtime, clock};

pub use account::Account;
pub use attachment::NewAttachment;
pub use builder::{BuildError, ClientBuilder, rebuild_store};
pub use conversation::{Conversation, NewMessage};
pub use conversation_watch::ConversationWatch;
pub use download::{Download, DownloadProgress};
pub use list::{ConversationList, Listed};
pub use live::WatchError;
pub use outbox::Outbox;
pub use participants::ParticipantList;
pub use presence::PresenceWatch;
pub use push::handle_push_beside;
pub use search::{Found, Search};
pub use secrets::SecretStorage;
pub use status::{ConnectionWatch, SessionWatch};
pub use thread::Thread;
pub use timeline::{GapEnd, History, Newest, Timeline, Visibility};
pub use token_provider::{ProvidedToken, TokenFailure, TokenFuture, TokenProvider};
pub use typing::TypingWatch;

pub(crate) use secrets::vault;

/// A group to create.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewGroup {
    /// Its title: not blank, at most 200 bytes.
    pub title: String,
    /// Everyone else; may be empty.
    pub participants: Vec<UserId>,
    /// Where its picture is.
    pub avatar_url: Option<String>,
    /// What it is about.
    pub context: Option<Context>,
}

/// What a sign-out does about operations that the server has not confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignOut {
    /// Refuse, and say how many there are.
    Refuse,
    /// Sign out when the server has confirmed them.
    Wait,
    /// Give them up.
    Discard,
}

/// One account on this device: its store, its session, its connection.
///
/// Clones share the same client. When the last clone and every handle made from it are dropped, it
/// ends at once, as a crash would: that loses nothing. [`Client::close`] ends it with a goodbye.
///
/// All futures of this crate may be polled from any executor; the client has its own thread.
#[derive(Debug, Clone)]
pub struct Client {
    runtime: Arc<Runtime>,
}

impl Client {
    /// Begins to describe a client: the server's base URL, and the file of its store.
    pub fn builder(
        server: impl Into<String>,
        store: impl Into<std::path::PathBuf>,
    ) -> ClientBuilder {
        ClientBuilder::new(server.into(), store.into())
    }

    /// Signs in with a password. Needs the network. The password is not stored; the session is, and
    /// is there again when the store is next opened.
    ///
    /// # Errors
    /// [`CommandError::Refused`] with `credentials.invalid` for a wrong user or password,
    /// [`CommandError::Unreachable`] without the network, [`CommandError::AlreadySignedIn`],
    /// [`CommandError::OtherUser`] when the store holds unsent operations of somebody else.
    /// PROTOCOL.md §7.1.
    pub async fn login(
        &self,
        user_id: impl AsRef<str>,
        password: impl Into<Secret>,
    ) -> Result<(), CommandError> {
        let command = Command::SignIn {
            user_id: parse_user(user_id.as_ref())?,
            password: password.into(),
        };
        self.runtime.command(command).await.map(|_| ())
    }

    /// Becomes a user of the server, and signs in. Needs the network. The name is not blank and has at
    /// most 200 bytes, the password at least 8. PROTOCOL.md §7.1.
    ///
    /// # Errors
    /// [`CommandError::Refused`] with `user.exists` when there is such a user, with `params.invalid`
    /// for the name or the password; otherwise those of [`Client::login`].
    pub async fn register(
        &self,
        user_id: impl AsRef<str>,
        name: impl Into<String>,
        password: impl Into<Secret>,
    ) -> Result<(), CommandError> {
        let command = Command::Register {
            user_id: parse_user(user_id.as_ref())?,
            name: name.into(),
            password: password.into(),
        };
        self.runtime.command(command).await.map(|_| ())
    }

    /// The account of whoever is signed in: their sessions, and what others see of them.
    #[must_use]
    pub fn account(&self) -> Account {
        Account::new(Arc::clone(&self.runtime))
    }

    /// Signs in with an access token of the app's own backend, from the token provider that the
    /// client was built with; later tokens come from it too. Needs the network. PROTOCOL.md §7.2.
    ///
    /// # Errors
    /// [`CommandError::NoToken`] when the provider has none, or one of another user;
    /// [`CommandError::Refused`] when the server does not take it; [`CommandError::Unreachable`],
    /// [`CommandError::AlreadySignedIn`], [`CommandError::OtherUser`].
    pub async fn login_with_provider(&self, user_id: impl AsRef<str>) -> Result<(), CommandError> {
        let user_id = parse_user(user_id.as_ref())?;
        let command = Command::SignInWithProvider { user_id };
        self.runtime.command(command).await.map(|_| ())
    }

    /// Signs out and wipes the store. The server is told when it can be reached at this moment. What is
    /// unsent is asked about: [`SignOut::Refuse`] says how much there is, [`SignOut::Wait`] sends it
    /// first, [`SignOut::Discard`] gives it up. Waiting can be given up at any time by dropping the
    /// future: then nothing has happened. Only a wait needs the network.
    ///
    /// # Errors
    /// [`CommandError::UnsentOperations`] when something is unsent and is not to be given up; after a
    /// wait only for what failed, which the app has to retry or discard. [`CommandError::SignedOut`] when
    /// nobody is signed in.
    pub async fn logout(&self, how: SignOut) -> Result<(), CommandError> {
        let unsent = match how {
            SignOut::Discard => Unsent::Discard,
            SignOut::Refuse | SignOut::Wait => Unsent::Refuse,
        };
        let mut outbox = self.outbox();
        loop {
            match self.runtime.command(Command::SignOut { unsent }).await {
                Err(CommandError::UnsentOperations { count }) if how == SignOut::Wait => {
                    outbox.next().await.map_err(|error| match error {
                        WatchError::Closed => CommandError::Closed,
                        WatchError::Store { reason } => CommandError::Store { reason },
                    })?;
                    let left = outbox.items();
                    let stands_still = |item: &OutboxItem| {
                        matches!(
                            item.state,
                            OutboxState::Failed { .. } | OutboxState::Held { .. }
                        )
                    };
                    if !left.is_empty() && left.iter().all(stands_still) {
                        return Err(CommandError::UnsentOperations { count });
                    }
                }
                answer => return answer.map(|_| ()),
            }
        }
    }

    /// Who is signed in. Does not touch the network.
    #[must_use]
    pub fn session(&self) -> SessionState {
        self.runtime.session.borrow().clone()
    }

    /// Watches who is signed in; the server may end a session.
    #[must_use]
    pub fn watch_session(&self) -> SessionWatch {
        SessionWatch::new(self.runtime.session.clone(), self.runtime.ended())
    }

    /// Watches the connection: its state, why, and when it is tried next.
    #[must_use]
    pub fn connection(&self) -> ConnectionWatch {
        ConnectionWatch::new(self.runtime.connection.clone(), self.runtime.ended())
    }

    /// The list of conversations as a live query: pinned ones first, then the last active, 50 at first.
    /// Without those in the archive, and those that are hidden.
    #[must_use]
    pub fn conversations(&self) -> ConversationList {
        self.conversations_where(ConversationFilter::default())
    }

    /// The conversations that a filter lets through, as a live query: those in the archive, those with
    /// something unread, those of a kind.
    #[must_use]
    pub fn conversations_where(&self, filter: ConversationFilter) -> ConversationList {
        ConversationList::new(Arc::clone(&self.runtime), filter)
    }

    /// A handle for a conversation. Looks nothing up: commands on a conversation that is not here
    /// say so, and its timeline is empty until it is.
    #[must_use]
    pub fn conversation(&self, id: &ConversationId) -> Conversation {
        Conversation::new(Arc::clone(&self.runtime), id.clone())
    }

    /// The conversation with one other person; creates it when there is none. Works offline: it is
    /// there at once, and messages to it wait until the server has created it.
    ///
    /// # Errors
    /// [`CommandError::Invalid`] for oneself or an impossible id, [`CommandError::SignedOut`],
    /// [`CommandError::OutboxFull`].
    pub async fn create_direct(&self, with: impl AsRef<str>) -> Result<Conversation, CommandError> {
        let with = parse_user(with.as_ref())?;
        self.create(NewConversation::Direct { with }).await
    }

    /// Creates a group. Works offline, as [`Client::create_direct`] does. The title is not blank and
    /// has at most 200 bytes.
    ///
    /// # Errors
    /// [`CommandError::Invalid`] for the title or an impossible id, [`CommandError::SignedOut`],
    /// [`CommandError::OutboxFull`].
    pub async fn create_group<U: AsRef<str>>(
        &self,
        title: impl Into<String>,
        participants: impl IntoIterator<Item = U>,
    ) -> Result<Conversation, CommandError> {
        let participants = participants
            .into_iter()
            .map(|user| parse_user(user.as_ref()))
            .collect::<Result<_, _>>()?;
        self.create_group_with(NewGroup {
            title: title.into(),
            participants,
            ..NewGroup::default()
        })
        .await
    }

    /// Creates a group with all that it can have from the start. Otherwise as [`Client::create_group`].
    /// Works offline.
    ///
    /// # Errors
    /// Those of [`Client::create_group`].
    pub async fn create_group_with(&self, group: NewGroup) -> Result<Conversation, CommandError> {
        let NewGroup {
            title,
            participants,
            avatar_url,
            context,
        } = group;
        self.create(NewConversation::Group {
            title,
            participants,
            avatar_url,
            context,
        })
        .await
    }

    async fn create(&self, conversation: NewConversation) -> Result<Conversation, CommandError> {
        let command = Command::Create {
            operation_key: new_operation_key()?,
            conversation,
        };
        match self.runtime.command(command).await? {
            Reply::Conversation { id } => Ok(self.conversation(&id)),
            _ => Err(CommandError::Closed),
        }
    }

    pub(super) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Searches the messages of this user: those on this device at once, those at the server with
    /// [`Search::load_more`].
    #[must_use]
    pub fn search(&self, query: SearchQuery) -> Search {
        Search::new(Arc::clone(&self.runtime), query)
    }

    /// What the user did and the server has not confirmed, as a live query; and where to retry or give
    /// up what failed.
    #[must_use]
    pub fn outbox(&self) -> Outbox {
        Outbox::new(Arc::clone(&self.runtime))
    }

    /// Passes on what the platform says about the network. Optional: without it the client finds out
    /// by itself, only later.
    pub fn set_network(&self, network: NetworkState) {
        self.runtime.hint(Input::Network(network));
    }

    /// Passes on whether the app is on the screen. Optional.
    pub fn set_app_state(&self, app: AppState) {
        self.runtime.hint(Input::App(app));
    }

    /// Lets go of the store without ending, for platforms that kill a suspended app which holds a lock: what
    /// was handed over is done, then nothing of the store is open any more when this returns, and there is no
    /// connection. What is asked for meanwhile waits for [`Client::resume`]; what waits for the network gets
    /// [`CommandError::Unreachable`], but for downloads, which go on. A second time changes nothing.
    pub async fn suspend(&self) {
        self.runtime.suspend().await;
    }

    /// Takes up again after [`Client::suspend`]. Live queries go on where they were. Does not wait for
    /// the network.
    pub async fn resume(&self) {
        self.runtime.resume().await;
    }

    /// Ends the client: closes the connection and lets go of the store, which can be opened again when
    /// this returns. Other clones and handles get [`CommandError::Closed`] from now on. Does not wait
    /// for the network.
    pub async fn close(&self) {
        self.runtime.close().await;
    }
}

fn parse_user(text: &str) -> Result<UserId, CommandError> {
    UserId::new(text).map_err(|error| CommandError::Invalid {
        what: "a user id".to_owned(),
        rule: error.to_string(),
    })
}

/// Made before anything else happens: the identity of what the user just did.
pub(crate) fn new_operation_key() -> Result<OperationKey, CommandError> {
    let random = clock::random().ok_or_else(|| CommandError::Store {
        reason: "the system has no randomness".to_owned(),
    })?;
    Ok(OperationKey::from_parts(clock::wall(), random))
}

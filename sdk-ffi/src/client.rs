//! The client and what is reached through it.

use std::sync::Arc;

use fulmar::{ConversationId, OperationKey, Position, UserId};
use futures_util::FutureExt as _;

use crate::cancel::{CancelHandle, cancellable, unless_cancelled};
use crate::foreign::{ForeignSecretStorage, ForeignTokenProvider, Provider, Secrets};
use crate::{
    Anchor, AppState, Capability, CommandError, Config, ConnectionState, ConnectionWatcher,
    Context, ConversationFilter, ConversationListHandle, ConversationWatcher, MessageVersion,
    NetworkState, NewMessage, OpenError, OutboxWatcher, ParticipantListWatcher,
    PinnedMessagesWatcher, RebuildError, Salvage, SessionState, SessionWatcher, SignOut,
    TimelineHandle, TypingWatcher,
};
use crate::{SearchHandle, SearchQuery, diagnostics::Counted};

/// One account on this device: its store, its session, its connection.
#[derive(Debug, uniffi::Object)]
pub struct ClientHandle {
    client: fulmar::Client,
    _counted: Counted,
}

/// How a client is to be.
#[derive(Debug, uniffi::Record)]
pub struct OpenOptions {
    /// The server's base URL.
    pub server: String,
    /// The file of the store.
    pub store: String,
    /// Whose store it must be, if that matters.
    pub owner: Option<UserId>,
    /// Allows http to other machines. Everyone on the way can read and change everything then.
    pub plaintext: Plaintext,
    /// Certificates to trust beside those that the platform trusts, as PEM.
    pub trust: Vec<String>,
    /// The settings of the client.
    pub config: Config,
    /// Where access tokens come from, in an app with its own sign-in.
    pub token_provider: Option<Arc<dyn ForeignTokenProvider>>,
    /// The platform's place for secrets.
    pub secret_storage: Option<Arc<dyn ForeignSecretStorage>>,
}

/// Whether http is good enough for servers on other machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Plaintext {
    /// No: only https, but for this machine itself.
    Refused,
    /// Yes. Everyone on the way can read and change everything.
    Allowed,
}

impl ClientHandle {
    pub(crate) fn core(&self) -> &fulmar::Client {
        &self.client
    }
}

#[uniffi::export]
impl ClientHandle {
    /// Opens the store, takes up what was left in it, and starts connecting when somebody is signed
    /// in. Does not wait for the network.
    #[uniffi::constructor]
    pub async fn open(
        options: OpenOptions,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Arc<Self>, OpenError> {
        let mut builder =
            fulmar::Client::builder(options.server, options.store).config(options.config.into());
        if let Some(owner) = options.owner {
            builder = builder.owner(owner);
        }
        for certificates in options.trust {
            builder = builder.trust(certificates);
        }
        if options.plaintext == Plaintext::Allowed {
            builder = builder.allow_plaintext();
        }
        if let Some(provider) = options.token_provider {
            builder = builder.token_provider(Provider(provider));
        }
        if let Some(storage) = options.secret_storage {
            builder = builder.secret_storage(Secrets(storage));
        }
        let client = unless_cancelled(cancel, builder.build())
            .await
            .ok_or(OpenError::Cancelled)??;
        Ok(Arc::new(Self {
            client,
            _counted: Counted::client(),
        }))
    }

    /// Signs in with a password.
    pub async fn sign_in(
        &self,
        user_id: UserId,
        password: String,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), CommandError> {
        cancellable(cancel, self.client.sign_in(user_id.as_str(), password)).await
    }

    /// Signs in with a token of the token provider.
    pub async fn sign_in_with_provider(
        &self,
        user_id: UserId,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), CommandError> {
        cancellable(cancel, self.client.sign_in_with_provider(user_id.as_str())).await
    }

    /// Signs out and wipes the store.
    pub async fn sign_out(
        &self,
        how: SignOut,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<(), CommandError> {
        cancellable(cancel, self.client.sign_out(how.into())).await
    }

    /// Who is signed in.
    pub fn session(&self) -> Result<SessionState, CommandError> {
        Ok(self.client.session().into())
    }

    /// Who is signed in, live.
    pub fn watch_session(&self) -> Result<Arc<SessionWatcher>, CommandError> {
        Ok(SessionWatcher::of(self.client.watch_session()))
    }

    /// Whether the server can do this.
    pub async fn supports(&self, capability: Capability) -> Result<bool, CommandError> {
        Ok(self.client.supports(capability.into()).await?)
    }

    /// The connection at this moment.
    pub fn connection(&self) -> Result<ConnectionState, CommandError> {
        Ok(self.client.connection().current().into())
    }

    /// The connection, live.
    pub fn watch_connection(&self) -> Result<Arc<ConnectionWatcher>, CommandError> {
        Ok(ConnectionWatcher::of(self.client.connection()))
    }

    /// The conversations that a filter lets through.
    pub fn conversations(
        &self,
        filter: ConversationFilter,
    ) -> Result<Arc<ConversationListHandle>, CommandError> {
        let list = self.client.filtered_conversations(filter.into());
        Ok(ConversationListHandle::of(list))
    }

    /// The conversation with one other person; creates it when there is none. Gives its id.
    pub async fn create_direct(&self, with: UserId) -> Result<ConversationId, CommandError> {
        let conversation = self.client.create_direct(with.as_str()).await?;
        Ok(conversation.id().clone())
    }

    /// Creates a group. Gives its id.
    pub async fn create_group(
        &self,
        title: String,
        participants: Vec<UserId>,
        avatar_url: Option<String>,
        context: Option<Context>,
    ) -> Result<ConversationId, CommandError> {
        planted(&title);
        let group = fulmar::NewGroup {
            title,
            participants,
            avatar_url,
            context: context.map(TryInto::try_into).transpose()?,
        };
        let conversation = self.client.create_group_with(group).await?;
        Ok(conversation.id().clone())
    }

    /// Sends a message, and gives its key.
    pub async fn send(
        &self,
        conversation: ConversationId,
        message: NewMessage,
    ) -> Result<OperationKey, CommandError> {
        let message = fulmar::NewMessage::try_from(message)?;
        Ok(self
            .client
            .conversation(&conversation)
            .send(message)
            .await?)
    }

    /// Sends what another message says, and gives the new one's key.
    pub async fn forward(
        &self,
        conversation: ConversationId,
        message: OperationKey,
    ) -> Result<OperationKey, CommandError> {
        Ok(self
            .client
            .conversation(&conversation)
            .forward(message)
            .await?)
    }

    /// All that a message ever said.
    pub async fn fetch_versions(
        &self,
        conversation: ConversationId,
        message: OperationKey,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Vec<MessageVersion>, CommandError> {
        let conversation = self.client.conversation(&conversation);
        let versions = cancellable(cancel, conversation.fetch_versions(message)).await?;
        Ok(versions.into_iter().map(Into::into).collect())
    }

    /// One conversation, live.
    pub fn watch_conversation(
        &self,
        conversation: ConversationId,
    ) -> Result<Arc<ConversationWatcher>, CommandError> {
        Ok(ConversationWatcher::of(
            self.client.conversation(&conversation).watch(),
        ))
    }

    /// Who takes part in a conversation, live.
    pub fn watch_participants(
        &self,
        conversation: ConversationId,
    ) -> Result<Arc<ParticipantListWatcher>, CommandError> {
        let conversation = self.client.conversation(&conversation);
        Ok(ParticipantListWatcher::of(conversation.participants()))
    }

    /// The pinned messages of a conversation, live.
    pub fn watch_pinned_messages(
        &self,
        conversation: ConversationId,
    ) -> Result<Arc<PinnedMessagesWatcher>, CommandError> {
        let conversation = self.client.conversation(&conversation);
        Ok(PinnedMessagesWatcher::of(conversation.pinned_messages()))
    }

    /// Marks everything up to a position as read.
    pub async fn mark_read_up_to(
        &self,
        conversation: ConversationId,
        position: Position,
    ) -> Result<(), CommandError> {
        let conversation = self.client.conversation(&conversation);
        Ok(conversation.mark_read_up_to(position).await?)
    }

    /// The messages of a conversation, live.
    pub fn timeline(
        &self,
        conversation: ConversationId,
    ) -> Result<Arc<TimelineHandle>, CommandError> {
        planted(conversation.as_str());
        let conversation = self.client.conversation(&conversation);
        Ok(TimelineHandle::of(conversation.timeline()))
    }

    /// The messages around one of them.
    pub async fn timeline_around(
        &self,
        conversation: ConversationId,
        anchor: Anchor,
        cancel: Option<Arc<CancelHandle>>,
    ) -> Result<Arc<TimelineHandle>, CommandError> {
        let conversation = self.client.conversation(&conversation);
        let opening = conversation.timeline_around(anchor.into());
        Ok(TimelineHandle::of(cancellable(cancel, opening).await?))
    }

    /// The messages under another one, live.
    pub fn thread(
        &self,
        conversation: ConversationId,
        root: OperationKey,
    ) -> Result<Arc<TimelineHandle>, CommandError> {
        let conversation = self.client.conversation(&conversation);
        Ok(TimelineHandle::of(conversation.thread(root).timeline()))
    }

    /// Searches messages, here and at the server, as one live list.
    pub fn search(&self, query: SearchQuery) -> Result<Arc<SearchHandle>, CommandError> {
        Ok(SearchHandle::of(self.client.search(query.into())))
    }

    /// What the outbox holds, live.
    pub fn watch_outbox(&self) -> Result<Arc<OutboxWatcher>, CommandError> {
        Ok(OutboxWatcher::of(self.client.outbox()))
    }

    /// Says that the user pressed a key.
    pub fn keystroke(&self, conversation: ConversationId) -> Result<(), CommandError> {
        self.client.conversation(&conversation).keystroke();
        Ok(())
    }

    /// Says that the user has stopped typing.
    pub fn stop_typing(&self, conversation: ConversationId) -> Result<(), CommandError> {
        self.client.conversation(&conversation).stop_typing();
        Ok(())
    }

    /// The other users who are typing, live.
    pub fn watch_typing(
        &self,
        conversation: ConversationId,
    ) -> Result<Arc<TypingWatcher>, CommandError> {
        let conversation = self.client.conversation(&conversation);
        Ok(TypingWatcher::of(conversation.typing_users()))
    }

    /// Tries a failed operation again.
    pub async fn retry(&self, operation: OperationKey) -> Result<(), CommandError> {
        Ok(self.client.outbox().retry(operation).await?)
    }

    /// Gives up a message whether it was sent or not: one that may be at the server is deleted for everyone, once
    /// that is known.
    pub async fn discard_or_delete(&self, operation: OperationKey) -> Result<(), CommandError> {
        Ok(self.client.outbox().discard_or_delete(operation).await?)
    }

    /// Gives up an operation that is pending or failed, and that is certainly not at the server.
    pub async fn discard(&self, operation: OperationKey) -> Result<(), CommandError> {
        Ok(self.client.outbox().discard(operation).await?)
    }

    /// Passes on what the platform says about the network.
    pub fn set_network(&self, network: NetworkState) -> Result<(), CommandError> {
        self.client.set_network(network.into());
        Ok(())
    }

    /// Passes on whether the app is on the screen.
    pub fn set_app_state(&self, app: AppState) -> Result<(), CommandError> {
        self.client.set_app_state(app.into());
        Ok(())
    }

    /// Lets go of the store without ending.
    pub async fn suspend(&self) -> Result<(), CommandError> {
        self.client.suspend().await;
        Ok(())
    }

    /// Opens the store again after a suspension.
    pub async fn resume(&self) -> Result<(), CommandError> {
        self.client.resume().await;
        Ok(())
    }

    /// Ends the client, and returns when the store can be opened again.
    pub async fn shut_down(&self) -> Result<(), CommandError> {
        self.client.close().await;
        Ok(())
    }

    /// Begins to end the client, and returns at once.
    pub fn begin_to_close(&self) -> Result<(), CommandError> {
        // The first poll says stop; nobody waits for the end.
        let _ = self.client.close().now_or_never();
        Ok(())
    }
}

/// Makes a new store in place of a damaged one.
#[uniffi::export]
pub fn rebuild_store(path: String) -> Result<Salvage, RebuildError> {
    Ok(fulmar::rebuild_store(path)?.into())
}

/// Ends every client of this process, and returns when none of their threads calls into the other language any more;
/// no client can be opened afterwards. For the very end of a process.
#[uniffi::export]
pub fn end_all_clients() -> Result<(), CommandError> {
    fulmar::end_all_clients();
    Ok(())
}

/// A panic that tests plant, to see it arrive as an error on the other side.
#[cfg(feature = "defects")]
#[allow(clippy::panic)]
fn planted(text: &str) {
    assert!(text != "panic-please", "planted");
}

#[cfg(not(feature = "defects"))]
fn planted(_text: &str) {}

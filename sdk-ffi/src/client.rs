//! The client and its conversations.

use std::sync::Arc;

use fulmar::{NetworkState, SessionState, Unsent};

use crate::{FulmarError, Timeline};

/// One account on this device: its store, its session, its connection.
#[derive(Debug, uniffi::Object)]
pub struct Client {
    client: fulmar::Client,
}

#[uniffi::export]
impl Client {
    /// Opens the store at `path`, takes up what was left in it, and starts connecting when somebody
    /// is signed in. Does not wait for the network.
    #[uniffi::constructor]
    pub async fn open(server: String, path: String) -> Result<Arc<Self>, FulmarError> {
        let client = fulmar::Client::builder(server, path).build().await?;
        Ok(Arc::new(Self { client }))
    }

    /// Signs in with a password. Needs the network.
    pub async fn login(&self, user_id: String, password: String) -> Result<(), FulmarError> {
        Ok(self.client.login(user_id, password).await?)
    }

    /// Signs out and wipes the store; fails with `Unsent` when something is unsent.
    pub async fn logout(&self) -> Result<(), FulmarError> {
        Ok(self.client.logout(Unsent::Refuse).await?)
    }

    /// Signs out and wipes the store, with what is unsent in it.
    pub async fn logout_and_discard(&self) -> Result<(), FulmarError> {
        Ok(self.client.logout(Unsent::Discard).await?)
    }

    /// Who is signed in.
    pub fn user_id(&self) -> Result<Option<String>, FulmarError> {
        Ok(match self.client.session() {
            SessionState::SignedIn { user_id } => Some(user_id.into()),
            SessionState::SignedOut | SessionState::Ended { .. } => None,
        })
    }

    /// The conversation with one other person; creates it when there is none. Works offline.
    pub async fn create_direct(&self, with: String) -> Result<Arc<Conversation>, FulmarError> {
        let conversation = self.client.create_direct(with).await?;
        Ok(Arc::new(Conversation { conversation }))
    }

    /// A handle for a conversation.
    pub fn conversation(&self, id: String) -> Result<Arc<Conversation>, FulmarError> {
        let conversation = self.client.conversation(&fulmar::ConversationId::new(id)?);
        Ok(Arc::new(Conversation { conversation }))
    }

    /// Tries a failed operation again.
    pub async fn retry(&self, key: String) -> Result<(), FulmarError> {
        Ok(self.client.retry(key.parse()?).await?)
    }

    /// Gives up an operation that is pending or failed.
    pub async fn discard(&self, key: String) -> Result<(), FulmarError> {
        Ok(self.client.discard(key.parse()?).await?)
    }

    /// The platform says that there is a network.
    pub fn network_available(&self) -> Result<(), FulmarError> {
        self.client.set_network(NetworkState::Available);
        Ok(())
    }

    /// The platform says that there is no network.
    pub fn network_unavailable(&self) -> Result<(), FulmarError> {
        self.client.set_network(NetworkState::Unavailable);
        Ok(())
    }

    /// Ends the client; the store can be opened again when this returns.
    pub async fn close(&self) -> Result<(), FulmarError> {
        self.client.close().await;
        Ok(())
    }
}

/// One conversation.
#[derive(Debug, uniffi::Object)]
pub struct Conversation {
    conversation: fulmar::Conversation,
}

#[uniffi::export]
impl Conversation {
    /// The id by which it was asked for.
    pub fn id(&self) -> Result<String, FulmarError> {
        Ok(self.conversation.id().to_string())
    }

    /// Sends a message, and gives its key. Durable when this returns; the network is not waited for.
    pub async fn send(&self, text: String) -> Result<String, FulmarError> {
        Ok(self.conversation.send(text).await?.to_string())
    }

    /// The messages, live.
    pub fn timeline(&self) -> Result<Arc<Timeline>, FulmarError> {
        Ok(Arc::new(Timeline::new(self.conversation.timeline())))
    }
}

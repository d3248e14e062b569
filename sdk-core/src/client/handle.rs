//! A client: one account on this device.

use std::sync::Arc;

use fulmar_engine::query::ConversationFilter;
use fulmar_engine::{AppState, Input, NetworkState, SessionState};
use fulmar_protocol::{ConversationId, SearchQuery};

use super::{
    Account, ConnectionWatch, Conversation, ConversationList, Outbox, Search, SessionWatch,
};
use crate::runtime::Runtime;

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
    /// The account of the user who is signed in: their sessions, and what others see of them.
    #[must_use]
    pub fn account(&self) -> Account {
        Account::new(Arc::clone(&self.runtime))
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
        self.filtered_conversations(ConversationFilter::default())
    }

    /// The conversations that a filter lets through, as a live query: those in the archive, those with
    /// something unread, those of a kind.
    #[must_use]
    pub fn filtered_conversations(&self, filter: ConversationFilter) -> ConversationList {
        ConversationList::new(Arc::clone(&self.runtime), filter)
    }

    /// A handle for a conversation. Looks nothing up: commands on a conversation that is not here
    /// say so, and its timeline is empty until it is.
    #[must_use]
    pub fn conversation(&self, id: &ConversationId) -> Conversation {
        Conversation::new(Arc::clone(&self.runtime), id.clone())
    }

    pub(super) fn of(runtime: Arc<Runtime>) -> Self {
        Self { runtime }
    }

    pub(super) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(super) fn shared_runtime(&self) -> Arc<Runtime> {
        Arc::clone(&self.runtime)
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
    ///
    /// [`CommandError::Unreachable`]: crate::CommandError::Unreachable
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
    ///
    /// The client's thread has ended, too, so that the process may end at once. The last poll of this future
    /// joins it, which blocks for as long as that thread needs to wake those who wait.
    ///
    /// [`CommandError::Closed`]: crate::CommandError::Closed
    pub async fn close(&self) {
        self.runtime.close().await;
    }
}

//! Live queries that are pulled from the other side, and can be closed from there.

use std::sync::Arc;

use fulmar::UserId;
use tokio::sync::{Mutex, watch};

use crate::{
    ConnectionState, ConversationItem, ConversationListChange, DownloadProgress, OutboxChange,
    ParticipantListChange, PinnedMessagesChange, Presence, SessionState, TimelineChange,
    WatchError,
};
use crate::{SearchChange, diagnostics::Counted};

/// A live query with an end.
#[derive(Debug)]
struct Pulled<T> {
    /// `None` once it is closed, so that nothing of it is left in the core.
    query: Mutex<Option<T>>,
    closed: watch::Sender<bool>,
    counted: std::sync::Mutex<Option<Counted>>,
}

impl<T: Send + 'static> Pulled<T> {
    fn new(query: T) -> Self {
        Self {
            query: Mutex::new(Some(query)),
            closed: watch::Sender::new(false),
            counted: std::sync::Mutex::new(Some(Counted::watcher())),
        }
    }

    /// What the query gives next, or `Closed` as soon as it is.
    async fn next<R>(
        &self,
        pull: impl AsyncFnOnce(&mut T) -> Result<R, fulmar::WatchError>,
    ) -> Result<R, WatchError> {
        let mut closed = self.closed.subscribe();
        let pulled = async {
            match &mut *self.query.lock().await {
                Some(query) => Ok(pull(query).await?),
                None => Err(WatchError::Closed),
            }
        };
        tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => Err(WatchError::Closed),
            outcome = pulled => outcome,
        }
    }

    fn end(&self) {
        self.closed.send_replace(true);
        // Held by a `next` that is just ending: then it goes with the last reference.
        if let Ok(mut query) = self.query.try_lock() {
            query.take();
        }
        if let Ok(mut counted) = self.counted.lock() {
            counted.take();
        }
    }
}

macro_rules! watcher {
    ($(#[$doc:meta])* $name:ident, $query:ty, $given:ty, $pull:expr) => {
        $(#[$doc])*
        #[derive(Debug, uniffi::Object)]
        pub struct $name(Pulled<$query>);

        impl $name {
            pub(crate) fn of(query: $query) -> Arc<Self> {
                Arc::new(Self(Pulled::new(query)))
            }
        }

        #[uniffi::export]
        impl $name {
            /// Waits for what is new, and gives it; the first time what there is, at once. Ends with
            /// `Closed` when this watcher or the client is closed.
            pub async fn next(&self) -> Result<$given, WatchError> {
                self.0.next($pull).await
            }

            /// Ends the waiting, now and from now on, and lets go of the query.
            pub fn end(&self) {
                self.0.end();
            }
        }
    };
}

fn each<A, B: From<A>>(changes: Vec<A>) -> Vec<B> {
    changes.into_iter().map(B::from).collect()
}

watcher! {
    /// The messages of a conversation, live.
    TimelineWatcher, fulmar::Timeline, Vec<TimelineChange>,
    async |timeline: &mut fulmar::Timeline| timeline.next().await.map(each)
}
watcher! {
    /// The list of conversations, live.
    ConversationListWatcher, fulmar::ConversationList, Vec<ConversationListChange>,
    async |list: &mut fulmar::ConversationList| list.next().await.map(each)
}
watcher! {
    /// One conversation, live.
    ConversationWatcher, fulmar::ConversationWatch, Option<ConversationItem>,
    async |watch: &mut fulmar::ConversationWatch| Ok(watch.next().await?.map(Into::into))
}
watcher! {
    /// Who takes part in a conversation, live.
    ParticipantListWatcher, fulmar::ParticipantList, Vec<ParticipantListChange>,
    async |list: &mut fulmar::ParticipantList| list.next().await.map(each)
}
watcher! {
    /// The pinned messages of a conversation, live.
    PinnedMessagesWatcher, fulmar::PinnedMessages, Vec<PinnedMessagesChange>,
    async |list: &mut fulmar::PinnedMessages| list.next().await.map(each)
}
watcher! {
    /// What the outbox holds, live.
    OutboxWatcher, fulmar::Outbox, Vec<OutboxChange>,
    async |outbox: &mut fulmar::Outbox| outbox.next().await.map(each)
}
watcher! {
    /// What a search finds, live.
    SearchWatcher, fulmar::Search, Vec<SearchChange>,
    async |search: &mut fulmar::Search| search.next().await.map(each)
}
watcher! {
    /// A file that comes, live; ends when it is here.
    DownloadWatcher, fulmar::Download, DownloadProgress, crate::attachments::next
}
watcher! {
    /// Whether somebody is there, live.
    PresenceWatcher, fulmar::PresenceWatch, Presence,
    async |presence: &mut fulmar::PresenceWatch| presence.next().await.map(Into::into)
}
watcher! {
    /// The other users who are typing, live.
    TypingWatcher, fulmar::TypingWatch, Vec<UserId>,
    async |typing: &mut fulmar::TypingWatch| typing.next().await
}
watcher! {
    /// The connection, live.
    ConnectionWatcher, fulmar::ConnectionWatch, ConnectionState,
    async |connection: &mut fulmar::ConnectionWatch| connection.next().await.map(Into::into)
}
watcher! {
    /// Who is signed in, live.
    SessionWatcher, fulmar::SessionWatch, SessionState,
    async |session: &mut fulmar::SessionWatch| session.next().await.map(Into::into)
}

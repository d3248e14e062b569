//! What the user did and the server has not confirmed, live.

use std::sync::Arc;

use fulmar_engine::query::{Change, OutboxItem, outbox};
use fulmar_engine::{Command, CommandError, Topic};
use fulmar_protocol::OperationKey;
use futures_core::Stream;

use super::arguments::new_operation_key;
use super::live::Live;
use crate::error::WatchError;
use crate::runtime::Runtime;

/// A live list of every operation that the server has not confirmed, in the order in which they were
/// handed over, and of those that it refused: what, since when, how often it was tried, what it waits
/// for, and why it failed. Of the changes that were refused the newest 100 are kept.
#[derive(Debug)]
pub struct Outbox {
    live: Live<OutboxItem>,
}

impl Outbox {
    pub(super) fn new(runtime: Arc<Runtime>) -> Self {
        Self {
            live: Live::new(runtime, Some(Topic::Conversations)),
        }
    }

    /// Waits for changes and gives them; the first time a [`Change::Reset`] at once. Applied in
    /// order they turn what this list gave before into [`Outbox::items`]. Never empty. Reads the
    /// device only. Safe to cancel: nothing is skipped.
    ///
    /// # Errors
    /// [`WatchError::Closed`] when the client is; [`WatchError::Store`] when this read failed.
    pub async fn next(&mut self) -> Result<Vec<Change<OutboxItem>>, WatchError> {
        loop {
            self.live.changed().await?;
            let policy = self.live.runtime.failure_policy;
            let items = self
                .live
                .read(move |readers| readers.read(|reader| outbox(reader, policy)))
                .await?;
            let changes = self.live.show(items, |item| item.operation);
            if !changes.is_empty() {
                return Ok(changes);
            }
        }
    }

    /// What the changes given so far add up to.
    #[must_use]
    pub fn items(&self) -> &[OutboxItem] {
        self.live.items()
    }

    /// The same as a stream, which ends when the client is closed or the store cannot be read.
    pub fn into_stream(self) -> impl Stream<Item = Vec<Change<OutboxItem>>> + Send {
        futures_util::stream::unfold(self, |mut list| async {
            let changes = list.next().await.ok()?;
            Some((changes, list))
        })
    }

    /// Tries a failed operation again, under the same key, in its old place. Does not wait for the
    /// network.
    ///
    /// # Errors
    /// [`CommandError::NoSuchOperation`], [`CommandError::WrongState`] when it has not failed.
    pub async fn retry(&self, operation: OperationKey) -> Result<(), CommandError> {
        let command = Command::Retry {
            operation_key: operation,
        };
        self.live.runtime.command(command).await.map(|_| ())
    }

    /// Gives up an operation that waits or has failed: a message disappears, a change is not made. With
    /// the creation of a conversation go the messages that wait for it; replies in the thread of a message
    /// that is given up fail with [`FailureReason::RootGivenUp`]. Does not wait for the network.
    ///
    /// # Errors
    /// [`CommandError::NoSuchOperation`], [`CommandError::MayBeSent`] when it was handed to the network and no
    /// answer came: it may be at the server, so it stays. See [`discard_or_delete`](Self::discard_or_delete).
    ///
    /// [`FailureReason::RootGivenUp`]: crate::FailureReason::RootGivenUp
    pub async fn discard(&self, operation: OperationKey) -> Result<(), CommandError> {
        let command = Command::Discard {
            operation_key: operation,
            delete_key: None,
        };
        self.live.runtime.command(command).await.map(|_| ())
    }

    /// Gives up a message whether it was sent or not: one that may be at the server is deleted for everyone,
    /// once that is known. Does not wait for the network.
    ///
    /// # Errors
    /// [`CommandError::NoSuchOperation`]; [`CommandError::MayBeSent`] for what is no message;
    /// [`CommandError::Unsupported`] when it may be at a server that deletes nothing (PROTOCOL.md §10.2).
    pub async fn discard_or_delete(&self, operation: OperationKey) -> Result<(), CommandError> {
        let command = Command::Discard {
            operation_key: operation,
            delete_key: Some(new_operation_key()?),
        };
        self.live.runtime.command(command).await.map(|_| ())
    }
}

//! The pinned messages of a conversation, live.

use std::sync::Arc;

use fulmar_engine::Topic;
use fulmar_engine::query::{Change, MessageItem, pinned_messages};
use fulmar_protocol::ConversationId;
use futures_core::Stream;

use super::live::Live;
use crate::error::WatchError;
use crate::runtime::Runtime;

/// A live list of the messages that are pinned in a conversation, the newest pin first, whether they are old or new:
/// they come with the conversation. [`MessageItem::pinned`] says who pinned each, and when. A message that is about
/// to be pinned or unpinned is shown as if that was done. PROTOCOL.md §4.9.
#[derive(Debug)]
pub struct PinnedMessages {
    live: Live<MessageItem>,
    id: ConversationId,
}

impl PinnedMessages {
    pub(super) fn new(runtime: Arc<Runtime>, id: ConversationId) -> Self {
        Self {
            live: Live::new(runtime, None),
            id,
        }
    }

    /// Waits for changes and gives them; the first time a [`Change::Reset`] at once. Applied in
    /// order they turn what this list gave before into [`PinnedMessages::items`]. Never empty. Reads
    /// the device only. Safe to cancel: nothing is skipped.
    ///
    /// # Errors
    /// [`WatchError::Closed`] when the client is; [`WatchError::Store`] when this read failed.
    pub async fn next(&mut self) -> Result<Vec<Change<MessageItem>>, WatchError> {
        loop {
            self.live.changed().await?;
            let id = self.id.clone();
            let snapshot = self
                .live
                .read(move |readers| readers.read(|reader| pinned_messages(reader, &id)))
                .await?;
            // A draft that turned out to be an existing conversation has its rows elsewhere now, and so has one
            // that went and came back.
            let moved = self
                .live
                .set_topic(snapshot.conversation.map(Topic::Timeline));
            let changes = self.live.show(snapshot.messages, |message| message.key);
            if moved {
                self.live.make_stale();
            }
            if !changes.is_empty() {
                return Ok(changes);
            }
        }
    }

    /// What the changes given so far add up to.
    #[must_use]
    pub fn items(&self) -> &[MessageItem] {
        self.live.items()
    }

    /// The same as a stream, which ends when the client is closed or the store cannot be read.
    pub fn into_stream(self) -> impl Stream<Item = Vec<Change<MessageItem>>> + Send {
        futures_util::stream::unfold(self, |mut list| async {
            let changes = list.next().await.ok()?;
            Some((changes, list))
        })
    }
}

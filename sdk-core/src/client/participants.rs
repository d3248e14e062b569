//! Who takes part in a conversation, live.

use std::sync::Arc;

use fulmar_engine::Topic;
use fulmar_engine::query::{Change, participants};
use fulmar_protocol::{ConversationId, Participant};
use futures_core::Stream;

use super::live::Live;
use crate::error::WatchError;
use crate::runtime::Runtime;

/// A live list of the people of a conversation, by their ids: what they may do, and how far each has
/// come. Somebody who is about to be added or removed is shown as if that was done.
#[derive(Debug)]
pub struct ParticipantList {
    live: Live<Participant>,
    id: ConversationId,
}

impl ParticipantList {
    pub(super) fn new(runtime: Arc<Runtime>, id: ConversationId) -> Self {
        Self {
            live: Live::new(runtime, None),
            id,
        }
    }

    /// Waits for changes and gives them; the first time a [`Change::Reset`] at once. Applied in
    /// order they turn what this list gave before into [`ParticipantList::items`]. Never empty. Reads
    /// the device only. Safe to cancel: nothing is skipped.
    ///
    /// # Errors
    /// [`WatchError::Closed`] when the client is; [`WatchError::Store`] when this read failed.
    pub async fn next(&mut self) -> Result<Vec<Change<Participant>>, WatchError> {
        loop {
            self.live.changed().await?;
            let id = self.id.clone();
            let snapshot = self
                .live
                .read(move |readers| readers.read(|reader| participants(reader, &id)))
                .await?;
            // A draft that turned out to be an existing conversation has its rows elsewhere now, and so has one
            // that went and came back.
            let moved = self
                .live
                .set_topic(snapshot.conversation.map(Topic::Timeline));
            let changes = self.live.show(snapshot.participants, |participant| {
                participant.user_id.clone()
            });
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
    pub fn items(&self) -> &[Participant] {
        self.live.items()
    }

    /// The same as a stream, which ends when the client is closed or the store cannot be read.
    pub fn into_stream(self) -> impl Stream<Item = Vec<Change<Participant>>> + Send {
        futures_util::stream::unfold(self, |mut list| async {
            let changes = list.next().await.ok()?;
            Some((changes, list))
        })
    }
}

//! Events that could not be understood, tried again by a version that may.

use fulmar_protocol::{EventData, LogId, Message, Seq, Timestamp};

use super::apply::{Applying, VERSION};
use super::{Sync, SyncNews};
use crate::facts::Own;
use crate::store::{Result, conversations, quarantine, unreadable};
use crate::tx::Tx;

/// How long a message that could not be read is not asked for again by the same version.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Sync {
    /// Tries the events again that an older version could not understand. An event of another log is
    /// nobody's any more. What happened after an event of this log may have overtaken it: a message says by
    /// its revision whether it is old, of anything else the server is asked for what is so now; such an event
    /// stays until the snapshot has come, because this process may end before.
    pub(crate) fn retry_quarantine(
        &mut self,
        tx: &mut Tx<'_>,
        own: Own<'_>,
    ) -> Result<Vec<SyncNews>> {
        let mut news = self.retry_unreadable(tx, own)?;
        for (log_id, event) in quarantine::untried(&tx.db, VERSION)? {
            if self.log_id.as_ref() != Some(&log_id) {
                quarantine::remove(&tx.db, &log_id, event.seq)?;
                continue;
            }
            let mut applying = Applying::new(tx, own);
            let outcome = match event.read() {
                Ok(data) if is_revised(&data) => applying.apply(data)?,
                Ok(_) => {
                    self.need_snapshot();
                    continue;
                }
                Err(reason) => Err(reason),
            };
            news.append(&mut applying.news);
            match outcome {
                Ok(()) => quarantine::remove(&tx.db, &log_id, event.seq)?,
                Err(reason) => {
                    quarantine::add(&tx.db, &log_id, &event, &reason.to_string(), VERSION)?;
                }
            }
        }
        Ok(news)
    }

    /// The same for messages and conversations of answers. A conversation says nothing of when it was told, so
    /// the server is asked for what is so now.
    fn retry_unreadable(&mut self, tx: &mut Tx<'_>, own: Own<'_>) -> Result<Vec<SyncNews>> {
        let now = tx.now.wall;
        let yesterday = Timestamp(now.0.saturating_sub(DAY_MS));
        unreadable::forget_messages_before(&tx.db, yesterday, now)?;
        let mut applying = Applying::new(tx, own);
        for row in unreadable::untried(&applying.tx.db, VERSION)? {
            let Some(conversation) = row.conversation else {
                self.need_snapshot();
                continue;
            };
            let Some(data) = row.data else {
                // It was too long to be kept, and is fetched when somebody looks.
                unreadable::remove(&applying.tx.db, row.key)?;
                continue;
            };
            let (tried, id) = (
                applying.tried(),
                conversations::server_id(&applying.tx.db, conversation)?,
            );
            match serde_json::from_str::<Message>(&data) {
                Ok(message) if id.as_ref() == Some(&message.conversation_id) => {
                    applying.message_of_answer(conversation, &message)?;
                    unreadable::remove(&applying.tx.db, row.key)?;
                }
                Ok(_) => unreadable::remove(&applying.tx.db, row.key)?,
                Err(_) => unreadable::set_tried(&applying.tx.db, row.key, tried)?,
            }
        }
        Ok(applying.news)
    }

    /// A snapshot has come: what waited for it is in it.
    pub(super) fn snapshot_replaces_quarantine(tx: &Tx<'_>, log: &LogId, up_to: Seq) -> Result<()> {
        for (log_id, event) in quarantine::untried(&tx.db, VERSION)? {
            if log_id != *log || event.seq <= up_to {
                quarantine::remove(&tx.db, &log_id, event.seq)?;
            }
        }
        Ok(())
    }
}

/// Whether an event carries a revision, by which an older telling is known.
fn is_revised(data: &EventData) -> bool {
    match data {
        EventData::MessageCreated(_) | EventData::MessageUpdated(_) => true,
        EventData::ConversationCreated(_)
        | EventData::ConversationUpdated(_)
        | EventData::ConversationRemoved(_)
        | EventData::ParticipantsAdded(_)
        | EventData::ParticipantRemoved(_)
        | EventData::ParticipantUpdated(_)
        | EventData::ReceiptUpdated(_)
        | EventData::UserUpdated(_)
        | EventData::BlocksUpdated(_)
        | EventData::SettingsUpdated(_) => false,
    }
}

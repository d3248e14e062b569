//! Events that could not be understood, tried again by a version that may.

use fulmar_protocol::{EventData, LogId, Seq};

use super::apply::{Applying, VERSION};
use super::{Sync, SyncNews};
use crate::facts::Own;
use crate::store::{Result, quarantine};
use crate::tx::Tx;

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
        let mut news = Vec::new();
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

//! The inbox: what the server says, written into the store.
//!
//! Everything here is idempotent, because outcome and event tell the same thing and either may come
//! first, twice, or after a crash. What cannot be understood goes to quarantine and stops nothing.

pub(crate) mod follow;

use fulmar_protocol::{Conversation, Event, EventData, Message, ReceiptUpdated, Unreadable};

use crate::outbox::transition::Happening;
use crate::store::{ConversationKey, Result, conversations, messages, operations, quarantine};
use crate::turn::Turn;

/// Which version of this module has tried an event; a newer one tries again.
const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Turn<'_> {
    fn apply_or_quarantine(&mut self, event: &Event) -> Result<()> {
        if let Err(reason) = self.apply(event)? {
            tracing::warn!(seq = event.seq.0, kind = %event.kind, %reason, "event quarantined");
            let log_id = self.brain.account.log_id.clone();
            if let Some(log_id) = log_id {
                quarantine::add(&self.db, &log_id, event, &reason.to_string(), VERSION)?;
            }
        }
        Ok(())
    }

    /// Tries the events again that an older version could not understand.
    pub(crate) fn retry_quarantine(&mut self) -> Result<()> {
        for (log_id, event) in quarantine::untried(&self.db, VERSION)? {
            let current = self.brain.account.log_id.as_ref() == Some(&log_id);
            match self.apply(&event)? {
                // A snapshot of another log contains whatever the event said.
                _ if !current => quarantine::remove(&self.db, &log_id, event.seq)?,
                Ok(()) => quarantine::remove(&self.db, &log_id, event.seq)?,
                Err(reason) => {
                    quarantine::add(&self.db, &log_id, &event, &reason.to_string(), VERSION)?;
                }
            }
        }
        Ok(())
    }

    fn apply(&mut self, event: &Event) -> Result<std::result::Result<(), Unreadable>> {
        let data = match event.read() {
            Ok(data) => data,
            Err(reason) => return Ok(Err(reason)),
        };
        match data {
            EventData::ConversationCreated(view) => {
                self.store_conversation(&view)?;
                Ok(Ok(()))
            }
            EventData::MessageCreated(message) => self.message_created(&message),
            EventData::ReceiptUpdated(receipt) => self.receipt_updated(&receipt),
        }
    }

    /// Writes a conversation with the messages that came with it.
    fn store_conversation(&mut self, view: &Conversation) -> Result<ConversationKey> {
        let own = self.brain.account.user_id.clone();
        let key = conversations::upsert(&self.db, view, own.as_ref())?;
        for message in &view.messages {
            if message.conversation_id == view.conversation_id {
                self.store_message(key, message)?;
            }
        }
        self.touch(key);
        Ok(key)
    }

    /// Writes a message that the server has. If it was one of ours in the outbox, it is confirmed.
    pub(crate) fn store_message(
        &mut self,
        conversation: ConversationKey,
        message: &Message,
    ) -> Result<()> {
        messages::upsert_confirmed(&self.db, conversation, message)?;
        if let Some(row) = operations::find(&self.db, message.operation_key)? {
            self.touch(row.lane);
            self.transition(&row, Happening::Confirmed, None)?;
        }
        self.touch(conversation);
        Ok(())
    }

    fn message_created(
        &mut self,
        message: &Message,
    ) -> Result<std::result::Result<(), Unreadable>> {
        let Some(key) = conversations::find(&self.db, &message.conversation_id)? else {
            return Ok(Err(Unreadable::Malformed(
                "a message of a conversation that is not here".to_owned(),
            )));
        };
        self.store_message(key, message)?;
        let own = self.brain.account.user_id.as_ref() == Some(&message.sender_id);
        conversations::advance_head(&self.db, key, message.position, !own)?;
        Ok(Ok(()))
    }

    fn receipt_updated(
        &mut self,
        receipt: &ReceiptUpdated,
    ) -> Result<std::result::Result<(), Unreadable>> {
        let Some(key) = conversations::find(&self.db, &receipt.conversation_id)? else {
            return Ok(Err(Unreadable::Malformed(
                "a receipt of a conversation that is not here".to_owned(),
            )));
        };
        conversations::advance_receipt(
            &self.db,
            key,
            &receipt.user_id,
            receipt.delivered_to,
            receipt.read_to,
        )?;
        if self.brain.account.user_id.as_ref() == Some(&receipt.user_id) {
            conversations::advance_own_read(&self.db, key, receipt.read_to, receipt.unread_count)?;
        }
        self.touch(key);
        Ok(Ok(()))
    }
}

//! The inbox: what the server says, written into the store.
//!
//! Everything here is idempotent, because outcome and event tell the same thing and either may come
//! first, twice, or after a crash. What cannot be understood goes to quarantine and stops nothing.

pub(crate) mod follow;

use fulmar_protocol::{
    Conversation, ConversationId, Event, EventData, Message, ReceiptUpdated, Unreadable, UserId,
};
use rusqlite::Connection;

use crate::outbox::transition::Happening;
use crate::store::{
    ConversationKey, Result, conversations, messages, operations, participants, quarantine,
    reading, runs,
};
use crate::store::{blocked, reading::Counts};
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
                let key = self.store_conversation(&view)?;
                self.delivered(key);
                Ok(Ok(()))
            }
            EventData::MessageCreated(message) => self.message_created(&message),
            EventData::MessageUpdated(message) => {
                if let Some(unread) = event.unread()
                    && let Some(key) = conversations::find(&self.db, &message.conversation_id)?
                {
                    reading::tell_unread(&self.db, key, unread)?;
                }
                self.message_updated(&message)
            }
            EventData::ReceiptUpdated(receipt) => self.receipt_updated(&receipt),
            EventData::UserUpdated(user) => {
                for key in participants::set_profile(&self.db, &user)? {
                    self.touch(key);
                }
                Ok(Ok(()))
            }
            EventData::BlocksUpdated(list) => {
                self.blocks_updated(&list.user_ids)?;
                Ok(Ok(()))
            }
            EventData::ConversationRemoved(removed) => {
                if let Some(key) = conversations::find(&self.db, &removed.conversation_id)? {
                    conversations::remove_unless_unsent(&self.db, key)?;
                    self.touch_or_vanish(key)?;
                }
                Ok(Ok(()))
            }
            EventData::ConversationUpdated(updated) => self
                .in_conversation(&updated.conversation_id, |db, key| {
                    conversations::set_server_profile(db, key, &updated.profile)
                }),
            EventData::SettingsUpdated(updated) => self
                .in_conversation(&updated.conversation_id, |db, key| {
                    conversations::set_server_settings(db, key, &updated.settings)
                }),
            EventData::ParticipantsAdded(added) => {
                self.in_conversation(&added.conversation_id, |db, key| {
                    added
                        .participants
                        .iter()
                        .try_for_each(|participant| participants::insert(db, key, participant))
                })
            }
            EventData::ParticipantRemoved(removed) => self
                .in_conversation(&removed.conversation_id, |db, key| {
                    participants::remove(db, key, &removed.user_id)
                }),
            EventData::ParticipantUpdated(updated) => self
                .in_conversation(&updated.conversation_id, |db, key| {
                    participants::set_role(db, key, &updated.user_id, updated.role)
                }),
        }
    }

    pub(crate) fn blocks_updated(&mut self, users: &[UserId]) -> Result<()> {
        for key in blocked::set(&self.db, users)? {
            self.touch(key);
        }
        Ok(())
    }

    /// Writes something about a conversation that is here.
    fn in_conversation(
        &mut self,
        id: &ConversationId,
        write: impl FnOnce(&Connection, ConversationKey) -> Result<()>,
    ) -> Result<std::result::Result<(), Unreadable>> {
        let Some(key) = conversations::find(&self.db, id)? else {
            return Ok(Err(Unreadable::Malformed(
                "about a conversation that is not here".to_owned(),
            )));
        };
        write(&self.db, key)?;
        self.touch(key);
        Ok(Ok(()))
    }

    /// A conversation may have been removed, or may only have changed.
    pub(crate) fn touch_or_vanish(&mut self, key: ConversationKey) -> Result<()> {
        match conversations::exists(&self.db, key)? {
            true => self.touch(key),
            false => self.vanish(key),
        }
        Ok(())
    }

    /// Writes a conversation with the messages that came with it. If some message changed while nobody
    /// told this device, only those are certain: the others go.
    fn store_conversation(&mut self, view: &Conversation) -> Result<ConversationKey> {
        let seen = match conversations::find(&self.db, &view.conversation_id)? {
            Some(key) => conversations::revision(&self.db, key)?,
            None => view.revision,
        };
        match seen == view.revision {
            true => self.write_conversation(view),
            false => self.store_conversation_anew(view),
        }
    }

    /// The same when nothing that was here before is certain.
    fn store_conversation_anew(&mut self, view: &Conversation) -> Result<ConversationKey> {
        let key = self.write_conversation(view)?;
        self.outdate_pages();
        let from = view.messages.first().map(|message| message.position);
        let from = from.unwrap_or(view.last_position.next());
        messages::delete_before(&self.db, key, from)?;
        Ok(key)
    }

    fn write_conversation(&mut self, view: &Conversation) -> Result<ConversationKey> {
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

    /// Writes a message that a page, a snapshot or a change told of.
    pub(crate) fn store_message(
        &mut self,
        conversation: ConversationKey,
        message: &Message,
    ) -> Result<()> {
        self.confirm(conversation, message)?;
        runs::adopt_thread(&self.db, message.operation_key)
    }

    /// Writes a message that the server has. If it was one of ours in the outbox, it is confirmed.
    fn confirm(&mut self, conversation: ConversationKey, message: &Message) -> Result<()> {
        let own = self.brain.account.user_id.clone();
        messages::upsert_confirmed(&self.db, conversation, message, own.as_ref())?;
        self.arrived();
        if let Some(root) = message.content.thread_root {
            runs::count_in_thread(&self.db, root, message)?;
        }
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
        self.confirm(key, message)?;
        let own = self.brain.account.user_id.as_ref();
        let counts = if own == Some(&message.sender_id) || message.content.notice.is_some() {
            Counts::Not
        } else if own.is_some_and(|own| message.content.mentions.contains(own)) {
            Counts::AsMention
        } else {
            Counts::AsUnread
        };
        reading::advance_head(&self.db, key, message.position, counts)?;
        conversations::advance_revision(&self.db, key, message.revision)?;
        if own != Some(&message.sender_id) {
            self.delivered(key);
            self.wrote(key, Some(&message.sender_id));
        }
        Ok(Ok(()))
    }

    /// Also a message that is not here is written: so a page of history that was asked for before it
    /// changed cannot bring back what it was.
    fn message_updated(
        &mut self,
        message: &Message,
    ) -> Result<std::result::Result<(), Unreadable>> {
        let Some(key) = conversations::find(&self.db, &message.conversation_id)? else {
            return Ok(Err(Unreadable::Malformed(
                "a message of a conversation that is not here".to_owned(),
            )));
        };
        self.store_message(key, message)?;
        conversations::advance_revision(&self.db, key, message.revision)?;
        Ok(Ok(()))
    }

    fn receipt_updated(
        &mut self,
        receipt: &ReceiptUpdated,
    ) -> Result<std::result::Result<(), Unreadable>> {
        let own = self.brain.account.user_id.as_ref() == Some(&receipt.user_id);
        self.in_conversation(&receipt.conversation_id, |db, key| {
            participants::advance_receipt(
                db,
                key,
                &receipt.user_id,
                receipt.delivered_to,
                receipt.read_to,
            )?;
            match own {
                true => reading::advance_own_read(db, key, receipt.read_to, receipt.unread),
                false => Ok(()),
            }
        })
    }
}

//! What the server says, written into the store, by noun.

mod conversation;
mod message;
mod participants;

use fulmar_protocol::{Conversation, Event, EventData, LogId, Message, Seq, Unreadable};

use super::{Sync, SyncNews};
use crate::defects::{self, Defect};
use crate::facts::Own;
use crate::store::unreadable::{self, Tried, UnreadableMessage};
use crate::store::{ConversationKey, LaneId, Result, conversations, quarantine, reading};
use crate::tx::Tx;

pub(super) use message::is_plausible;

/// Which version of this module has tried an event; a newer one tries again.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Whether an event could be understood. One that could not goes to quarantine.
type Understood = std::result::Result<(), Unreadable>;

/// The server's words on their way into the store, and the news that they are for others.
pub(super) struct Applying<'a, 'tx> {
    pub(super) tx: &'a mut Tx<'tx>,
    own: Own<'a>,
    pub(super) news: Vec<SyncNews>,
}

impl<'a, 'tx> Applying<'a, 'tx> {
    pub(super) fn new(tx: &'a mut Tx<'tx>, own: Own<'a>) -> Self {
        Self {
            tx,
            own,
            news: Vec::new(),
        }
    }

    /// Applies an event of a log, or puts it into quarantine.
    pub(super) fn event(&mut self, event: &Event, log_id: Option<&LogId>) -> Result<()> {
        let outcome = match event.read() {
            Ok(data) => {
                self.counts_beside(event, &data)?;
                self.apply(data)?
            }
            Err(reason) => Err(reason),
        };
        if let (Err(reason), Some(log_id)) = (outcome, log_id) {
            tracing::warn!(seq = event.seq.0, kind = %event.kind, %reason, "event quarantined");
            quarantine::add(&self.tx.db, log_id, event, &reason.to_string(), VERSION)?;
        }
        Ok(())
    }

    /// Keeps messages that could not be read, with their places.
    pub(super) fn unreadable(&mut self, messages: &[UnreadableMessage]) -> Result<()> {
        for message in messages {
            if conversations::exists(&self.tx.db, message.run.conversation)? {
                let (place, reason) = (message.place.0, &message.what.reason);
                tracing::warn!(place, %reason, "message set aside");
                unreadable::add_message(&self.tx.db, message, self.tried())?;
                self.tx.touch(message.run.conversation);
            }
        }
        Ok(())
    }

    pub(super) fn tried(&self) -> Tried {
        Tried {
            by: VERSION,
            at: self.tx.now.wall,
        }
    }

    /// The counts that come with the change of a message which was hidden (PROTOCOL.md §4.3).
    fn counts_beside(&mut self, event: &Event, data: &EventData) -> Result<()> {
        if let (Some(unread), EventData::MessageUpdated(message)) = (event.unread(), data)
            && let Some(key) = conversations::find(&self.tx.db, &message.conversation_id)?
            && !reading::is_behind_push(&self.tx.db, key)?
        {
            reading::tell_unread(&self.tx.db, key, unread)?;
        }
        Ok(())
    }

    pub(super) fn apply(&mut self, data: EventData) -> Result<Understood> {
        match data {
            EventData::ConversationCreated(view) => {
                let key = self.conversation(&view)?;
                self.news.push(SyncNews::Delivered(key));
                Ok(Ok(()))
            }
            EventData::MessageCreated(message) => self.message_created(&message),
            EventData::MessageUpdated(message)
                if message.deleted.is_some() && defects::active(Defect::KeepsDeleted) =>
            {
                Ok(Ok(()))
            }
            EventData::MessageUpdated(message) => self.message_updated(&message),
            EventData::ReceiptUpdated(receipt) => self.receipt_updated(&receipt),
            EventData::UserUpdated(user) => self.user_updated(&user),
            EventData::BlocksUpdated(_) if defects::active(Defect::BlocksUnheard) => Ok(Ok(())),
            EventData::BlocksUpdated(list) => self.blocks(&list.user_ids).map(Ok),
            EventData::ConversationRemoved(_) if defects::active(Defect::RemovedStays) => {
                Ok(Ok(()))
            }
            EventData::ConversationRemoved(removed) => {
                if let Some(key) = conversations::find(&self.tx.db, &removed.conversation_id)? {
                    self.left(key)?;
                }
                Ok(Ok(()))
            }
            EventData::ConversationUpdated(updated) => self
                .in_conversation(&updated.conversation_id, |db, key| {
                    conversations::set_server_profile(db, key, &updated.profile)
                }),
            EventData::SettingsUpdated(_) if defects::active(Defect::SettingsUnheard) => Ok(Ok(())),
            EventData::SettingsUpdated(updated) => self
                .in_conversation(&updated.conversation_id, |db, key| {
                    conversations::set_server_settings(db, key, &updated.settings)
                }),
            EventData::ParticipantsAdded(added) => self.participants_added(&added),
            EventData::ParticipantRemoved(removed) => self.participant_removed(&removed),
            EventData::ParticipantUpdated(_) if defects::active(Defect::RolesUnheard) => Ok(Ok(())),
            EventData::ParticipantUpdated(updated) => self.participant_updated(&updated),
        }
    }
}

/// What others have of the server's word outside of the log.
#[derive(Debug)]
pub(crate) enum Told {
    /// Messages of one conversation, which a page of history or an outcome brought.
    Messages(ConversationKey, Vec<Message>),
    /// Messages of a page that could not be read.
    Unreadable(Vec<UnreadableMessage>),
    /// Messages of any conversations, which a search brought.
    Anywhere(Vec<Message>),
    /// A conversation that an operation of this lane has created, and how far the log went then.
    Created(LaneId, Box<Conversation>, Seq),
    /// The users that the user has blocked.
    Blocks(Vec<fulmar_protocol::UserId>),
}

impl Sync {
    /// Writes what came with an answer.
    pub(crate) fn told(tx: &mut Tx<'_>, own: Own<'_>, told: Told) -> Result<Vec<SyncNews>> {
        let mut applying = Applying::new(tx, own);
        match told {
            Told::Messages(key, messages) => {
                for message in &messages {
                    applying.message_of_answer(key, message)?;
                }
            }
            Told::Unreadable(messages) => applying.unreadable(&messages)?,
            Told::Anywhere(messages) => {
                for message in &messages {
                    let found = conversations::find(&applying.tx.db, &message.conversation_id)?;
                    if let Some(key) = found {
                        applying.message_of_answer(key, message)?;
                    }
                }
            }
            Told::Created(lane, view, seq) => applying.created(lane, &view, seq)?,
            Told::Blocks(users) => applying.blocks(&users)?,
        }
        Ok(applying.news)
    }
}

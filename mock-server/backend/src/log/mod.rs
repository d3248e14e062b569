//! Each user's event log: the one way in which a client learns of changes (PROTOCOL.md §6).
//!
//! It owns the tables `event`, `event_body` and `event_body_logs`, and of `user` the columns `log_id` and `head`. It does
//! not know what an event means, or which users it concerns.

use std::iter;

use fulmar_protocol::{Event, EventData, LogId, Seq, SyncPage, Unread, UserId};
use serde_json::Value;

use crate::defects::{Defect, active};
use crate::error::Result;
use crate::store::log::{self, write};
use crate::tx::Tx;

/// How many events one answer of `GET /v1/sync` holds (PROTOCOL.md §6.3).
const EVENTS_PER_PAGE: u32 = 500;
/// How many events go into one frame (PROTOCOL.md §6.1).
const EVENTS_PER_FRAME: u32 = 100;

/// The event logs.
pub(crate) struct Log {
    /// How many events a log keeps.
    capacity: u64,
    /// How many bytes of them are told at once.
    event_bytes: usize,
}

/// What is after an event.
#[derive(Debug, PartialEq)]
pub(crate) enum Synced {
    Page(SyncPage),
    /// The log does not reach back that far, or is another one.
    Reset,
}

impl Log {
    pub(crate) fn new(capacity: u64, event_bytes: usize) -> Self {
        Self {
            capacity,
            event_bytes,
        }
    }

    /// Appends the same event to the logs of all these users.
    pub(crate) fn append<'u>(
        &self,
        tx: &mut Tx<'_>,
        users: impl IntoIterator<Item = &'u UserId>,
        data: &EventData,
    ) -> Result<()> {
        if is_untold(data.kind()) {
            return Ok(());
        }
        let times = if active(Defect::EventsTwice) { 2 } else { 1 };
        let users = users.into_iter();
        let users: Vec<&UserId> = users.flat_map(|user| iter::repeat_n(user, times)).collect();
        self.tell(tx, &users, data.kind(), &data.to_value())
    }

    /// Appends an event that says beside its content what is unread now (PROTOCOL.md §4.3).
    pub(crate) fn append_with_unread(
        &self,
        tx: &mut Tx<'_>,
        user: &UserId,
        data: &EventData,
        unread: Unread,
    ) -> Result<()> {
        // Its number is given by the log.
        let event = Event::new(Seq::default(), tx.now(), data).with_unread(unread);
        self.tell(tx, &[user], data.kind(), &event.data)
    }

    /// Writes down once what an event says, however many are told.
    fn tell(&self, tx: &mut Tx<'_>, users: &[&UserId], kind: &str, data: &Value) -> Result<()> {
        if users.is_empty() {
            return Ok(());
        }
        let body = write::body(tx.db(), kind, &data.to_string(), users.len())?;
        for user in users {
            write::append(tx.db(), user, tx.now(), body, self.capacity)?;
            tx.pending.notify_events.insert((*user).clone());
        }
        Ok(())
    }

    pub(crate) fn sync(
        &self,
        tx: &Tx<'_>,
        user: &UserId,
        since: Seq,
        log_id: Option<&str>,
    ) -> Result<Synced> {
        let state = log::state(tx.db(), user)?;
        let beyond = since > state.head && !active(Defect::SyncsBeyondHead);
        let since = if active(Defect::SyncsFromTheBeginning) {
            state.cut_to
        } else {
            since
        };
        if log_id != Some(state.log_id.as_str()) || since < state.cut_to || beyond {
            return Ok(Synced::Reset);
        }
        Ok(Synced::Page(SyncPage {
            events: self.after(tx, user, since, EVENTS_PER_PAGE)?,
            log_id: state.log_id,
            head: state.head,
        }))
    }

    /// What one frame tells of what is after an event.
    pub(crate) fn frame(&self, tx: &Tx<'_>, user: &UserId, since: Seq) -> Result<Vec<Event>> {
        self.after(tx, user, since, EVENTS_PER_FRAME)
    }

    fn after(&self, tx: &Tx<'_>, user: &UserId, since: Seq, most: u32) -> Result<Vec<Event>> {
        log::after(tx.db(), user, since, most, self.event_bytes)
    }

    /// Forgets the events so far: who has not seen them needs a snapshot.
    pub(crate) fn cut(&self, tx: &mut Tx<'_>, user: &UserId) -> Result<()> {
        write::cut(tx.db(), user)
    }

    /// Gives the log another name: from now on its numbers mean something else.
    pub(crate) fn rename(&self, tx: &mut Tx<'_>, user: &UserId) -> Result<LogId> {
        let log_id = new_log_id(tx)?;
        write::rename(tx.db(), user, log_id.as_str())?;
        Ok(log_id)
    }
}

/// Whether a defect keeps events of a type out of the logs.
fn is_untold(kind: &str) -> bool {
    [
        ("conversation.created", Defect::NoConversationCreated),
        ("conversation.updated", Defect::NoConversationUpdated),
        ("conversation.removed", Defect::NoConversationRemoved),
        ("message.created", Defect::NoMessageCreated),
        ("message.updated", Defect::NoMessageUpdated),
        ("settings.updated", Defect::NoSettingsUpdated),
        ("participants.added", Defect::NoParticipantsAdded),
        ("participant.removed", Defect::NoParticipantRemoved),
        ("participant.updated", Defect::NoParticipantUpdated),
        ("user.updated", Defect::NoUserUpdated),
        ("blocks.updated", Defect::NoBlocksUpdated),
        ("receipt.updated", Defect::NoReceiptUpdated),
    ]
    .into_iter()
    .any(|(untold, defect)| untold == kind && active(defect))
}

/// The name of a log that begins.
pub(crate) fn new_log_id(tx: &mut Tx<'_>) -> Result<LogId> {
    Ok(LogId::new(tx.entropy().id("log-"))?)
}

#[cfg(test)]
mod tests;

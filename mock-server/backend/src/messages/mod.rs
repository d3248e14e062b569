//! Messages: their content and all changes of it (PROTOCOL.md §4.2, §5.4, §5.7 to §5.9, §7.5, §7.6).
//!
//! It owns the tables `message`, `mention`, `reaction`, `hidden_message` and `message_version`, and the
//! two counters in `conversation`. It does not decide who may write where: it asks for a
//! [`Membership`](crate::access::Membership) or a [`Writer`](crate::access::Writer). It
//! writes no log and no file: it reports what happened as [`MessageNews`].

mod content;
mod delete;
mod edit;
mod hide;
mod history;
mod pin;
mod reactions;
mod search;
mod send;
mod told;

use std::rc::Rc;

use fulmar_protocol::{Code, ConversationId, Limits, Message, OperationKey, Unread, UserId};

pub(crate) use history::no_such_message;
pub(crate) use search::Search;
pub(crate) use told::{as_they_are_now, without_what_is_gone};

use crate::access::Membership;
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::store::counters::write::next_revision;
use crate::store::messages::{self, write};
use crate::tx::Tx;

/// The messages.
pub(crate) struct Messages {
    text_bytes: u32,
    page_size: u32,
    /// How many messages a user may send in a minute.
    per_minute: Option<u32>,
}

/// What happened to a message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum MessageNews {
    Posted(Rc<Message>),
    Changed(Box<Message>),
    /// Deleted for everyone: nothing of its content is left.
    Erased(Box<Message>),
    /// Deleted for one user; this is what they see of it.
    Hidden {
        user_id: UserId,
        message: Box<Message>,
        /// What is unread for them now, if that has changed.
        unread: Option<Unread>,
    },
}

impl Messages {
    pub(crate) fn new(limits: &Limits, per_minute: Option<u32>) -> Self {
        Self {
            text_bytes: limits.text_bytes,
            page_size: limits.page_size,
            per_minute,
        }
    }

    /// A message of this conversation that was not deleted.
    fn undeleted(
        &self,
        tx: &Tx<'_>,
        id: &ConversationId,
        key: OperationKey,
        elsewhere: Defect,
    ) -> Result<Message> {
        self.find_in(tx, id, key, elsewhere)?
            .filter(|message| message.deleted.is_none())
            .ok_or_else(not_in_conversation)
    }

    /// Refuses what is no message of this conversation, or is deleted.
    pub(crate) fn check_there(
        &self,
        tx: &Tx<'_>,
        member: &Membership,
        key: OperationKey,
        elsewhere: Defect,
    ) -> Result<()> {
        let id = member.conversation_id();
        if active(Defect::EditsDeleted) {
            let found = self.find_in(tx, id, key, elsewhere)?;
            return found.map(|_| ()).ok_or_else(not_in_conversation);
        }
        self.undeleted(tx, id, key, elsewhere).map(|_| ())
    }

    /// A message of this conversation; with that defect, of any.
    fn find_in(
        &self,
        tx: &Tx<'_>,
        id: &ConversationId,
        key: OperationKey,
        elsewhere: Defect,
    ) -> Result<Option<Message>> {
        let found = messages::find(tx.db(), key)?;
        Ok(found.filter(|message| message.conversation_id == *id || active(elsewhere)))
    }

    /// Stores a message that was changed, under its next revision.
    fn store(&self, tx: &mut Tx<'_>, mut message: Message) -> Result<Box<Message>> {
        if !active(Defect::SameRevision) {
            message.revision = next_revision(tx.db(), &message.conversation_id)?;
        }
        write::update(tx.db(), &message)?;
        Ok(Box::new(message))
    }
}

fn not_in_conversation() -> Error {
    Error::refused(
        Code::MessageNotFound,
        "There is no such message in this conversation",
    )
}

fn forbidden(title: &str) -> Error {
    Error::refused(Code::MessageForbidden, title)
}

#[cfg(test)]
mod tests;

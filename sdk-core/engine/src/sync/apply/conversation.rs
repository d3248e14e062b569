//! Conversations: told of as a whole, created by this device, and left.

use std::borrow::Cow;

use fulmar_protocol::{Conversation, ConversationId, Position, Seq, Unreadable};
use rusqlite::Connection;

use super::participants::within;
use super::{Applying, Understood, is_plausible};
use crate::defects::{self, Defect};
use crate::store::inferred::{Edge, unreadable_of};
use crate::store::runs::Run;
use crate::store::{ConversationKey, LaneId, Result, conversations, messages, unreadable};
use crate::sync::SyncNews;

impl Applying<'_, '_> {
    /// Writes something about a conversation that is here.
    pub(super) fn in_conversation(
        &mut self,
        id: &ConversationId,
        write: impl FnOnce(&Connection, ConversationKey) -> Result<()>,
    ) -> Result<Understood> {
        let Some(key) = conversations::find(&self.tx.db, id)? else {
            let reason = "about a conversation that is not here".to_owned();
            return Ok(Err(Unreadable::Malformed(reason)));
        };
        write(&self.tx.db, key)?;
        self.tx.touch(key);
        Ok(Ok(()))
    }

    /// The user takes no part any more. The conversation goes with the commit, unless something of the
    /// user's own in it was never sent.
    pub(in crate::sync) fn left(&mut self, key: ConversationKey) -> Result<()> {
        conversations::set_gone(&self.tx.db, key)?;
        self.tx.touch(key);
        self.news.push(SyncNews::Left(key));
        Ok(())
    }

    /// Writes a conversation with the messages that came with it. If some message changed while nobody told
    /// this device, only those are certain: the others go.
    pub(in crate::sync) fn conversation(&mut self, view: &Conversation) -> Result<ConversationKey> {
        let seen = match conversations::find(&self.tx.db, &view.conversation_id)? {
            Some(key) => conversations::revision(&self.tx.db, key)?,
            None if conversations::takes_place_of_another(&self.tx.db, view, self.own)? => {
                return self.conversation_of_another_log(view);
            }
            None => view.revision,
        };
        if seen == view.revision || defects::active(Defect::KeepsPages) {
            let (key, _) = self.write(view)?;
            self.pinned_messages(key, view)?;
            Ok(key)
        } else {
            self.conversation_anew(view)
        }
    }

    /// The same when nothing that was here before is certain.
    pub(in crate::sync) fn conversation_anew(
        &mut self,
        view: &Conversation,
    ) -> Result<ConversationKey> {
        if let Some(key) = conversations::find(&self.tx.db, &view.conversation_id)? {
            unreadable::forget_messages_of(&self.tx.db, key)?;
        }
        let (key, first) = self.write(view)?;
        self.news.push(SyncNews::PagesOutdated);
        let from = first.unwrap_or(view.last_position.next());
        messages::delete_before(&self.tx.db, key, from)?;
        self.pinned_messages(key, view)?;
        Ok(key)
    }

    /// The same for one of another log, which tells all of it anew: a message that is in both may have been hidden,
    /// or answered in a thread, in the one that is gone.
    pub(in crate::sync) fn conversation_of_another_log(
        &mut self,
        view: &Conversation,
    ) -> Result<ConversationKey> {
        let key = conversations::upsert(&self.tx.db, &receipts_within(view), self.own)?;
        messages::delete_confirmed(&self.tx.db, key)?;
        self.conversation_anew(view)
    }

    /// Writes the pinned messages that came with a conversation, wherever in it they are. Those that cannot be read
    /// have no place here: the list is in the order of the pins.
    fn pinned_messages(&mut self, key: ConversationKey, view: &Conversation) -> Result<()> {
        for message in view.pinned_messages.set_aside() {
            tracing::warn!(reason = %message.reason, "pinned message set aside");
            unreadable::add_of_snapshot(&self.tx.db, message, self.tried())?;
        }
        for message in &view.pinned_messages {
            let belongs = message.conversation_id == view.conversation_id;
            if belongs && is_plausible(&self.tx.db, key, message)? {
                self.message(key, message)?;
            }
        }
        Ok(())
    }

    /// Gives the position of the first message that came with it.
    fn write(&mut self, view: &Conversation) -> Result<(ConversationKey, Option<Position>)> {
        let key = conversations::upsert(&self.tx.db, &receipts_within(view), self.own)?;
        let run = Run {
            conversation: key,
            thread: None,
        };
        let (edge, head) = (Edge::Last(view.last_position), view.last_position);
        self.unreadable(&unreadable_of(&view.messages, run, edge, head))?;
        for person in view.participants.set_aside() {
            unreadable::add_of_snapshot(&self.tx.db, person, self.tried())?;
        }
        let mut first = None;
        for message in &view.messages {
            let belongs = message.conversation_id == view.conversation_id;
            if belongs && is_plausible(&self.tx.db, key, message)? {
                self.message(key, message)?;
                first = first.or(Some(message.position));
            }
        }
        self.tx.touch(key);
        Ok((key, first))
    }

    /// An operation of this device has created a conversation. Its content comes by event; here it only gets
    /// its name, or turns out to be one that is here already.
    pub(super) fn created(&mut self, lane: LaneId, view: &Conversation, seq: Seq) -> Result<()> {
        match conversations::find(&self.tx.db, &view.conversation_id)? {
            Some(real) if real != lane.conversation() => {
                conversations::merge(&self.tx.db, lane.conversation(), real)?;
                self.tx.vanish(lane.conversation());
                self.tx.touch(real);
                Ok(())
            }
            Some(_) => Ok(()),
            None => conversations::set_server_id(
                &self.tx.db,
                lane.conversation(),
                &view.conversation_id,
                seq,
            ),
        }
    }
}

/// Nobody has received or read what is not there.
fn receipts_within(view: &Conversation) -> Cow<'_, Conversation> {
    let head = view.last_position;
    let all_within = view
        .participants
        .iter()
        .all(|participant| participant.delivered_to.max(participant.read_to) <= head);
    if all_within {
        return Cow::Borrowed(view);
    }
    let mut view = view.clone();
    for participant in &mut view.participants {
        *participant = within(participant, head);
    }
    Cow::Owned(view)
}

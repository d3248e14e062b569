//! `message.send`, and what the server itself says in a conversation (PROTOCOL.md §4.4, §5.4).

use std::rc::Rc;
use std::time::Duration;

use fulmar_protocol::{
    Code, Content, ConversationId, Message, MessageId, MessageSend, Notice, Problem, Revision,
    UserId,
};

use super::{MessageNews, Messages};
use crate::access::Writer;
use crate::actor::Actor;
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::store::counters::{self, write as counter};
use crate::store::messages::{self, write};
use crate::store::runs::{self, Run};
use crate::tx::Tx;

/// The message that was asked for.
#[derive(Debug)]
pub(crate) enum Sent {
    New(Rc<Message>),
    /// It was sent before, under the same key.
    Existing(Rc<Message>),
}

impl Sent {
    /// The message, and the news of it if it is new.
    pub(crate) fn into_news(self) -> (Rc<Message>, Option<MessageNews>) {
        match self {
            Self::New(message) => (Rc::clone(&message), Some(MessageNews::Posted(message))),
            Self::Existing(message) => (message, None),
        }
    }
}

impl Messages {
    /// `attachable` says whether the user may send these attachments.
    pub(crate) fn send(
        &self,
        tx: &mut Tx<'_>,
        actor: Actor<'_>,
        writer: &Writer,
        params: MessageSend,
        attachable: std::result::Result<(), Problem>,
    ) -> Result<Sent> {
        let member = writer.membership();
        let id = member.conversation_id();
        // The key of a message is remembered as long as the message (PROTOCOL.md §5.1).
        if let Some(there) = messages::find(tx.db(), actor.key)? {
            let notice = there.content.notice.is_some() && active(Defect::SharesNoticeKeys);
            let own = there.sender_id == *actor.user || active(Defect::SharesKeys) || notice;
            return if there.conversation_id == *id && own {
                Ok(Sent::Existing(Rc::new(there)))
            } else {
                Err(key_of_another())
            };
        }
        self.check_rate_limit(tx, actor.user)?;
        if active(Defect::RefusedTakesPlace) {
            let next = counters::last_position(tx.db(), id)?.next();
            counter::set_last_position(tx.db(), id, next)?;
        }
        let content = match params.forward_of {
            Some(key) => self.forwarded(tx, actor.user, key)?,
            None => {
                attachable.map_err(Error::Refused)?;
                self.content(tx, member, params)?
            }
        };
        self.post(tx, actor, id, content).map(Sent::New)
    }

    /// Says in a conversation what somebody did to it, under the key of what they did.
    pub(crate) fn post_notice(
        &self,
        tx: &mut Tx<'_>,
        actor: Actor<'_>,
        id: &ConversationId,
        notice: Notice,
        text: String,
    ) -> Result<MessageNews> {
        if messages::find(tx.db(), actor.key)?.is_some() {
            return Err(key_of_another());
        }
        let content = Content {
            text,
            notice: Some(notice),
            ..Content::default()
        };
        self.post(tx, actor, id, content).map(MessageNews::Posted)
    }

    /// Refuses more messages in a minute than the settings allow.
    fn check_rate_limit(&self, tx: &Tx<'_>, user: &UserId) -> Result<()> {
        let Some(most) = self.per_minute else {
            return Ok(());
        };
        let Some(oldest) = messages::nth_newest_of(tx.db(), user, most)? else {
            return Ok(());
        };
        let wait = oldest.plus(Duration::from_secs(60)).since(tx.now());
        if wait.is_zero() {
            return Ok(());
        }
        Err(Error::Refused(
            Problem::new(Code::RateLimited, "Too many messages")
                .with_detail(format!("at most {most} a minute"))
                .with_retry_after(wait),
        ))
    }

    /// Puts a message at the end of a conversation.
    fn post(
        &self,
        tx: &mut Tx<'_>,
        actor: Actor<'_>,
        id: &ConversationId,
        content: Content,
    ) -> Result<Rc<Message>> {
        let (mut thread_position, mut revision) = (None, Revision::ZERO);
        if let Some(root) = content.thread_root {
            let mut place = runs::last_place(tx.db(), Run::Thread(id, root))?.next();
            if active(Defect::ThreadsWithHoles) {
                place = place.next();
            }
            thread_position = Some(place);
            // What it is under has changed: it has one more under it.
            revision = counter::next_revision(tx.db(), id)?;
            if !active(Defect::RootUnchanged) {
                write::set_revision(tx.db(), root, revision)?;
            }
        }
        let mut position = counters::last_position(tx.db(), id)?.next();
        if active(Defect::PositionsWithHoles) {
            position = position.next();
        }
        let message = Message {
            thread_position,
            thread: None,
            message_id: MessageId::new(tx.entropy().id("m-"))?,
            operation_key: actor.key,
            position,
            conversation_id: id.clone(),
            sender_id: actor.user.clone(),
            sent_at: tx.now(),
            revision,
            content,
            edited_at: None,
            deleted: None,
            pinned: None,
            hidden: false,
            reactions: Vec::new(),
        };
        write::insert(tx.db(), &message)?;
        counter::set_last_position(tx.db(), id, message.position)?;
        Ok(Rc::new(message))
    }
}

fn key_of_another() -> Error {
    Error::refused(
        Code::OperationConflict,
        "This operation key was used for another message",
    )
}

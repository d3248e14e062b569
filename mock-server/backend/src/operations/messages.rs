//! What is done to messages: writing, editing, deleting (PROTOCOL.md §5.4, §5.7, §5.8).

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use fulmar_protocol::{
    Code, Content, ConversationId, Deletion, EventData, Message, MessageDelete, MessageEdit,
    MessageHide, MessageId, MessageSend, Notice, OperationKey, Payload, Problem, Revision, Role,
    UserId,
};

use crate::actor::Actor;
use crate::store::{counters, messages, participants};
use crate::store::{runs, runs::Run};
use crate::{Error, Result, Scope};

/// The longest name of a payload's type, in bytes (PROTOCOL.md §9).
const PAYLOAD_TYPE_BYTES: usize = 128;

impl Scope<'_, '_> {
    pub(super) fn message_send(&mut self, by: Actor<'_>, params: MessageSend) -> Result<Message> {
        let id = params.conversation_id.clone();
        self.must_be_allowed_to_write(&id, by.user)?;
        // The key of a message is remembered as long as the message (PROTOCOL.md §5.1).
        if let Some(there) = messages::find(self.tx.db(), by.key)? {
            return match there.conversation_id == id && there.sender_id == *by.user {
                true => Ok(there),
                false => Err(Error::refused(
                    Code::OperationConflict,
                    "This operation key was used for another message",
                )),
            };
        }
        self.must_not_hurry(by.user)?;
        let content = match params.forward_of {
            Some(key) => self.content_of(by.user, key)?,
            None => self.content(by.user, &id, params)?,
        };
        self.write(by, id, content)
    }

    /// Refuses more messages in a minute than the settings allow.
    fn must_not_hurry(&self, user: &UserId) -> Result<()> {
        let Some(most) = self.config.messages_per_minute else {
            return Ok(());
        };
        let minute = Duration::from_secs(60);
        let Some(oldest) = messages::nth_newest_of(self.tx.db(), user, most)? else {
            return Ok(());
        };
        let wait = oldest.plus(minute).since(self.tx.now());
        match wait.is_zero() {
            true => Ok(()),
            false => Err(Error::Refused(
                Problem::new(Code::RateLimited, "Too many messages")
                    .with_detail(format!("at most {most} a minute"))
                    .with_retry_after(wait),
            )),
        }
    }

    /// Puts a message at the end of a conversation, and tells everyone.
    fn write(&mut self, by: Actor<'_>, id: ConversationId, content: Content) -> Result<Message> {
        let (mut thread_position, mut revision) = (None, Revision::ZERO);
        if let Some(root) = content.thread_root {
            thread_position = Some(runs::last_place(self.tx.db(), Run::Thread(&id, root))?.next());
            // What it is under has changed: it has one more under it.
            revision = counters::write::next_revision(self.tx.db(), &id)?;
            messages::write::set_revision(self.tx.db(), root, revision)?;
        }
        let message = Message {
            thread_position,
            thread: None,
            message_id: MessageId::new(self.tx.entropy().id("m-"))?,
            operation_key: by.key,
            position: counters::last_position(self.tx.db(), &id)?.next(),
            conversation_id: id.clone(),
            sender_id: by.user.clone(),
            sent_at: self.tx.now(),
            revision,
            content,
            edited_at: None,
            deleted: None,
            hidden: false,
            reactions: Vec::new(),
        };
        messages::write::insert(self.tx.db(), &message)?;
        self.rooms.files.attach(self.tx, &message)?;
        counters::write::set_last_position(self.tx.db(), &id, message.position)?;
        self.tell_participants(&id, |_, _| Ok(EventData::MessageCreated(message.clone())))?;
        if message.content.notice.is_none() {
            let mut others = participants::ids(self.tx.db(), &id)?;
            others.retain(|user| *user != message.sender_id);
            self.tx
                .pending
                .pushes
                .push((Rc::new(message.clone()), others));
        }
        Ok(message)
    }

    /// Says in the conversation what `by` did to it.
    pub(super) fn write_notice(
        &mut self,
        by: Actor<'_>,
        id: &ConversationId,
        notice: Notice,
        text: String,
    ) -> Result<()> {
        let content = Content {
            text,
            notice: Some(notice),
            ..Content::default()
        };
        self.write(by, id.clone(), content).map(|_| ())
    }

    fn content(&self, user: &UserId, id: &ConversationId, params: MessageSend) -> Result<Content> {
        self.rooms
            .files
            .check_attachments(self.tx, user, &params.attachments)?;
        match params.attachments.as_slice() {
            [] => self.check_text(&params.text)?,
            _ => self.check_length(&params.text)?,
        }
        if let Some(payload) = &params.payload {
            self.check_payload(payload)?;
        }
        if let Some(root) = params.thread_root {
            let root = self.find_in(id, root)?.ok_or_else(not_found)?;
            if root.content.thread_root.is_some() || root.content.notice.is_some() {
                return Err(Error::invalid(
                    "There is no thread under a message like that",
                ));
            }
        }
        let reply_to = match params.reply_to {
            Some(key) => messages::find(self.tx.db(), key)?
                .filter(|there| there.conversation_id == *id)
                .map(|there| there.operation_key),
            None => None,
        };
        Ok(Content {
            mentions: self.who_takes_part(id, params.mentions)?,
            text: params.text,
            reply_to,
            thread_root: params.thread_root,
            forwarded_from: None,
            payload: params.payload,
            attachments: params.attachments,
            notice: None,
        })
    }

    /// What a message says that the user may read, to be said again elsewhere.
    fn content_of(&self, user: &UserId, key: OperationKey) -> Result<Content> {
        let source = messages::find(self.tx.db(), key)?
            .filter(|source| source.content.notice.is_none() && source.deleted.is_none())
            .ok_or_else(not_found)?;
        if !participants::takes_part(self.tx.db(), &source.conversation_id, user)?
            || messages::is_hidden(self.tx.db(), user, &source.message_id)?
        {
            return Err(not_found());
        }
        Ok(Content {
            text: source.content.text,
            payload: source.content.payload,
            attachments: source.content.attachments,
            forwarded_from: source.content.forwarded_from.or(Some(source.sender_id)),
            ..Content::default()
        })
    }

    pub(super) fn message_edit(&mut self, by: Actor<'_>, params: &MessageEdit) -> Result<()> {
        let id = &params.conversation_id;
        self.must_be_allowed_to_write(id, by.user)?;
        let mut message = self.message_of(id, params.message_key)?;
        let own = message.sender_id == *by.user;
        if !own || message.content.notice.is_some() || message.content.forwarded_from.is_some() {
            return Err(forbidden("Only what one wrote oneself can be edited"));
        }
        match message.content.attachments.as_slice() {
            [] => self.check_text(&params.text)?,
            _ => self.check_length(&params.text)?,
        }
        let mentions = self.who_takes_part(id, params.mentions.clone())?;
        if message.content.text == params.text && message.content.mentions == mentions {
            return Ok(());
        }
        let since = message.edited_at.unwrap_or(message.sent_at);
        messages::write::keep_version(
            self.tx.db(),
            &message.message_id,
            since,
            &message.content.text,
        )?;
        message.content.text.clone_from(&params.text);
        message.content.mentions = mentions;
        message.edited_at = Some(self.tx.now());
        self.change(message)
    }

    pub(super) fn message_delete(&mut self, by: Actor<'_>, params: &MessageDelete) -> Result<()> {
        let id = &params.conversation_id;
        let role = self.role(id, by.user)?;
        let Some(mut message) = self.find_in(id, params.message_key)? else {
            return Err(not_found());
        };
        if message.deleted.is_some() {
            return Ok(());
        }
        if message.content.notice.is_some() {
            return Err(forbidden("What the server wrote stays"));
        }
        if message.sender_id != *by.user && role == Role::Member {
            return Err(forbidden(
                "Only its sender, moderators and admins delete it",
            ));
        }
        messages::write::forget_content(self.tx.db(), &message.message_id)?;
        self.rooms.files.detach(self.tx, &message.message_id)?;
        message.content = message.content.emptied();
        message.reactions.clear();
        message.edited_at = None;
        message.deleted = Some(Deletion {
            at: self.tx.now(),
            by: by.user.clone(),
        });
        self.change(message)
    }

    pub(super) fn message_hide(&mut self, by: Actor<'_>, params: &MessageHide) -> Result<()> {
        let id = &params.conversation_id;
        self.must_take_part(id, by.user)?;
        let message = self
            .find_in(id, params.message_key)?
            .ok_or_else(not_found)?;
        if !messages::write::hide(self.tx.db(), by.user, &message.message_id)? {
            return Ok(());
        }
        // The others see no change, so they are told of none.
        let message = self.revised(message)?;
        let shown = messages::as_seen_by(self.tx.db(), by.user, message)?;
        self.tell(by.user, &EventData::MessageUpdated(shown))
    }

    /// Stores a message that was changed, and tells everyone.
    pub(crate) fn change(&mut self, message: Message) -> Result<()> {
        let message = self.revised(message)?;
        let id = message.conversation_id.clone();
        self.tell_participants(&id, |scope, viewer| {
            messages::as_seen_by(scope.tx.db(), viewer, message.clone())
                .map(EventData::MessageUpdated)
        })
    }

    fn revised(&self, mut message: Message) -> Result<Message> {
        message.revision = counters::write::next_revision(self.tx.db(), &message.conversation_id)?;
        messages::write::update(self.tx.db(), &message)?;
        Ok(message)
    }

    fn find_in(&self, id: &ConversationId, key: OperationKey) -> Result<Option<Message>> {
        Ok(messages::find(self.tx.db(), key)?.filter(|message| message.conversation_id == *id))
    }

    /// A message of this conversation that was not deleted.
    pub(super) fn message_of(&self, id: &ConversationId, key: OperationKey) -> Result<Message> {
        self.find_in(id, key)?
            .filter(|message| message.deleted.is_none())
            .ok_or_else(not_found)
    }

    fn check_text(&self, text: &str) -> Result<()> {
        match text.trim().is_empty() {
            true => Err(Error::invalid("The text is blank")),
            false => self.check_length(text),
        }
    }

    fn check_length(&self, text: &str) -> Result<()> {
        let limit = self.config.limits.text_bytes as usize;
        match text.len() > limit {
            true => Err(Error::Refused(
                Problem::new(Code::ParamsInvalid, "The text is too long")
                    .with_detail(format!("at most {limit} bytes")),
            )),
            false => Ok(()),
        }
    }

    fn check_payload(&self, payload: &Payload) -> Result<()> {
        let limit = self.config.limits.text_bytes as usize;
        let fits = (1..=PAYLOAD_TYPE_BYTES).contains(&payload.kind.len())
            && payload.data.to_string().len() <= limit;
        match fits {
            true => Ok(()),
            false => Err(Error::invalid("The payload is too large, or has no type")),
        }
    }

    /// Whoever of these takes part, each once, in their order.
    fn who_takes_part(&self, id: &ConversationId, users: Vec<UserId>) -> Result<Vec<UserId>> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for user in users {
            if participants::takes_part(self.tx.db(), id, &user)? && seen.insert(user.clone()) {
                found.push(user);
            }
        }
        Ok(found)
    }
}

fn not_found() -> Error {
    Error::refused(
        Code::MessageNotFound,
        "There is no such message in this conversation",
    )
}

fn forbidden(title: &str) -> Error {
    Error::refused(Code::MessageForbidden, title)
}

//! What is done to messages: writing, editing, deleting (PROTOCOL.md §5.4, §5.7, §5.8).

use std::collections::BTreeSet;
use std::time::Duration;

use fulmar_protocol::{
    Code, Content, ConversationId, Deletion, EventData, Message, MessageDelete, MessageEdit,
    MessageHide, MessageId, MessageSend, Notice, OperationKey, Payload, Problem, Revision, Role,
    UserId,
};

use super::{By, invalid};
use crate::store::{conversations, messages, participants};
use crate::store::{runs, runs::Run};
use crate::{Result, Scope, Stop};

/// The longest name of a payload's type, in bytes (PROTOCOL.md §9).
const PAYLOAD_TYPE_BYTES: usize = 128;

impl Scope<'_> {
    pub(super) fn message_send(&mut self, by: By<'_>, params: MessageSend) -> Result<Message> {
        let id = params.conversation_id.clone();
        self.must_be_allowed_to_write(&id, by.user)?;
        // The key of a message is remembered as long as the message (PROTOCOL.md §5.1).
        if let Some(there) = messages::find(&self.db, by.key)? {
            return match there.conversation_id == id && there.sender_id == *by.user {
                true => Ok(there),
                false => Err(Stop::because(
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
        let Some(oldest) = messages::nth_newest_of(&self.db, user, most)? else {
            return Ok(());
        };
        let wait = oldest.plus(minute).since(self.now);
        match wait.is_zero() {
            true => Ok(()),
            false => Err(Stop::Problem(
                Problem::new(Code::RateLimited, "Too many messages")
                    .with_detail(format!("at most {most} a minute"))
                    .with_retry_after(wait),
            )),
        }
    }

    /// Puts a message at the end of a conversation, and tells everyone.
    fn write(&mut self, by: By<'_>, id: ConversationId, content: Content) -> Result<Message> {
        let (mut thread_position, mut revision) = (None, Revision::ZERO);
        if let Some(root) = content.thread_root {
            thread_position = Some(runs::last_place(&self.db, Run::Thread(&id, root))?.next());
            // What it is under has changed: it has one more under it.
            revision = conversations::next_revision(&self.db, &id)?;
            messages::set_revision(&self.db, root, revision)?;
        }
        let message = Message {
            thread_position,
            thread: None,
            message_id: MessageId::new(self.random_id("m-"))?,
            operation_key: by.key,
            position: conversations::last_position(&self.db, &id)?.next(),
            conversation_id: id.clone(),
            sender_id: by.user.clone(),
            sent_at: self.now,
            revision,
            content,
            edited_at: None,
            deleted: None,
            hidden: false,
            reactions: Vec::new(),
        };
        messages::insert(&self.db, &message)?;
        conversations::set_last_position(&self.db, &id, message.position)?;
        self.tell_participants(&id, |_, _| Ok(EventData::MessageCreated(message.clone())))?;
        if message.content.notice.is_none() {
            for user in participants::ids(&self.db, &id)? {
                if user != message.sender_id {
                    self.aftermath.pushes.push((user, message.clone()));
                }
            }
        }
        Ok(message)
    }

    /// Says in the conversation what `by` did to it.
    pub(super) fn write_notice(
        &mut self,
        by: By<'_>,
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
        self.check_attachments(user, &params.attachments)?;
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
                return Err(invalid("There is no thread under a message like that"));
            }
        }
        let reply_to = match params.reply_to {
            Some(key) => messages::find(&self.db, key)?
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
        let source = messages::find(&self.db, key)?
            .filter(|source| source.content.notice.is_none() && source.deleted.is_none())
            .ok_or_else(not_found)?;
        if !participants::takes_part(&self.db, &source.conversation_id, user)?
            || messages::is_hidden(&self.db, user, &source.message_id)?
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

    pub(super) fn message_edit(&mut self, by: By<'_>, params: &MessageEdit) -> Result<()> {
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
        messages::keep_version(&self.db, &message.message_id, since, &message.content.text)?;
        message.content.text.clone_from(&params.text);
        message.content.mentions = mentions;
        message.edited_at = Some(self.now);
        self.change(message)
    }

    pub(super) fn message_delete(&mut self, by: By<'_>, params: &MessageDelete) -> Result<()> {
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
        messages::forget_content(&self.db, &message.message_id)?;
        message.content = message.content.emptied();
        message.reactions.clear();
        message.edited_at = None;
        message.deleted = Some(Deletion {
            at: self.now,
            by: by.user.clone(),
        });
        self.change(message)
    }

    pub(super) fn message_hide(&mut self, by: By<'_>, params: &MessageHide) -> Result<()> {
        let id = &params.conversation_id;
        self.must_take_part(id, by.user)?;
        let message = self
            .find_in(id, params.message_key)?
            .ok_or_else(not_found)?;
        if !messages::hide(&self.db, by.user, &message.message_id)? {
            return Ok(());
        }
        // The others see no change, so they are told of none.
        let message = self.revised(message)?;
        let shown = messages::as_seen_by(&self.db, by.user, message)?;
        self.tell(by.user, &EventData::MessageUpdated(shown))
    }

    /// Stores a message that was changed, and tells everyone.
    pub(crate) fn change(&mut self, message: Message) -> Result<()> {
        let message = self.revised(message)?;
        let id = message.conversation_id.clone();
        self.tell_participants(&id, |scope, viewer| {
            messages::as_seen_by(&scope.db, viewer, message.clone()).map(EventData::MessageUpdated)
        })
    }

    fn revised(&self, mut message: Message) -> Result<Message> {
        message.revision = conversations::next_revision(&self.db, &message.conversation_id)?;
        messages::update(&self.db, &message)?;
        Ok(message)
    }

    fn find_in(&self, id: &ConversationId, key: OperationKey) -> Result<Option<Message>> {
        Ok(messages::find(&self.db, key)?.filter(|message| message.conversation_id == *id))
    }

    /// A message of this conversation that was not deleted.
    pub(super) fn message_of(&self, id: &ConversationId, key: OperationKey) -> Result<Message> {
        self.find_in(id, key)?
            .filter(|message| message.deleted.is_none())
            .ok_or_else(not_found)
    }

    fn check_text(&self, text: &str) -> Result<()> {
        match text.trim().is_empty() {
            true => Err(invalid("The text is blank")),
            false => self.check_length(text),
        }
    }

    fn check_length(&self, text: &str) -> Result<()> {
        let limit = self.config.limits.text_bytes as usize;
        match text.len() > limit {
            true => Err(Stop::Problem(
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
            false => Err(invalid("The payload is too large, or has no type")),
        }
    }

    /// Whoever of these takes part, each once, in their order.
    fn who_takes_part(&self, id: &ConversationId, users: Vec<UserId>) -> Result<Vec<UserId>> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for user in users {
            if participants::takes_part(&self.db, id, &user)? && seen.insert(user.clone()) {
                found.push(user);
            }
        }
        Ok(found)
    }
}

fn not_found() -> Stop {
    Stop::because(
        Code::MessageNotFound,
        "There is no such message in this conversation",
    )
}

fn forbidden(title: &str) -> Stop {
    Stop::because(Code::MessageForbidden, title)
}

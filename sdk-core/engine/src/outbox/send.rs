//! Taking a message over from the app: from here on it is never lost.

use fulmar_protocol::{Attachment, Content, MessageSend, Method, OperationKey, UserId};

use super::{Answered, invalid, not_allowed};
use crate::command_error::CommandError;
use crate::effect::Reply;
use crate::pending;
use crate::store::messages::MessageRow;
use crate::store::{LaneId, Result, messages, operations, uploads};
use crate::turn::Turn;

impl Turn<'_> {
    pub(crate) fn send(
        &mut self,
        operation_key: OperationKey,
        message: MessageSend,
    ) -> Result<Answered> {
        let sender = match self.owner() {
            Ok(sender) => sender,
            Err(error) => return Ok(Err(error)),
        };
        if messages::position(&self.db, operation_key)?.is_some() {
            return Ok(Ok(Reply::Enqueued { operation_key }));
        }
        let lane = match self.lane(&message.conversation_id)? {
            Ok(lane) => lane,
            Err(error) => return Ok(Err(error)),
        };
        if let Err(error) = self.check_may_write(lane, &sender)? {
            return Ok(Err(error));
        }
        let (message, content) = match message.forward_of {
            Some(source) => match self.forwarded(source, &sender, message)? {
                Ok(forwarded) => forwarded,
                Err(error) => return Ok(Err(error)),
            },
            None => match self.check_message(lane, &message)? {
                Ok(()) => {
                    let content = content_of(&message);
                    (message, content)
                }
                Err(error) => return Ok(Err(error)),
            },
        };
        if let Err(full) = self.room_in_outbox()? {
            return Ok(Err(full));
        }
        let now = self.now.wall;
        messages::insert_unsent(&self.db, operation_key, lane, &sender, &content, now)?;
        let method = Method::MessageSend(message);
        operations::enqueue(&self.db, operation_key, lane, &method, now)?;
        if content.forwarded_from.is_none() {
            uploads::insert(&self.db, operation_key, &content.attachments)?;
        }
        self.wrote(lane, None);
        self.touch(lane);
        Ok(Ok(Reply::Enqueued { operation_key }))
    }

    fn check_message(
        &self,
        lane: LaneId,
        message: &MessageSend,
    ) -> Result<std::result::Result<(), CommandError>> {
        // One that is not on this device is the server's to judge.
        let root = match message.thread_root {
            Some(root) => messages::find(&self.db, root)?,
            None => None,
        };
        if let Some(root) = root
            && (root.conversation != lane
                || root.content.thread_root.is_some()
                || root.content.notice.is_some())
        {
            return Ok(Err(not_allowed(
                "opens threads only under messages of the conversation that are in none",
            )));
        }
        Ok(self.check_content(message))
    }

    fn check_content(&self, message: &MessageSend) -> std::result::Result<(), CommandError> {
        self.check_text(&message.text, &message.attachments)?;
        self.check_attachments(&message.attachments)?;
        let limit = self.brain.limits.text_bytes as usize;
        match &message.payload {
            Some(payload)
                if payload.kind.is_empty()
                    || payload.kind.len() > 128
                    || payload.data.to_string().len() > limit =>
            {
                Err(invalid(
                    "a payload",
                    format!("has a type of 1 to 128 bytes, and at most {limit} bytes of JSON"),
                ))
            }
            _ => Ok(()),
        }
    }

    fn check_attachments(
        &self,
        attachments: &[Attachment],
    ) -> std::result::Result<(), CommandError> {
        let most = self.brain.limits.file_bytes;
        let fault = attachments.iter().find_map(Attachment::fault);
        if attachments.len() > Attachment::MOST {
            let rule = format!("has at most {} attachments", Attachment::MOST);
            Err(invalid("a message", rule))
        } else if let Some(fault) = fault {
            Err(invalid("an attachment:", fault.to_owned()))
        } else if attachments.iter().any(|attachment| attachment.size > most) {
            Err(invalid("a file", format!("has at most {most} bytes here")))
        } else {
            Ok(())
        }
    }

    /// What another message says, to be said again. It has to be at the server, because the server
    /// says who wrote it.
    fn forwarded(
        &self,
        source: OperationKey,
        owner: &UserId,
        message: MessageSend,
    ) -> Result<std::result::Result<(MessageSend, Content), CommandError>> {
        let Some(row) = self.shown_message(source, owner)? else {
            return Ok(Err(CommandError::NoSuchMessage { key: source }));
        };
        if row.position.is_none() || row.content.notice.is_some() {
            return Ok(Err(not_allowed(
                "forwards only what people wrote, once it is sent",
            )));
        }
        let content = Content {
            text: row.content.text,
            payload: row.content.payload,
            attachments: row.content.attachments,
            forwarded_from: row.content.forwarded_from.or(Some(row.sender)),
            ..Content::default()
        };
        let message = MessageSend {
            text: content.text.clone(),
            payload: content.payload.clone(),
            attachments: content.attachments.clone(),
            ..message
        };
        Ok(Ok((message, content)))
    }

    /// A message as the screen shows it; `None` when it shows none, or that it was deleted.
    fn shown_message(&self, key: OperationKey, owner: &UserId) -> Result<Option<MessageRow>> {
        let Some(row) = messages::find(&self.db, key)? else {
            return Ok(None);
        };
        let row = self.as_shown(row, owner)?;
        Ok((!row.hidden && row.deleted.is_none()).then_some(row))
    }

    /// A message with what the outbox is about to change of it.
    pub(super) fn as_shown(&self, mut row: MessageRow, owner: &UserId) -> Result<MessageRow> {
        let changes = operations::changes_of_lane(&self.db, row.conversation)?;
        pending::of_message(&mut row, Some(owner), &changes);
        Ok(row)
    }

    /// An edit of a message that has not left the device: it was never said otherwise.
    pub(super) fn rewrite(
        &mut self,
        operation_key: OperationKey,
        lane: LaneId,
        message: MessageSend,
    ) -> Result<()> {
        messages::set_unsent_content(&self.db, operation_key, &content_of(&message))?;
        operations::set_params(&self.db, operation_key, &Method::MessageSend(message))?;
        self.touch(lane);
        Ok(())
    }
}

fn content_of(message: &MessageSend) -> Content {
    Content {
        text: message.text.clone(),
        mentions: message.mentions.clone(),
        reply_to: message.reply_to,
        thread_root: message.thread_root,
        payload: message.payload.clone(),
        attachments: message.attachments.clone(),
        ..Content::default()
    }
}

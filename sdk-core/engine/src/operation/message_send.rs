//! `message.send` (PROTOCOL.md §5.4): what may be said, and where.

use fulmar_protocol::text::{self, PAYLOAD_TYPE_BYTES, is_blank};
use fulmar_protocol::{Attachment, Content, Limits, MessageSend, OperationKey, Payload};

use super::{Checked, Operation, Situation};
use crate::io::{CommandError, Field, FieldRule, Rule};
use crate::store::Result;
use crate::store::messages::{self, MessageRow};

impl Operation for MessageSend {
    fn check(&self, at: &Situation<'_>) -> Result<Checked> {
        let may_write = at.may_write()?;
        // What is forwarded says what the other one says.
        if may_write != Checked::Go || self.forward_of.is_some() {
            return Ok(may_write);
        }
        if let Some(root) = self.thread_root
            && !may_have_thread(at, root)?
        {
            return Ok(Checked::not_allowed(Rule::NoThreadHere));
        }
        Ok(check_content(self, at.limits).into())
    }

    fn holds_lane(&self) -> bool {
        true
    }
}

/// A root that is not on this device is the server's to judge.
fn may_have_thread(at: &Situation<'_>, root: OperationKey) -> Result<bool> {
    Ok(messages::find(at.db, root)?.is_none_or(|root| {
        root.conversation == at.conversation
            && root.content.thread_root.is_none()
            && root.content.notice.is_none()
    }))
}

fn check_content(message: &MessageSend, limits: &Limits) -> std::result::Result<(), CommandError> {
    check_text(&message.text, &message.attachments, limits)?;
    check_attachments(&message.attachments, limits)?;
    match &message.payload {
        Some(payload) => check_payload(payload, limits),
        None => Ok(()),
    }
}

/// A text is blank only beside files.
pub(super) fn check_text(
    text: &str,
    attachments: &[Attachment],
    limits: &Limits,
) -> std::result::Result<(), CommandError> {
    text::check_message(text, !attachments.is_empty(), limits.text_bytes)
        .map_err(|fault| CommandError::of_text(Field::Text, fault))
}

fn check_attachments(
    attachments: &[Attachment],
    limits: &Limits,
) -> std::result::Result<(), CommandError> {
    let invalid = |field, rule| Err(CommandError::Invalid { field, rule });
    if attachments.len() > Attachment::MOST {
        let most = Attachment::MOST as u64;
        return invalid(Field::Attachments, FieldRule::TooMany { most });
    }
    for attachment in attachments {
        if let Some(fault) = attachment.fault() {
            let reason = fault.to_owned();
            return invalid(Field::Attachment, FieldRule::Malformed { reason });
        }
        if attachment.size > limits.file_bytes {
            let most_bytes = limits.file_bytes;
            return invalid(Field::Attachment, FieldRule::TooLong { most_bytes });
        }
    }
    Ok(())
}

fn check_payload(payload: &Payload, limits: &Limits) -> std::result::Result<(), CommandError> {
    text::check_payload(payload, limits.text_bytes).map_err(|fault| {
        let kind_is_at_fault = is_blank(&payload.kind) || payload.kind.len() > PAYLOAD_TYPE_BYTES;
        let field = if kind_is_at_fault {
            Field::PayloadType
        } else {
            Field::PayloadData
        };
        CommandError::of_text(field, fault)
    })
}

/// What a message says, once it is sent.
pub(crate) fn content_of(message: &MessageSend) -> Content {
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

/// What another message says, to be said again. It has to be at the server, because the server says who wrote
/// it.
pub(crate) fn forwarded(
    at: &Situation<'_>,
    source: OperationKey,
    message: MessageSend,
) -> Result<std::result::Result<(MessageSend, Content), CommandError>> {
    let Some(row) = shown_anywhere(at, source)? else {
        return Ok(Err(CommandError::NoSuchMessage { key: source }));
    };
    if row.position.is_none() || row.content.notice.is_some() {
        let rule = Rule::NotForwardable;
        return Ok(Err(CommandError::NotAllowed { rule }));
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

/// A message of any conversation as the screen shows it; `None` when it shows none, or that it was deleted.
fn shown_anywhere(at: &Situation<'_>, key: OperationKey) -> Result<Option<MessageRow>> {
    let Some(row) = messages::find(at.db, key)? else {
        return Ok(None);
    };
    let row = at.shown(row)?;
    Ok((!row.hidden && row.deleted.is_none()).then_some(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(change: impl FnOnce(&mut MessageSend)) -> Option<(Field, FieldRule)> {
        let id = fulmar_protocol::ConversationId::new("c-1").unwrap();
        let mut message = MessageSend::text(id, "hello");
        change(&mut message);
        match check_content(&message, &Limits::default()) {
            Ok(()) => None,
            Err(CommandError::Invalid { field, rule }) => Some((field, rule)),
            Err(other) => panic!("{other}"),
        }
    }

    fn custom(kind: &str, data: &str) -> impl FnOnce(&mut MessageSend) {
        let payload = Payload {
            kind: kind.to_owned(),
            data: data.into(),
        };
        move |message| message.payload = Some(payload)
    }

    #[test]
    fn what_is_only_invisible_is_blank() {
        let invisible = "\u{200B}\u{2800}\u{AD}";
        let blank = |field| Some((field, FieldRule::Blank));
        for text in ["", " \n", invisible] {
            let found = fault(|message| message.text = text.to_owned());
            assert_eq!(found, blank(Field::Text), "{text:?}");
        }
        assert_eq!(fault(custom(invisible, "")), blank(Field::PayloadType));
    }

    #[test]
    fn each_part_of_a_message_has_its_bound() {
        let limit = Limits::default().text_bytes;
        let long = "x".repeat(limit as usize + 1);
        let too_long = |field, most_bytes| Some((field, FieldRule::TooLong { most_bytes }));
        let most = u64::from(limit);
        assert_eq!(
            fault(|message| message.text = long.clone()),
            too_long(Field::Text, most)
        );
        assert_eq!(
            fault(custom("x", &long)),
            too_long(Field::PayloadData, most)
        );
        assert_eq!(
            fault(custom(&long[..129], "")),
            too_long(Field::PayloadType, 128)
        );
        assert_eq!(fault(custom(&long[..128], "")), None);
    }
}

//! What a message may say.

use std::collections::BTreeSet;

use fulmar_protocol::text::{check_message, check_payload};
use fulmar_protocol::{Attachment, Content, MessageSend, OperationKey, UserId};

use super::{Messages, not_in_conversation};
use crate::access::Membership;
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::store::{messages, participants};
use crate::tx::Tx;

impl Messages {
    pub(super) fn content(
        &self,
        tx: &Tx<'_>,
        member: &Membership,
        params: MessageSend,
    ) -> Result<Content> {
        let id = member.conversation_id();
        self.check_text(&params.text, &params.attachments)?;
        if let Some(payload) = &params.payload {
            let checked = check_payload(payload, self.text_bytes);
            if !active(Defect::AnyPayload) {
                checked.map_err(|fault| Error::of_text("The payload", fault))?;
            }
        }
        if let Some(root) = params.thread_root {
            let root = self.find_in(tx, id, root, Defect::AnyRoot)?;
            let root = root.ok_or_else(not_in_conversation)?;
            let in_thread = root.content.thread_root.is_some() && !active(Defect::ThreadsInThreads);
            let notice = root.content.notice.is_some() && !active(Defect::ThreadsUnderNotices);
            if in_thread || notice {
                return Err(Error::invalid(
                    "There is no thread under a message like that",
                ));
            }
        }
        // What it answers may be gone, or elsewhere: then it answers nothing.
        let reply_to = match params.reply_to {
            Some(key) => self.find_in(tx, id, key, Defect::AnswersElsewhere)?,
            None => None,
        };
        Ok(Content {
            mentions: self.mentions(tx, member, params.mentions)?,
            text: params.text,
            reply_to: reply_to.map(|there| there.operation_key),
            thread_root: params.thread_root,
            forwarded_from: None,
            payload: params.payload,
            attachments: params.attachments,
            notice: None,
        })
    }

    /// What a message says that the user may read, to be said again elsewhere.
    pub(super) fn forwarded(
        &self,
        tx: &Tx<'_>,
        user: &UserId,
        key: OperationKey,
    ) -> Result<Content> {
        let source = messages::find(tx.db(), key)?
            .filter(|source| source.content.notice.is_none())
            .filter(|source| source.deleted.is_none() || active(Defect::ForwardsDeleted))
            .ok_or_else(not_in_conversation)?;
        let takes_part = participants::takes_part(tx.db(), &source.conversation_id, user)?;
        if !(takes_part || active(Defect::ForwardsAnything))
            || messages::is_hidden(tx.db(), user, &source.message_id)?
                && !active(Defect::ForwardsHidden)
        {
            return Err(not_in_conversation());
        }
        let first = source.content.forwarded_from;
        let forwarded_from = if active(Defect::LastForwarder) {
            Some(source.sender_id)
        } else {
            first.or(Some(source.sender_id))
        };
        let forwarded_from = forwarded_from.filter(|_| !active(Defect::ForwardsAsOwn));
        Ok(Content {
            text: source.content.text,
            payload: source.content.payload,
            attachments: source.content.attachments,
            forwarded_from,
            ..Content::default()
        })
    }

    /// The text may be blank only beside attachments.
    pub(super) fn check_text(&self, text: &str, attachments: &[Attachment]) -> Result<()> {
        let long = text.len() > self.text_bytes as usize;
        if active(Defect::TakesLong) && long || active(Defect::TakesBlank) && !long {
            return Ok(());
        }
        check_message(text, !attachments.is_empty(), self.text_bytes)
            .map_err(|fault| Error::of_text("The text", fault))
    }

    /// Those of these users who take part, each once, in their order.
    pub(super) fn mentions(
        &self,
        tx: &Tx<'_>,
        member: &Membership,
        users: Vec<UserId>,
    ) -> Result<Vec<UserId>> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for user in users {
            let takes_part = participants::takes_part(tx.db(), member.conversation_id(), &user)?;
            if (takes_part || active(Defect::MentionsAnybody)) && seen.insert(user.clone()) {
                found.push(user);
            }
        }
        Ok(found)
    }
}

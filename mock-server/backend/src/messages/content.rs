//! What a message may say.

use std::collections::BTreeSet;

use fulmar_protocol::text::{check_message, check_payload};
use fulmar_protocol::{Attachment, Content, MessageSend, OperationKey, UserId};

use super::{Messages, not_in_conversation};
use crate::access::Membership;
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
            check_payload(payload, self.text_bytes)
                .map_err(|fault| Error::of_text("The payload", fault))?;
        }
        if let Some(root) = params.thread_root {
            let root = self
                .find_in(tx, id, root)?
                .ok_or_else(not_in_conversation)?;
            if root.content.thread_root.is_some() || root.content.notice.is_some() {
                return Err(Error::invalid(
                    "There is no thread under a message like that",
                ));
            }
        }
        // What it answers may be gone, or elsewhere: then it answers nothing.
        let reply_to = match params.reply_to {
            Some(key) => self.find_in(tx, id, key)?.map(|there| there.operation_key),
            None => None,
        };
        Ok(Content {
            mentions: self.mentions(tx, member, params.mentions)?,
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
    pub(super) fn forwarded(
        &self,
        tx: &Tx<'_>,
        user: &UserId,
        key: OperationKey,
    ) -> Result<Content> {
        let source = messages::find(tx.db(), key)?
            .filter(|source| source.content.notice.is_none() && source.deleted.is_none())
            .ok_or_else(not_in_conversation)?;
        if !participants::takes_part(tx.db(), &source.conversation_id, user)?
            || messages::is_hidden(tx.db(), user, &source.message_id)?
        {
            return Err(not_in_conversation());
        }
        Ok(Content {
            text: source.content.text,
            payload: source.content.payload,
            attachments: source.content.attachments,
            forwarded_from: source.content.forwarded_from.or(Some(source.sender_id)),
            ..Content::default()
        })
    }

    /// The text may be blank only beside attachments.
    pub(super) fn check_text(&self, text: &str, attachments: &[Attachment]) -> Result<()> {
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
            if participants::takes_part(tx.db(), member.conversation_id(), &user)?
                && seen.insert(user.clone())
            {
                found.push(user);
            }
        }
        Ok(found)
    }
}

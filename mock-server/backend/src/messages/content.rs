//! What a message may say.

use std::collections::BTreeSet;

use fulmar_protocol::{
    Attachment, Code, Content, MessageSend, OperationKey, Payload, Problem, UserId,
};

use super::{Messages, not_in_conversation};
use crate::conversations::Membership;
use crate::error::{Error, Result};
use crate::store::{messages, participants};
use crate::tx::Tx;

/// The longest name of a payload's type, in bytes (PROTOCOL.md §9).
const PAYLOAD_TYPE_BYTES: usize = 128;

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
            self.check_payload(payload)?;
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
        if attachments.is_empty() && text.trim().is_empty() {
            return Err(Error::invalid("The text is blank"));
        }
        if text.len() > self.text_bytes {
            return Err(Error::Refused(
                Problem::new(Code::ParamsInvalid, "The text is too long")
                    .with_detail(format!("at most {} bytes", self.text_bytes)),
            ));
        }
        Ok(())
    }

    fn check_payload(&self, payload: &Payload) -> Result<()> {
        let fits = (1..=PAYLOAD_TYPE_BYTES).contains(&payload.kind.len())
            && payload.data.to_string().len() <= self.text_bytes;
        if fits {
            Ok(())
        } else {
            Err(Error::invalid("The payload is too large, or has no type"))
        }
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

//! Messages: new, changed, and told of by pages.

use std::borrow::Cow;

use fulmar_protocol::text::clean_attachment;
use fulmar_protocol::{Message, Unreadable};
use rusqlite::Connection;

use super::{Applying, Understood};
use crate::defects::{self, Defect};
use crate::store::reading::Counts;
use crate::store::{ConversationKey, Result, conversations, messages, reading, runs, unreadable};
use crate::sync::SyncNews;

impl Applying<'_, '_> {
    /// Writes a message that a page, a snapshot, an outcome or a change told of.
    pub(in crate::sync) fn message(
        &mut self,
        conversation: ConversationKey,
        message: &Message,
    ) -> Result<()> {
        self.confirm(conversation, message)?;
        runs::adopt_thread(&self.tx.db, message.operation_key)
    }

    /// The same for one that an answer brought, if it can be.
    pub(in crate::sync) fn message_of_answer(
        &mut self,
        conversation: ConversationKey,
        message: &Message,
    ) -> Result<()> {
        let here = conversations::exists(&self.tx.db, conversation)?;
        if here && is_plausible(&self.tx.db, conversation, message)? {
            self.message(conversation, message)?;
        }
        Ok(())
    }

    /// Writes a message that the server has. If it was one of ours in the outbox, it is confirmed.
    fn confirm(&mut self, conversation: ConversationKey, message: &Message) -> Result<()> {
        let cleaned = cleaned(message);
        messages::upsert_confirmed(&self.tx.db, conversation, &cleaned, self.own)?;
        if let Some(root) = message.content.thread_root
            && !defects::active(Defect::ThreadsUncounted)
        {
            runs::count_in_thread(&self.tx.db, root, message)?;
        }
        unreadable::was_read(&self.tx.db, conversation, message)?;
        self.news.push(SyncNews::Stored);
        self.news.push(SyncNews::Confirmed(message.operation_key));
        self.tx.touch(conversation);
        Ok(())
    }

    pub(super) fn message_created(&mut self, message: &Message) -> Result<Understood> {
        let key = match self.place_of(message)? {
            Ok(key) => key,
            Err(reason) => return Ok(Err(reason)),
        };
        self.confirm(key, message)?;
        let own = self.own;
        let is_own = own == Some(&message.sender_id) && !defects::active(Defect::CountsOwn);
        let counts = if is_own || message.content.notice.is_some() {
            Counts::Not
        } else if own.is_some_and(|own| message.content.mentions.contains(own)) {
            Counts::AsMention
        } else {
            Counts::AsUnread
        };
        reading::advance_head(&self.tx.db, key, message.position, counts)?;
        conversations::advance_revision(&self.tx.db, key, message.revision)?;
        if own != Some(&message.sender_id) {
            self.news.push(SyncNews::Delivered(key));
            let writer = message.sender_id.clone();
            self.news.push(SyncNews::Wrote(key, writer));
        }
        Ok(Ok(()))
    }

    /// Also a message that is not here is written: so a page of history that was asked for before it changed
    /// cannot bring back what it was.
    pub(super) fn message_updated(&mut self, message: &Message) -> Result<Understood> {
        let key = match self.place_of(message)? {
            Ok(key) => key,
            Err(reason) => return Ok(Err(reason)),
        };
        self.message(key, message)?;
        conversations::advance_revision(&self.tx.db, key, message.revision)?;
        Ok(Ok(()))
    }

    fn place_of(
        &self,
        message: &Message,
    ) -> Result<std::result::Result<ConversationKey, Unreadable>> {
        let malformed = |what: &str| Err(Unreadable::Malformed(what.to_owned()));
        let Some(key) = conversations::find(&self.tx.db, &message.conversation_id)? else {
            return Ok(malformed("a message of a conversation that is not here"));
        };
        if !is_plausible(&self.tx.db, key, message)? {
            return Ok(malformed("a position or revision far beyond what there is"));
        }
        Ok(Ok(key))
    }
}

/// A message whose files are named, and have what is shown of them, within the rules (PROTOCOL.md §4.8).
fn cleaned(message: &Message) -> Cow<'_, Message> {
    let drops_card = message.edited_at.is_some() && defects::active(Defect::EditsDropCards);
    if message.content.attachments.is_empty() && !drops_card {
        return Cow::Borrowed(message);
    }
    let mut message = message.clone();
    if drops_card {
        message.content.payload = None;
    }
    message
        .content
        .attachments
        .iter_mut()
        .for_each(clean_attachment);
    Cow::Owned(message)
}

/// Whether the numbers of a message of the server can be; those of its thread are no larger than those of the
/// conversation.
pub(in crate::sync) fn is_plausible(
    db: &Connection,
    conversation: ConversationKey,
    message: &Message,
) -> Result<bool> {
    if message.thread_position > Some(message.position) {
        return Ok(false);
    }
    if let Some(thread) = message.thread {
        let head = reading::head(db, conversation)?;
        if thread.count.0 > head.0.saturating_add(messages::FARTHEST) {
            return Ok(false);
        }
    }
    messages::is_plausible(db, conversation, message)
}

#[cfg(test)]
mod tests {
    use fulmar_protocol::{Attachment, Content};
    use serde_json::json;

    use super::*;
    use crate::testing::Bench;

    #[test]
    fn files_of_messages_that_come_in_are_cleaned_before_they_are_stored() {
        let attachment: Attachment = serde_json::from_value(json!({
            "fileId": "f-1", "kind": "file", "name": "../../etc/exe\u{202E}gnp.\n", "mimeType": "image/png",
            "size": 1, "blurhash": "x".repeat(129),
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        }))
        .unwrap();
        let mut message: Message = serde_json::from_value(json!({
            "messageId": "m-1", "operationKey": "0190b5f0-0000-7000-8000-000000000001",
            "conversationId": "c-1", "position": 1, "senderId": "bob", "text": "", "sentAt": 1,
            "revision": 0,
        }))
        .unwrap();
        message.content.attachments = vec![attachment];
        let mut bench = Bench::new();
        let stored = bench.run(|tx| -> Result<Option<Content>> {
            tx.db.execute_batch(
                "INSERT INTO conversation (key, id, kind, created_at, activity_at)
                 VALUES (1, 'c-1', 'group', 1, 1)",
            )?;
            Applying::new(tx, None).message(ConversationKey(1), &message)?;
            let row = messages::find(&tx.db, message.operation_key)?;
            Ok(row.map(|row| row.content))
        });
        let content = stored.result.unwrap().unwrap();
        let [attachment] = content.attachments.try_into().unwrap();
        assert_eq!(attachment.name, "exegnp");
        assert_eq!(attachment.blurhash, None);
    }
}

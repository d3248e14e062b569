//! What can be read of conversations, by those who take part.

use fulmar_protocol::{
    Anchor, Code, Conversation, ConversationId, HistoryPage, Message, MessageId, MessagePage,
    MessageVersion, OperationKey, Position, Snapshot, SyncPage, UserId,
};

use crate::log::Synced;
use crate::store::{blocks, runs, runs::Run};
use crate::store::{conversations, log, messages, participants};
use crate::{Error, Result, Scope};

impl Scope<'_, '_> {
    /// Refuses whoever does not take part, in the same words as for what does not exist.
    pub(crate) fn must_take_part(&self, id: &ConversationId, user: &UserId) -> Result<()> {
        match participants::takes_part(self.tx.db(), id, user)? {
            true => Ok(()),
            false => Err(Error::refused(
                Code::ConversationNotFound,
                "There is no such conversation",
            )),
        }
    }

    pub(crate) fn conversation(&self, id: &ConversationId, user: &UserId) -> Result<Conversation> {
        self.must_take_part(id, user)?;
        conversations::view(self.tx.db(), id, user)
    }

    pub(crate) fn conversations_of(&self, user: &UserId) -> Result<Vec<Conversation>> {
        conversations::ids_of(self.tx.db(), user)?
            .iter()
            .map(|id| conversations::view(self.tx.db(), id, user))
            .collect()
    }

    pub(crate) fn snapshot(&self, user: &UserId) -> Result<Snapshot> {
        let state = log::state(self.tx.db(), user)?;
        Ok(Snapshot {
            log_id: state.log_id,
            seq: state.head,
            conversations: self.conversations_of(user)?,
            blocked: blocks::of(self.tx.db(), user)?,
        })
    }

    /// The events after `since`, or the word that the log does not reach back that far, or is
    /// another one.
    pub(crate) fn sync(
        &self,
        user: &UserId,
        since: fulmar_protocol::Seq,
        log_id: Option<&str>,
    ) -> Result<SyncPage> {
        match self.rooms.log.sync(self.tx, user, since, log_id)? {
            Synced::Page(page) => Ok(page),
            Synced::Reset => Err(Error::refused(
                Code::SyncReset,
                "The log does not reach back that far: take a snapshot",
            )),
        }
    }

    pub(crate) fn page(
        &self,
        user: &UserId,
        id: &ConversationId,
        thread: Option<OperationKey>,
        page: HistoryPage,
        limit: u32,
    ) -> Result<MessagePage> {
        self.must_take_part(id, user)?;
        let limit = limit.clamp(1, self.config.limits.page_size);
        let run = match thread {
            None => Run::Conversation(id),
            Some(root) => Run::Thread(id, root),
        };
        let anchor = match page {
            HistoryPage::Before(place) => {
                let messages = runs::before(self.tx.db(), run, user, place, limit)?;
                return Ok(MessagePage {
                    messages,
                    anchor: None,
                });
            }
            HistoryPage::After(place) => {
                let messages = runs::after(self.tx.db(), run, user, place, limit)?;
                return Ok(MessagePage {
                    messages,
                    anchor: None,
                });
            }
            HistoryPage::Around(anchor) => self.place(id, run, anchor)?,
        };
        let older = limit / 2;
        let mut around = runs::before(self.tx.db(), run, user, anchor, older)?;
        let from = Position(anchor.0.saturating_sub(1));
        around.extend(runs::after(self.tx.db(), run, user, from, limit - older)?);
        Ok(MessagePage {
            messages: around,
            anchor: Some(anchor),
        })
    }

    /// Where the message is that somebody wants to jump to.
    fn place(&self, id: &ConversationId, run: Run<'_>, anchor: Anchor) -> Result<Position> {
        match anchor {
            Anchor::At(position) => Ok(position.min(runs::last_place(self.tx.db(), run)?)),
            Anchor::Message(key) => messages::find(self.tx.db(), key)?
                .filter(|message| message.conversation_id == *id)
                .and_then(|message| match run {
                    Run::Conversation(_) => Some(message.position),
                    Run::Thread(_, root) => message
                        .thread_position
                        .filter(|_| message.content.thread_root == Some(root)),
                })
                .ok_or_else(|| {
                    Error::refused(
                        Code::MessageNotFound,
                        "There is no such message in this conversation",
                    )
                }),
            Anchor::Time(time) => match runs::first_since(self.tx.db(), run, time)? {
                Some(position) => Ok(position),
                None => runs::last_place(self.tx.db(), run),
            },
        }
    }

    /// A message, for those who may read it.
    pub(crate) fn message_by_id(&self, user: &UserId, id: &MessageId) -> Result<Message> {
        let not_found = || Error::refused(Code::MessageNotFound, "There is no such message");
        let message = messages::find_by_id(self.tx.db(), id)?.ok_or_else(not_found)?;
        match participants::takes_part(self.tx.db(), &message.conversation_id, user)? {
            true => messages::as_seen_by(self.tx.db(), user, message),
            false => Err(not_found()),
        }
    }

    /// All that a message ever said, for those who may read it.
    pub(crate) fn versions(&self, user: &UserId, id: &MessageId) -> Result<Vec<MessageVersion>> {
        let message = self.message_by_id(user, id)?;
        if message.deleted.is_some() || message.hidden {
            return Ok(Vec::new());
        }
        let mut versions = messages::versions(self.tx.db(), id)?;
        versions.push(MessageVersion {
            at: message.edited_at.unwrap_or(message.sent_at),
            text: message.content.text,
        });
        Ok(versions)
    }
}

//! The only place where one room's news becomes another's call.
//!
//! News are passed on in the order in which they come, and what follows from one comes after those that
//! wait already. For each piece the order is: files, logs, audit, and last what waits for the commit.

use std::collections::VecDeque;
use std::rc::Rc;

use fulmar_protocol::{
    ConversationId, ConversationRemoved, EventData, Message, Participant, ParticipantRemoved,
    ParticipantsAdded, ReceiptUpdated, UserId,
};

use crate::accounts::AccountNews;
use crate::actor::Actor;
use crate::conversations::ConversationNews;
use crate::defects::{Defect, active};
use crate::error::Result;
use crate::messages::MessageNews;
use crate::rooms::Rooms;
use crate::store::{conversations, messages, participants, users};
use crate::tx::Tx;

/// What a room reports.
pub(crate) enum News {
    Account(AccountNews),
    Conversation(ConversationNews),
    Message(MessageNews),
}

impl From<ConversationNews> for News {
    fn from(news: ConversationNews) -> Self {
        Self::Conversation(news)
    }
}

impl From<MessageNews> for News {
    fn from(news: MessageNews) -> Self {
        Self::Message(news)
    }
}

impl From<AccountNews> for News {
    fn from(news: AccountNews) -> Self {
        Self::Account(news)
    }
}

impl Rooms {
    pub(crate) fn pass_on(
        &self,
        tx: &mut Tx<'_>,
        news: impl IntoIterator<Item = impl Into<News>>,
    ) -> Result<()> {
        let mut queue: VecDeque<News> = news.into_iter().map(Into::into).collect();
        if active(Defect::NoNoticeOrder) {
            queue.make_contiguous().reverse();
        }
        while let Some(news) = queue.pop_front() {
            match news {
                News::Account(news) => self.account(tx, news)?,
                News::Conversation(news) => {
                    let follows = self.conversation(tx, news)?;
                    queue.extend(follows.map(News::Message));
                }
                News::Message(news) => self.message(tx, news)?,
            }
        }
        Ok(())
    }

    fn account(&self, tx: &mut Tx<'_>, news: AccountNews) -> Result<()> {
        match news {
            AccountNews::Registered(user) => self.audit.record(tx, &user, "account.registered")?,
            AccountNews::SessionStarted(user) => self.audit.record(tx, &user, "session.started")?,
            AccountNews::SessionEnded {
                user_id,
                session_id,
            } => {
                self.audit.record(tx, &user_id, "session.ended")?;
                tx.pending.ended_sessions.push(session_id);
            }
            AccountNews::Blocked { user_id, blocked } => {
                let list = self.accounts.blocked_by(tx, &user_id)?;
                self.log
                    .append(tx, [&user_id], &EventData::BlocksUpdated(list))?;
                self.audit.record(tx, &user_id, "user.blocked")?;
                tx.pending.notify_separated.insert((user_id, blocked));
            }
            AccountNews::Unblocked { user_id, unblocked } => {
                let list = self.accounts.blocked_by(tx, &user_id)?;
                self.log
                    .append(tx, [&user_id], &EventData::BlocksUpdated(list))?;
                self.audit.record(tx, &user_id, "user.unblocked")?;
                // Strangers have not seen each other before, and do not now.
                if participants::share(tx.db(), &user_id, &unblocked, u32::MAX)? {
                    tx.pending.notify_introduced.extend([user_id, unblocked]);
                }
            }
            AccountNews::ProfileChanged(updated) => {
                let mut people = participants::circle(tx.db(), &updated.user_id, u32::MAX)?;
                if active(Defect::UserUpdatedForAll) {
                    people = users::ids(tx.db())?;
                    people.retain(|user| *user != updated.user_id);
                }
                people.push(updated.user_id.clone());
                self.log
                    .append(tx, &people, &EventData::UserUpdated(updated))?;
            }
            AccountNews::PresenceSettingChanged(user) => {
                tx.pending.notify_presence.insert(user);
            }
            AccountNews::Deleted(user) => {
                self.files.delete_unattached(tx, &user)?;
                self.audit.record(tx, &user, "account.deleted")?;
                tx.pending.forget(&user);
            }
        }
        Ok(())
    }

    fn conversation(&self, tx: &mut Tx<'_>, news: ConversationNews) -> Result<Option<MessageNews>> {
        match news {
            ConversationNews::Created(id) => {
                let people = participants::ids(tx.db(), &id)?;
                self.show_conversation(tx, &id, &people)?;
                tx.pending.notify_introduced.extend(people);
            }
            ConversationNews::Updated(updated) => {
                let people = participants::ids(tx.db(), &updated.conversation_id)?;
                self.log
                    .append(tx, &people, &EventData::ConversationUpdated(updated))?;
            }
            ConversationNews::Joined {
                conversation_id,
                added,
            } => self.joined(tx, conversation_id, added)?,
            ConversationNews::Left {
                conversation_id,
                user_id,
            } => self.left(tx, conversation_id, user_id)?,
            ConversationNews::RoleChanged(updated) => {
                let people = participants::ids(tx.db(), &updated.conversation_id)?;
                self.log
                    .append(tx, &people, &EventData::ParticipantUpdated(updated))?;
            }
            ConversationNews::ReceiptMoved {
                conversation_id,
                user_id,
                delivered_to,
                read_to,
            } => {
                let moved = ReceiptUpdated {
                    conversation_id,
                    user_id,
                    delivered_to,
                    read_to,
                    unread: None,
                };
                self.receipt_moved(tx, moved)?;
            }
            ConversationNews::SettingsChanged { user_id, settings } => {
                let mut people = vec![user_id];
                if active(Defect::SettingsForAll) {
                    people = participants::ids(tx.db(), &settings.conversation_id)?;
                }
                self.log
                    .append(tx, &people, &EventData::SettingsUpdated(settings))?;
            }
            ConversationNews::Noticed {
                conversation_id,
                user_id,
                operation_key,
                notice,
                text,
            } => {
                if active(Defect::NoNotices) {
                    return Ok(None);
                }
                let own_key = active(Defect::NoticeUnderNewKey).then(|| tx.new_operation_key());
                let actor = Actor {
                    user: &user_id,
                    key: own_key.unwrap_or(operation_key),
                };
                let posted =
                    self.messages
                        .post_notice(tx, actor, &conversation_id, notice, text)?;
                return Ok(Some(posted));
            }
        }
        Ok(None)
    }

    /// Tells each of these users of a conversation that they did not have, as they see it.
    fn show_conversation(
        &self,
        tx: &mut Tx<'_>,
        id: &ConversationId,
        users: &[UserId],
    ) -> Result<()> {
        for (seen, users) in conversations::views(tx.db(), id, users)? {
            self.log
                .append(tx, &users, &EventData::ConversationCreated(seen))?;
        }
        Ok(())
    }

    fn joined(
        &self,
        tx: &mut Tx<'_>,
        id: ConversationId,
        participants: Vec<Participant>,
    ) -> Result<()> {
        let people = participants::ids(tx.db(), &id)?;
        let is_new = |user: &UserId| participants.iter().any(|new| new.user_id == *user);
        let (new, others): (Vec<UserId>, Vec<UserId>) = people.into_iter().partition(is_new);
        if !active(Defect::NewcomersUntold) {
            self.show_conversation(tx, &id, &new)?;
        }
        let added = EventData::ParticipantsAdded(ParticipantsAdded {
            conversation_id: id,
            participants: participants.into(),
        });
        self.log.append(tx, &others, &added)?;
        tx.pending.notify_introduced.extend(others);
        tx.pending.notify_introduced.extend(new);
        Ok(())
    }

    fn left(&self, tx: &mut Tx<'_>, id: ConversationId, user: UserId) -> Result<()> {
        let others = participants::ids(tx.db(), &id)?;
        let removed = EventData::ConversationRemoved(ConversationRemoved {
            conversation_id: id.clone(),
        });
        self.log.append(tx, [&user], &removed)?;
        let left = EventData::ParticipantRemoved(ParticipantRemoved {
            conversation_id: id,
            user_id: user,
        });
        self.log.append(tx, &others, &left)
    }

    /// Only the one who read hears what is unread now.
    fn receipt_moved(&self, tx: &mut Tx<'_>, moved: ReceiptUpdated) -> Result<()> {
        let mut others = participants::ids(tx.db(), &moved.conversation_id)?;
        others.retain(|user| *user != moved.user_id);
        let unread = participants::unread(tx.db(), &moved.conversation_id, &moved.user_id)?;
        let user = moved.user_id.clone();
        let own = ReceiptUpdated {
            unread: Some(unread),
            ..moved.clone()
        };
        self.log
            .append(tx, [&user], &EventData::ReceiptUpdated(own))?;
        let moved = if active(Defect::CountsOfOthers) {
            ReceiptUpdated {
                unread: Some(unread),
                ..moved
            }
        } else {
            moved
        };
        self.log
            .append(tx, &others, &EventData::ReceiptUpdated(moved))
    }

    fn message(&self, tx: &mut Tx<'_>, news: MessageNews) -> Result<()> {
        match news {
            MessageNews::Posted(message) => self.posted(tx, message),
            MessageNews::Changed(message) => self.changed(tx, *message),
            MessageNews::Erased(message) => {
                if !active(Defect::KeepsFiles) {
                    self.files.detach(tx, &message.message_id)?;
                }
                self.changed(tx, *message)
            }
            MessageNews::Hidden {
                user_id,
                message,
                unread,
            } => {
                // The others see no change, so they are told of none.
                let id = message.conversation_id.clone();
                let updated = EventData::MessageUpdated(*message);
                if active(Defect::HiddenToldToAll) {
                    let people = participants::ids(tx.db(), &id)?;
                    return self.log.append(tx, &people, &updated);
                }
                match unread {
                    Some(unread) => self.log.append_with_unread(tx, &user_id, &updated, unread),
                    None => self.log.append(tx, [&user_id], &updated),
                }
            }
        }
    }

    /// Notices are no reason for a push.
    fn posted(&self, tx: &mut Tx<'_>, message: Rc<Message>) -> Result<()> {
        self.files.attach(tx, &message)?;
        let mut people = participants::ids(tx.db(), &message.conversation_id)?;
        let created = EventData::MessageCreated((*message).clone());
        if active(Defect::TellsWhoLeft) {
            let all = users::ids(tx.db())?;
            let (gone, _): (Vec<UserId>, Vec<UserId>) =
                all.into_iter().partition(|user| !people.contains(user));
            people.extend(gone);
        }
        self.log.append(tx, &people, &created)?;
        if message.content.notice.is_none() {
            people.retain(|user| *user != message.sender_id);
            tx.pending.pushes.push((message, people));
        }
        Ok(())
    }

    /// Those who have hidden the message are told what is left of it for them.
    fn changed(&self, tx: &mut Tx<'_>, message: Message) -> Result<()> {
        let people = participants::ids(tx.db(), &message.conversation_id)?;
        let hidden_by = messages::hidden_by(tx.db(), &message.message_id)?;
        let (without, with): (Vec<UserId>, Vec<UserId>) = people
            .into_iter()
            .partition(|user| hidden_by.contains(user));
        if !without.is_empty() {
            let left = messages::as_hidden(message.clone());
            self.log
                .append(tx, &without, &EventData::MessageUpdated(left))?;
        }
        self.log
            .append(tx, &with, &EventData::MessageUpdated(message))
    }
}

#[cfg(test)]
mod tests;

//! Reading messages: pages of history, one message, and what it said before (PROTOCOL.md §7.5, §7.9).

use fulmar_protocol::{
    Anchor, Code, HistoryPage, Message, MessageId, MessagePage, MessageVersion, OperationKey,
    Position, UserId,
};

use super::{Messages, not_in_conversation};
use crate::access::Membership;
use crate::defects::{Defect, active};
use crate::error::{Error, Result};
use crate::store::runs::{self, Run};
use crate::store::{messages, participants};
use crate::tx::Tx;

impl Messages {
    /// A page of a conversation, or of one thread in it.
    pub(crate) fn page(
        &self,
        tx: &Tx<'_>,
        member: &Membership,
        thread: Option<OperationKey>,
        page: HistoryPage,
        limit: u32,
    ) -> Result<MessagePage> {
        let (id, user) = (member.conversation_id(), member.user_id());
        let most = if active(Defect::AnyPageSize) {
            u32::MAX
        } else {
            self.page_size
        };
        let limit = if limit == 0 && active(Defect::ZeroIsAll) {
            most
        } else {
            limit.clamp(1, most)
        };
        let run = match thread {
            Some(_) if active(Defect::ThreadPagesOfAll) => Run::Conversation(id),
            Some(root)
                if active(Defect::NoThreadIsAll)
                    && runs::last_place(tx.db(), Run::Thread(id, root))? == Position::default() =>
            {
                Run::Conversation(id)
            }
            None => Run::Conversation(id),
            Some(root) => Run::Thread(id, root),
        };
        let (messages, anchor) = match page {
            HistoryPage::Before(_) if active(Defect::PagesFromTheStart) => {
                let start = Position::default();
                (runs::after(tx.db(), run, user, start, limit)?, None)
            }
            HistoryPage::Before(place) if self.is_odd(tx, run, place)? => {
                let place = match place {
                    Position(0) => Position(u64::MAX >> 1),
                    _ => Position::default(),
                };
                (runs::before(tx.db(), run, user, place, limit)?, None)
            }
            HistoryPage::Before(place) => (runs::before(tx.db(), run, user, place, limit)?, None),
            HistoryPage::After(place) => (runs::after(tx.db(), run, user, place, limit)?, None),
            HistoryPage::Around(anchor) => {
                let defect = Defect::AroundTellsHidden;
                let user = &participants::viewer_unless(tx.db(), id, user, defect)?;
                let place = self.place(tx, run, anchor)?;
                let older = limit / 2;
                let mut around = runs::before(tx.db(), run, user, place, older)?;
                let from = Position(place.0.saturating_sub(1));
                around.extend(runs::after(tx.db(), run, user, from, limit - older)?);
                (around, Some(place))
            }
        };
        let messages = messages.into();
        Ok(MessagePage { messages, anchor })
    }

    /// Whether a defect is about a place: before the beginning, or beyond the end.
    fn is_odd(&self, tx: &Tx<'_>, run: Run<'_>, place: Position) -> Result<bool> {
        let beyond =
            active(Defect::BeyondIsNothing) && place > runs::last_place(tx.db(), run)?.next();
        Ok(beyond || place == Position::default() && active(Defect::ZeroIsNewest))
    }

    /// Where the message is that somebody wants to jump to.
    fn place(&self, tx: &Tx<'_>, run: Run<'_>, anchor: Anchor) -> Result<Position> {
        match anchor {
            Anchor::At(position) => Ok(position.min(runs::last_place(tx.db(), run)?)),
            Anchor::Message(_) if active(Defect::AroundNothing) => runs::last_place(tx.db(), run),
            Anchor::Message(key) => messages::find(tx.db(), key)?
                .and_then(|message| {
                    let elsewhere = active(Defect::AroundElsewhere).then_some(message.position);
                    run.place_of(&message).or(elsewhere)
                })
                .ok_or_else(not_in_conversation),
            Anchor::Time(time) => match runs::first_since(tx.db(), run, time)? {
                Some(position) => Ok(position),
                None => runs::last_place(tx.db(), run),
            },
        }
    }

    /// A message, for those who may read it.
    pub(crate) fn find(&self, tx: &Tx<'_>, user: &UserId, id: &MessageId) -> Result<Message> {
        let message = messages::find_by_id(tx.db(), id)?.ok_or_else(no_such_message)?;
        let takes_part = participants::takes_part(tx.db(), &message.conversation_id, user)?;
        let own = message.sender_id == *user && active(Defect::ReadsOwnById);
        if active(Defect::TellsHiddenById) && takes_part {
            return Ok(message);
        }
        if takes_part || own || active(Defect::ReadsById) {
            messages::as_seen_by(tx.db(), user, message)
        } else {
            Err(no_such_message())
        }
    }

    /// Everything that a message ever said, for those who may read it.
    pub(crate) fn versions(
        &self,
        tx: &Tx<'_>,
        user: &UserId,
        id: &MessageId,
    ) -> Result<Vec<MessageVersion>> {
        let message = if active(Defect::VersionsForAll) {
            messages::find_by_id(tx.db(), id)?.ok_or_else(no_such_message)?
        } else {
            self.find(tx, user, id)?
        };
        if (message.deleted.is_some() || message.hidden) && !active(Defect::KeepsVersions) {
            return Ok(Vec::new());
        }
        let mut versions = messages::versions(tx.db(), id)?;
        if active(Defect::NewestVersionOnly) {
            versions.clear();
        }
        versions.push(MessageVersion {
            at: message.edited_at.unwrap_or(message.sent_at),
            text: message.content.text,
        });
        Ok(versions)
    }
}

pub(crate) fn no_such_message() -> Error {
    Error::refused(Code::MessageNotFound, "There is no such message")
}

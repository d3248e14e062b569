//! History that the app asks for: pages on either side, a message to jump to, and what a message said before
//! (PROTOCOL.md §7.5).

use fulmar_protocol::{
    Anchor, Answer, ApiRequest, ConversationId, HistoryPage, Message, MessageVersion, OperationKey,
    Position,
};

use super::ask::{Ask, Asking, Freshness, OnlineNews, PageAsked, Taken};
use crate::facts::OnlineToken as Token;
use crate::io::{CommandError, CommandId, Reply};
use crate::store::inferred::{Edge, unreadable_of};
use crate::store::runs::Run;
use crate::store::{Result, conversations, messages};
use crate::tx::Tx;

/// Fetches what is missing on one side of a place, or finds a message to jump to.
pub(super) fn load(
    tx: &mut Tx<'_>,
    command: CommandId,
    conversation: &ConversationId,
    (thread, page): (Option<OperationKey>, HistoryPage),
    token: Token,
    page_size: u32,
) -> Result<Asking> {
    let Some(key) = conversations::find(&tx.db, conversation)? else {
        let id = conversation.clone();
        return Ok(Asking::Refused(CommandError::NoSuchConversation { id }));
    };
    let run = Run {
        conversation: key,
        thread,
    };
    let asked = PageAsked { run, page };
    fetch_page(tx, vec![command], asked, token, page_size)
}

pub(super) fn fetch_page(
    tx: &mut Tx<'_>,
    commands: Vec<CommandId>,
    asked: PageAsked,
    token: Token,
    page_size: u32,
) -> Result<Asking> {
    let PageAsked { run, page } = asked;
    if !conversations::exists(&tx.db, run.conversation)? {
        // It went while the page was on its way.
        tx.reply_all(commands, &Ok(reply(page, None)));
        return Ok(Asking::Done);
    }
    let conversation_id = conversations::server_id(&tx.db, run.conversation)?;
    // What the server does not know yet, it has nothing of that is not here.
    let missing = asked.still_missing(tx, page_size)?;
    let (Some(conversation_id), Some((missing, limit))) = (conversation_id, missing) else {
        let place = match page {
            HistoryPage::Around(anchor) => find_here(tx, run, anchor)?,
            HistoryPage::Before(_) | HistoryPage::After(_) => None,
        };
        tx.reply_all(commands, &Ok(reply(page, place)));
        return Ok(Asking::Done);
    };
    let token = match token {
        Ok(token) => token,
        Err(error) => return Ok(Asking::Refused(error)),
    };
    let asked = PageAsked { run, page: missing };
    let (thread, page) = asked.to_ask();
    let call = ApiRequest::Messages {
        conversation_id,
        thread,
        page,
        limit,
    };
    let ask = Ask::Page {
        commands,
        asked,
        freshness: Freshness::Fresh,
    };
    Ok(Asking::Send { call, ask, token })
}

/// Who jumps to a message is told where it is.
fn reply(page: HistoryPage, place: Option<Position>) -> Reply {
    match page {
        HistoryPage::Around(_) => Reply::Found { place },
        HistoryPage::Before(_) | HistoryPage::After(_) => Reply::Done,
    }
}

/// What a message said before it was edited, which only the server remembers.
pub(super) fn versions(
    tx: &mut Tx<'_>,
    command: CommandId,
    message: OperationKey,
    token: Token,
) -> Result<Asking> {
    let token = match token {
        Ok(token) => token,
        Err(error) => return Ok(Asking::Refused(error)),
    };
    let Some(row) = messages::find(&tx.db, message)? else {
        let key = message;
        return Ok(Asking::Refused(CommandError::NoSuchMessage { key }));
    };
    let Some(message_id) = row.message_id else {
        // It never said anything else as far as anyone knows.
        let version = MessageVersion {
            at: row.at,
            text: row.content.text,
        };
        tx.reply(command, Ok(Reply::Versions(vec![version])));
        return Ok(Asking::Done);
    };
    let call = ApiRequest::Versions { message_id };
    let ask = Ask::Tell(command);
    Ok(Asking::Send { call, ask, token })
}

/// A page came: only what was asked for is taken, so that it cannot write into another conversation.
pub(super) fn page_arrived(
    tx: &mut Tx<'_>,
    commands: Vec<CommandId>,
    asked: PageAsked,
    answer: Answer,
) -> Result<Taken> {
    let Answer::Messages(page) = answer else {
        return Ok(Taken::OtherAnswer);
    };
    let conversation = asked.run.conversation;
    // It may have gone while the page was on its way.
    let unreadable = if conversations::exists(&tx.db, conversation)? {
        let head = asked.run.head(&tx.db)?;
        unreadable_of(&page.messages, asked.run, asked.edge(), head)
    } else {
        Vec::new()
    };
    let mut messages = Vec::with_capacity(page.messages.len());
    for message in page.messages {
        let belongs = conversations::find(&tx.db, &message.conversation_id)?;
        if belongs == Some(conversation) && asked.covers(&message) {
            messages.push(message);
        }
    }
    tx.reply_all(commands, &Ok(reply(asked.page, page.anchor)));
    Ok(Taken::News(OnlineNews::Page {
        conversation,
        messages,
        unreadable,
    }))
}

impl PageAsked {
    /// What the page begins or ends with, whatever of it can be read.
    fn edge(&self) -> Edge {
        match self.page {
            // That is the root of a thread, which has no place in it.
            HistoryPage::Before(Position(0 | 1)) | HistoryPage::Around(_) => Edge::Unknown,
            HistoryPage::Before(before) => Edge::Last(Position(before.0 - 1)),
            HistoryPage::After(after) => Edge::First(after.next()),
        }
    }

    /// The thread and the page that hold it. Before the first message of a thread is its root, which is in the
    /// conversation.
    fn to_ask(self) -> (Option<OperationKey>, HistoryPage) {
        match self.page {
            HistoryPage::Before(Position(0 | 1)) => match self.run.thread {
                Some(root) => (None, HistoryPage::Around(Anchor::Message(root))),
                None => (None, self.page),
            },
            HistoryPage::Before(_) | HistoryPage::After(_) | HistoryPage::Around(_) => {
                (self.run.thread, self.page)
            }
        }
    }

    /// Whether a message can be part of the answer.
    fn covers(&self, message: &Message) -> bool {
        let place = match self.run.thread {
            None => Some(message.position),
            Some(root) if message.operation_key == root => Some(Position::ZERO),
            Some(root) => message
                .thread_position
                .filter(|_| message.content.thread_root == Some(root)),
        };
        match self.page {
            HistoryPage::Before(before) => place.is_some_and(|place| place < before),
            HistoryPage::After(after) => place.is_some_and(|place| place > after),
            HistoryPage::Around(_) => place.is_some(),
        }
    }

    /// The page without what is here at its beginning, and how many messages of it are not, at most those of one
    /// page; `None` when all of it is here.
    fn still_missing(&self, tx: &Tx<'_>, page_size: u32) -> Result<Option<(HistoryPage, u32)>> {
        let (run, page) = (self.run, self.page);
        let count = |from: Position, to: Position| {
            u32::try_from(to.0 + 1 - from.0).map_or(page_size, |count| count.min(page_size))
        };
        Ok(match self.page {
            HistoryPage::Before(Position(0 | 1)) => match run.thread {
                Some(root) if messages::find(&tx.db, root)?.is_none() => Some((page, 1)),
                Some(_) | None => None,
            },
            HistoryPage::Before(place) => run
                .missing_before(&tx.db, place)?
                .map(|(from, to)| (HistoryPage::Before(to.next()), count(from, to))),
            HistoryPage::After(place) => {
                let head = run.head(&tx.db)?;
                run.missing_after(&tx.db, place, head)?
                    .map(|(from, to)| (HistoryPage::After(Position(from.0 - 1)), count(from, to)))
            }
            HistoryPage::Around(anchor) => match find_here(tx, run, anchor)? {
                Some(_) => None,
                None => Some((page, page_size)),
            },
        })
    }
}

/// Where a message to jump to is, if that is certain without asking.
fn find_here(tx: &Tx<'_>, run: Run, anchor: Anchor) -> Result<Option<Position>> {
    match anchor {
        // The store cannot even be asked for a larger one.
        Anchor::At(place) if place.0 > i64::MAX as u64 => Ok(None),
        Anchor::At(place) => Ok(run.has(&tx.db, place)?.then_some(place)),
        Anchor::Message(key) => Ok(messages::find(&tx.db, key)?
            .filter(|row| row.conversation == run.conversation)
            .and_then(|row| match run.thread {
                None => row.position,
                Some(root) => row
                    .thread_position
                    .filter(|_| row.content.thread_root == Some(root)),
            })),
        Anchor::Time(time) => run.first_since(&tx.db, time),
    }
}

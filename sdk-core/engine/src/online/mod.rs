//! What the app asks of the server now or not at all: pages of history, searches, what a message said
//! before, and what only the server knows of the user's account (PROTOCOL.md §7.1, §7.4 to §7.6).
//!
//! Nothing of this waits for the network or is tried again by itself: the app is told that it did not go.
//! Only what is missing here is fetched, and what is under way is not asked for a second time.

mod account;
mod history;
mod search;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use fulmar_protocol::{
    Answer, ApiRequest, ConversationId, HistoryPage, Message, OperationKey, SearchQuery, Secret,
    UserId,
};

use crate::facts::OnlineToken as Token;
use crate::io::error::command_error;
use crate::io::{CommandError, CommandId, Reply, RequestFailure, RequestId};
use crate::store::runs::Run;
use crate::store::{ConversationKey, Result};
use crate::tx::{Owner, Tx};

pub(crate) use account::AccountQuestion;

/// What came of a question.
#[derive(Debug)]
pub(crate) enum OnlineNews {
    /// A page of a conversation's history came.
    Page(ConversationKey, Vec<Message>),
    /// A search found these.
    Found(Vec<Message>),
    /// Whom the user has blocked.
    Blocks(Vec<UserId>),
    /// The account is gone for good; this command waits for the store to be emptied.
    AccountDeleted(CommandId),
}

/// What the app wants to know.
#[derive(Debug, Clone)]
pub(crate) enum Question {
    History {
        conversation: ConversationId,
        /// Only in the thread under this message, by the places in it.
        thread: Option<OperationKey>,
        page: HistoryPage,
    },
    Search {
        query: SearchQuery,
        cursor: Option<String>,
    },
    Versions(OperationKey),
    Account(AccountQuestion),
}

/// Whether what was asked for can still be taken as it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Freshness {
    Fresh,
    /// It may tell of messages as they were before a change that nobody here remembers.
    Outdated,
}

/// A page of history that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PageAsked {
    run: Run,
    page: HistoryPage,
}

/// What a request was for.
#[derive(Debug)]
enum Ask {
    Page {
        /// All who asked for the same.
        commands: Vec<CommandId>,
        asked: PageAsked,
        freshness: Freshness,
    },
    Search {
        command: CommandId,
        query: SearchQuery,
        cursor: Option<String>,
        freshness: Freshness,
    },
    /// The app is told the answer, and nothing else comes of it.
    Tell(CommandId),
    Blocks(CommandId),
    DeleteAccount(CommandId),
}

/// The questions that have no answer yet.
#[derive(Debug, Default)]
pub(crate) struct Online {
    asks: BTreeMap<RequestId, Ask>,
}

/// Whether a question was asked, or why not. One that needs no asking was answered.
type Started = Result<std::result::Result<(), CommandError>>;

impl Online {
    /// Asks, or says why not; the answer may be here already.
    pub(crate) fn ask(
        &mut self,
        tx: &mut Tx<'_>,
        command: CommandId,
        question: Question,
        token: Token,
        page_size: u32,
    ) -> Started {
        match question {
            Question::History {
                conversation,
                thread,
                page,
            } => self.load_history(tx, command, &conversation, (thread, page), token, page_size),
            Question::Search { query, cursor } => self.search(tx, command, query, cursor, token),
            Question::Versions(message) => self.fetch_versions(tx, command, message, token),
            Question::Account(question) => Ok(token.map(|token| {
                let (call, ask) = question.into_ask(command);
                self.request(tx, call, ask, token);
            })),
        }
    }

    fn request(&mut self, tx: &mut Tx<'_>, call: ApiRequest, ask: Ask, token: Secret) {
        let request = tx.ask(Owner::Online, call, Some(token));
        self.asks.insert(request, ask);
    }

    /// The server answered, or did not.
    pub(crate) fn answered(
        &mut self,
        tx: &mut Tx<'_>,
        request: RequestId,
        result: std::result::Result<Answer, RequestFailure>,
        token: Token,
        page_size: u32,
    ) -> Result<Vec<OnlineNews>> {
        match (self.asks.remove(&request), result) {
            (None, _) => Ok(Vec::new()),
            (
                Some(Ask::Search {
                    command,
                    query,
                    cursor,
                    freshness: Freshness::Outdated,
                }),
                Ok(_),
            ) => {
                if let Err(error) = self.search(tx, command, query, cursor, token)? {
                    tx.reply(command, Err(error));
                }
                Ok(Vec::new())
            }
            (
                Some(Ask::Page {
                    commands,
                    asked,
                    freshness: Freshness::Outdated,
                }),
                Ok(_),
            ) => {
                if let Err(error) =
                    self.fetch_page(tx, commands.clone(), asked, token, page_size)?
                {
                    tx.reply_all(commands, &Err(error));
                }
                Ok(Vec::new())
            }
            (Some(ask), Ok(answer)) => Ok(ask.answered(tx, answer)?.into_iter().collect()),
            (Some(ask), Err(failure)) => {
                tx.reply_all(ask.commands(), &Err(command_error(failure)));
                Ok(Vec::new())
            }
        }
    }

    /// Messages went from here that may have changed since a page was asked for: the page, when it comes,
    /// says what they were.
    pub(crate) fn outdate(&mut self) {
        for ask in self.asks.values_mut() {
            match ask {
                Ask::Page { freshness, .. } | Ask::Search { freshness, .. } => {
                    *freshness = Freshness::Outdated;
                }
                Ask::Tell(_) | Ask::Blocks(_) | Ask::DeleteAccount(_) => {}
            }
        }
    }

    /// The session is over: all who wait are told so.
    pub(crate) fn stop(&mut self, tx: &mut Tx<'_>) {
        for ask in std::mem::take(&mut self.asks).into_values() {
            tx.reply_all(ask.commands(), &Err(CommandError::SignedOut));
        }
    }
}

impl Ask {
    fn commands(&self) -> Vec<CommandId> {
        match self {
            Self::Page { commands, .. } => commands.clone(),
            Self::Search { command, .. }
            | Self::Tell(command)
            | Self::Blocks(command)
            | Self::DeleteAccount(command) => vec![*command],
        }
    }

    /// Takes an answer; one to another question is none.
    fn answered(self, tx: &mut Tx<'_>, answer: Answer) -> Result<Option<OnlineNews>> {
        let commands = self.commands();
        let news = match self {
            Self::Page {
                commands, asked, ..
            } => history::page_arrived(tx, commands, asked, answer)?,
            Self::Search { command, .. } => search::found(tx, command, answer)?,
            Self::Tell(command) => account::told(tx, command, answer),
            Self::Blocks(command) => account::blocks(tx, command, answer),
            Self::DeleteAccount(command) => account::deleted(command, answer),
        };
        Ok(match news {
            Taken::Nothing => None,
            Taken::News(news) => Some(news),
            Taken::OtherAnswer => {
                let reason = "another answer".to_owned();
                tx.reply_all(commands, &Err(CommandError::Unreachable { reason }));
                None
            }
        })
    }
}

/// What was made of an answer.
enum Taken {
    Nothing,
    News(OnlineNews),
    OtherAnswer,
}

/// Nothing more to do than to say that it is done.
fn done(tx: &mut Tx<'_>, command: CommandId, reply: Reply) -> Taken {
    tx.reply(command, Ok(reply));
    Taken::Nothing
}

//! What the app asks of the server now or not at all: pages of history, searches, what a message said
//! before, and what only the server knows of the user's account (PROTOCOL.md §7.1, §7.4 to §7.6).
//!
//! Nothing of this waits for the network or is tried again by itself: the app is told that it did not go.
//! Only what is missing here is fetched, and what is under way is not asked for a second time.

mod account;
mod ask;
mod history;
mod search;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use fulmar_protocol::{
    Answer, ConversationId, FailureClass, HistoryPage, OperationKey, SearchQuery,
};

use crate::defects::{self, Defect};
use crate::facts::OnlineToken as Token;
use crate::io::error::command_error;
use crate::io::{CommandError, CommandId, RequestFailure, RequestId};
use crate::online::ask::{Ask, Asking, Freshness, Taken};
use crate::store::Result;
use crate::tx::{Owner, Tx};

pub(crate) use account::AccountQuestion;
pub(crate) use ask::OnlineNews;

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

/// The questions that have no answer yet.
#[derive(Debug, Default)]
pub(crate) struct Online {
    asks: BTreeMap<RequestId, Ask>,
    /// Those of which the answer has a list that something newer was told of meanwhile.
    overtaken: BTreeSet<RequestId>,
}

impl Online {
    /// How much of it is in memory, for the simulation.
    #[cfg(feature = "defects")]
    pub(crate) fn kept(&self) -> usize {
        self.asks.len()
    }

    /// Asks, or says why not; the answer may be here already.
    pub(crate) fn ask(
        &mut self,
        tx: &mut Tx<'_>,
        command: CommandId,
        question: Question,
        token: Token,
        page_size: u32,
    ) -> Result<std::result::Result<(), CommandError>> {
        let asking = match question {
            Question::History {
                conversation,
                thread,
                page,
            } => {
                let wanted = (thread, page);
                history::load(tx, command, &conversation, wanted, token, page_size)?
            }
            Question::Search { query, cursor } => {
                search::search(tx, command, query, cursor, token)?
            }
            Question::Versions(message) => history::versions(tx, command, message, token)?,
            Question::Account(question) => account::question(command, question, token),
        };
        Ok(self.begin(tx, asking))
    }

    /// Sends a question, unless its answer is on its way already.
    fn begin(&mut self, tx: &mut Tx<'_>, asking: Asking) -> std::result::Result<(), CommandError> {
        match asking {
            Asking::Done => Ok(()),
            Asking::Refused(error) => Err(error),
            Asking::Send { call, ask, token } => {
                let mut asks = self.asks.values_mut();
                if let Some(waiting) = asks.find_map(|other| other.waiting_for_the_same(&ask)) {
                    waiting.extend(ask.commands());
                } else {
                    let request = tx.ask(Owner::Online, call, Some(token));
                    self.asks.insert(request, ask);
                }
                Ok(())
            }
        }
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
        let Some(ask) = self.asks.remove(&request) else {
            return Ok(Vec::new());
        };
        let overtaken = self.overtaken.remove(&request);
        let commands = ask.commands();
        let answer = match result {
            Ok(answer) => answer,
            Err(_) if defects::active(Defect::ForgetsAskers) => return Ok(Vec::new()),
            Err(failure) => {
                tx.reply_all(commands, &Err(told(failure)));
                return Ok(Vec::new());
            }
        };
        let asking = match ask {
            Ask::Search {
                command,
                query,
                cursor,
                freshness: Freshness::Outdated,
            } => search::search(tx, command, query, cursor, token)?,
            Ask::Page {
                commands,
                asked,
                freshness: Freshness::Outdated,
            } => history::fetch_page(tx, commands, asked, token, page_size)?,
            Ask::Search { .. }
            | Ask::Page { .. }
            | Ask::Tell(_)
            | Ask::Blocks(_)
            | Ask::DeleteAccount(_) => {
                let news = take(tx, ask, commands, answer)?;
                let news = news.filter(|news| !(overtaken && news.is_list()));
                return Ok(news.into_iter().collect());
            }
        };
        if let Err(error) = self.begin(tx, asking) {
            tx.reply_all(commands, &Err(error));
        }
        Ok(Vec::new())
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

    /// The log, a snapshot or another answer has told who is blocked: an answer that comes later may be older than that.
    /// If it is not, the log tells the same.
    pub(crate) fn blocks_told(&mut self) {
        let blocks = self.asks.iter().filter(|(_, ask)| ask.brings_blocks());
        self.overtaken.extend(blocks.map(|(request, _)| *request));
    }

    /// The session is over: all who wait are told so.
    pub(crate) fn stop(&mut self, tx: &mut Tx<'_>) {
        self.overtaken.clear();
        for ask in std::mem::take(&mut self.asks).into_values() {
            tx.reply_all(ask.commands(), &Err(CommandError::SignedOut));
        }
    }

    /// The server ended the session. When that is because the account is being deleted, the answer to that may still
    /// be on its way: it is awaited, and by this request.
    pub(crate) fn stop_but_for_deletion(&mut self, tx: &mut Tx<'_>) -> Option<RequestId> {
        let deletion = self
            .asks
            .iter()
            .find(|(_, ask)| ask.ends_the_session())
            .map(|(request, _)| *request);
        let kept = deletion.and_then(|request| self.asks.remove_entry(&request));
        self.stop(tx);
        self.asks.extend(kept);
        deletion
    }
}

/// What a failure is to the app. That an access token was not accepted says nothing about what was asked (PROTOCOL.md
/// §7.2): a new one is on its way, and until it is here it is as without one.
fn told(failure: RequestFailure) -> CommandError {
    let class = failure.problem().map(|problem| problem.code.class());
    match class {
        Some(FailureClass::Authentication) => CommandError::without_token(),
        Some(FailureClass::Permanent | FailureClass::Transient) | None => command_error(failure),
    }
}

/// Takes an answer; one to another question is none, which those who wait are told.
fn take(
    tx: &mut Tx<'_>,
    ask: Ask,
    waiting: Vec<CommandId>,
    answer: Answer,
) -> Result<Option<OnlineNews>> {
    let taken = match ask {
        Ask::Page {
            commands, asked, ..
        } => history::page_arrived(tx, commands, asked, answer)?,
        Ask::Search { command, .. } => search::found(tx, command, answer)?,
        Ask::Tell(command) => account::told(tx, command, answer),
        Ask::Blocks(command) => account::blocks(tx, command, answer),
        Ask::DeleteAccount(command) => account::deleted(command, answer),
    };
    Ok(match taken {
        Taken::Nothing => None,
        Taken::News(news) => Some(news),
        Taken::OtherAnswer => {
            let error = command_error(RequestFailure::other_answer());
            tx.reply_all(waiting, &Err(error));
            None
        }
    })
}

//! Questions on their way: what is asked, what a request was for, and what came of it.

use fulmar_protocol::{ApiRequest, HistoryPage, Message, SearchQuery, Secret, UserId};

use crate::io::{CommandError, CommandId, Reply};
use crate::store::ConversationKey;
use crate::store::runs::Run;
use crate::store::unreadable::UnreadableMessage;
use crate::tx::Tx;

/// What came of a question.
#[derive(Debug)]
pub(crate) enum OnlineNews {
    /// A page of a conversation's history came.
    Page {
        conversation: ConversationKey,
        messages: Vec<Message>,
        unreadable: Vec<UnreadableMessage>,
    },
    /// A search found these.
    Found(Vec<Message>),
    /// The users that the user has blocked.
    Blocks(Vec<UserId>),
    /// The account is gone for good; this command waits for the store to be emptied.
    AccountDeleted(CommandId),
}

impl OnlineNews {
    /// Whether it is the list of who is blocked.
    pub(super) fn is_list(&self) -> bool {
        matches!(self, Self::Blocks(_))
    }
}

/// What becomes of a question.
#[derive(Debug)]
pub(super) enum Asking {
    /// The app was answered: what it wanted is here.
    Done,
    /// The app is told why not.
    Refused(CommandError),
    /// The server is asked.
    Send {
        call: ApiRequest,
        ask: Ask,
        token: Secret,
    },
}

/// Whether what was asked for can still be taken as it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    Fresh,
    /// It may tell of messages as they were before a change that nobody here remembers.
    Outdated,
}

/// A page of history that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageAsked {
    pub(super) run: Run,
    pub(super) page: HistoryPage,
}

/// What a request was for.
#[derive(Debug)]
pub(super) enum Ask {
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

impl Ask {
    /// Whether the answer says who is blocked.
    pub(super) fn brings_blocks(&self) -> bool {
        matches!(self, Self::Blocks(_))
    }

    /// Whether an answer to it may be heard after the session has ended because of it.
    pub(super) fn ends_the_session(&self) -> bool {
        match self {
            Self::DeleteAccount(_) => true,
            Self::Search { .. } | Self::Page { .. } | Self::Tell(_) | Self::Blocks(_) => false,
        }
    }

    /// Who waits for it.
    pub(super) fn commands(&self) -> Vec<CommandId> {
        match self {
            Self::Page { commands, .. } => commands.clone(),
            Self::Search { command, .. }
            | Self::Tell(command)
            | Self::Blocks(command)
            | Self::DeleteAccount(command) => vec![*command],
        }
    }

    /// Those who wait for this, when another wants the same and the one answer serves both.
    pub(super) fn waiting_for_the_same(&mut self, other: &Self) -> Option<&mut Vec<CommandId>> {
        match (self, other) {
            (
                Self::Page {
                    commands, asked, ..
                },
                Self::Page { asked: wanted, .. },
            ) => (*asked == *wanted).then_some(commands),
            (
                Self::Page { .. }
                | Self::Search { .. }
                | Self::Tell(_)
                | Self::Blocks(_)
                | Self::DeleteAccount(_),
                Self::Page { .. }
                | Self::Search { .. }
                | Self::Tell(_)
                | Self::Blocks(_)
                | Self::DeleteAccount(_),
            ) => None,
        }
    }
}

/// What was made of an answer.
pub(super) enum Taken {
    Nothing,
    News(OnlineNews),
    OtherAnswer,
}

/// Nothing more to do than to say that it is done.
pub(super) fn done(tx: &mut Tx<'_>, command: CommandId, reply: Reply) -> Taken {
    tx.reply(command, Ok(reply));
    Taken::Nothing
}

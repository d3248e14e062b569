//! History that the app asks for: pages on either side, a message to jump to, and what a message said
//! before (PROTOCOL.md §7.5).
//!
//! Only what is missing here is fetched, and what is under way is not asked for a second time.

use fulmar_protocol::{
    Anchor, ApiRequest, ConversationId, HistoryPage, MessagePage, MessageVersion, OperationKey,
    Position, Secret,
};

use crate::brain::{Freshness, PageAsked, Purpose};
use crate::command_error::CommandError;
use crate::effect::{CommandId, Reply};
use crate::input::NetworkState;
use crate::store::runs::Run;
use crate::store::{Result, conversations, messages};
use crate::turn::Turn;

type Started = Result<std::result::Result<(), CommandError>>;

impl Turn<'_> {
    /// Fetches what is missing on one side of a place, or finds a message to jump to.
    pub(crate) fn load_history(
        &mut self,
        command: CommandId,
        conversation: &ConversationId,
        thread: Option<OperationKey>,
        page: HistoryPage,
    ) -> Started {
        let Some(key) = conversations::find(&self.db, conversation)? else {
            return Ok(Err(CommandError::NoSuchConversation {
                id: conversation.clone(),
            }));
        };
        let run = Run {
            conversation: key,
            thread,
        };
        self.fetch_page(vec![command], PageAsked { run, page })
    }

    fn fetch_page(&mut self, commands: Vec<CommandId>, asked: PageAsked) -> Started {
        let PageAsked { run, page } = asked;
        let conversation_id = conversations::server_id(&self.db, run.conversation)?;
        // What the server does not know yet, it has nothing of that is not here.
        let missing = self.still_missing(run, page)?;
        let (Some(conversation_id), Some(limit)) = (conversation_id, missing) else {
            let reply = match page {
                HistoryPage::Around(anchor) => Reply::Found {
                    place: self.find_here(run, anchor)?,
                },
                _ => Reply::Done,
            };
            self.reply_all(commands, &Ok(reply));
            return Ok(Ok(()));
        };
        let token = match self.online_token() {
            Ok(token) => token,
            Err(error) => return Ok(Err(error)),
        };
        let mut requests = self.brain.requests.values_mut();
        let under_way = requests.find_map(|(purpose, _)| match purpose {
            Purpose::History {
                commands,
                asked: other,
                ..
            } if *other == asked => Some(commands),
            _ => None,
        });
        if let Some(waiting) = under_way {
            waiting.extend(commands);
            return Ok(Ok(()));
        }
        // Before the first message of a thread is its root, which is in the conversation.
        let (thread, page) = match (run.thread, page) {
            (Some(root), HistoryPage::Before(Position(0 | 1))) => {
                (None, HistoryPage::Around(Anchor::Message(root)))
            }
            _ => (run.thread, page),
        };
        self.request(
            ApiRequest::Messages {
                conversation_id,
                thread,
                page,
                limit,
            },
            Purpose::History {
                commands,
                asked,
                freshness: Freshness::Fresh,
            },
            Some(token),
        );
        Ok(Ok(()))
    }

    /// Messages went from here that may have changed since a page was asked for: the page, when it
    /// comes, says what they were.
    pub(crate) fn outdate_pages(&mut self) {
        for (purpose, _) in self.brain.requests.values_mut() {
            if let Purpose::History { freshness, .. } | Purpose::Search { freshness, .. } = purpose
            {
                *freshness = Freshness::Outdated;
            }
        }
    }

    /// How many messages of a page are not here, at most those of one page; `None` when all of it is.
    fn still_missing(&self, run: Run, page: HistoryPage) -> Result<Option<u32>> {
        let most = self.brain.limits.page_size;
        let count = |from: Position, to: Position| {
            u32::try_from(to.0 + 1 - from.0).map_or(most, |count| count.min(most))
        };
        Ok(match page {
            HistoryPage::Before(Position(0 | 1)) => match run.thread {
                Some(root) if messages::find(&self.db, root)?.is_none() => Some(1),
                _ => None,
            },
            HistoryPage::Before(place) => run
                .missing_before(&self.db, place)?
                .map(|(from, to)| count(from, to)),
            HistoryPage::After(place) => {
                let head = run.head(&self.db)?;
                run.missing_after(&self.db, place, head)?
                    .map(|(from, to)| count(from, to))
            }
            HistoryPage::Around(anchor) => match self.find_here(run, anchor)? {
                Some(_) => None,
                None => Some(most),
            },
        })
    }

    /// Where a message to jump to is, if that is certain without asking.
    fn find_here(&self, run: Run, anchor: Anchor) -> Result<Option<Position>> {
        match anchor {
            Anchor::At(place) => Ok(run.has(&self.db, place)?.then_some(place)),
            Anchor::Message(key) => Ok(messages::find(&self.db, key)?
                .filter(|row| row.conversation == run.conversation)
                .and_then(|row| match run.thread {
                    None => row.position,
                    Some(root) => row
                        .thread_position
                        .filter(|_| row.content.thread_root == Some(root)),
                })),
            Anchor::Time(time) => run.first_since(&self.db, time),
        }
    }

    pub(crate) fn history_arrived(
        &mut self,
        commands: Vec<CommandId>,
        asked: PageAsked,
        freshness: Freshness,
        page: &MessagePage,
    ) -> Result<()> {
        if freshness == Freshness::Outdated {
            if let Err(error) = self.fetch_page(commands.clone(), asked)? {
                self.reply_all(commands, &Err(error));
            }
            return Ok(());
        }
        for message in &page.messages {
            // Only what was asked for: a page cannot write into another conversation.
            let belongs = conversations::find(&self.db, &message.conversation_id)?;
            if belongs == Some(asked.run.conversation) && asked.covers(message) {
                self.store_message(asked.run.conversation, message)?;
            }
        }
        let reply = match asked.page {
            HistoryPage::Around(_) => Reply::Found { place: page.anchor },
            _ => Reply::Done,
        };
        self.reply_all(commands, &Ok(reply));
        Ok(())
    }

    /// A token for a request that is asked now or not at all.
    pub(crate) fn online_token(&self) -> std::result::Result<Secret, CommandError> {
        if !self.signed_in() {
            return Err(CommandError::SignedOut);
        }
        let unreachable = |reason: &str| CommandError::Unreachable {
            reason: reason.to_owned(),
        };
        if self.brain.network == NetworkState::Unavailable {
            return Err(unreachable("offline"));
        }
        self.usable_token()
            .ok_or_else(|| unreachable("waiting for a new access token"))
    }

    /// What a message said before it was edited, which only the server remembers.
    pub(crate) fn fetch_versions(
        &mut self,
        command: CommandId,
        message: OperationKey,
    ) -> Result<std::result::Result<(), CommandError>> {
        let token = match self.online_token() {
            Ok(token) => token,
            Err(error) => return Ok(Err(error)),
        };
        let Some(row) = messages::find(&self.db, message)? else {
            return Ok(Err(CommandError::NoSuchMessage { key: message }));
        };
        let Some(message_id) = row.message_id else {
            // It never said anything else as far as anyone knows.
            let version = MessageVersion {
                at: row.at,
                text: row.content.text,
            };
            self.reply(command, Ok(Reply::Versions(vec![version])));
            return Ok(Ok(()));
        };
        self.request(
            ApiRequest::Versions { message_id },
            Purpose::Tell { command },
            Some(token),
        );
        Ok(Ok(()))
    }
}

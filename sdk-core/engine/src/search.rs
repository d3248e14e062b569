//! Searching at the server (PROTOCOL.md §7.6): what it finds is stored here, and found here from then on.

use std::time::Duration;

use fulmar_protocol::{ApiRequest, SearchPage, SearchQuery};

use crate::brain::{Freshness, Purpose};
use crate::command_error::CommandError;
use crate::deadline::Why;
use crate::effect::{CommandId, Effect, Reply, Topic};
use crate::store::{Result, conversations, search};
use crate::turn::Turn;

/// How long a message may wait until it can be found, and how many are indexed at a time.
const INDEX_AFTER: Duration = Duration::from_millis(200);
const AT_A_TIME: u32 = 1_000;

impl Turn<'_> {
    /// At the end of a turn: what was written can be found soon.
    pub(crate) fn settle_index(&mut self) -> Result<()> {
        if self.brain.deadlines.get(Why::Index).is_none() && search::is_behind(&self.db)? {
            let at = self.now.mono.plus(INDEX_AFTER);
            self.brain.deadlines.set(Why::Index, at);
        }
        Ok(())
    }

    /// The time has come. Searches look again.
    pub(crate) fn index_messages(&mut self) -> Result<()> {
        search::index(&self.db, AT_A_TIME)?;
        self.hold(Effect::Changed(Topic::Conversations));
        Ok(())
    }

    pub(crate) fn search(
        &mut self,
        command: CommandId,
        query: SearchQuery,
        cursor: Option<String>,
    ) -> Result<std::result::Result<(), CommandError>> {
        let token = match self.online_token() {
            Ok(token) => token,
            Err(error) => return Ok(Err(error)),
        };
        let mut asked = query.clone();
        if let Some(id) = &query.conversation_id {
            let key = conversations::find(&self.db, id)?;
            let known = match key {
                Some(key) => conversations::server_id(&self.db, key)?,
                None => return Ok(Err(CommandError::NoSuchConversation { id: id.clone() })),
            };
            let Some(known) = known else {
                // The server does not know it yet, so it has nothing that is not here.
                self.reply(
                    command,
                    Ok(Reply::Searched {
                        keys: Vec::new(),
                        cursor: None,
                    }),
                );
                return Ok(Ok(()));
            };
            asked.conversation_id = Some(known);
        }
        let call = ApiRequest::Search {
            query: asked,
            cursor: cursor.clone(),
        };
        let purpose = Purpose::Search {
            command,
            query,
            cursor,
            freshness: Freshness::Fresh,
        };
        self.request(call, purpose, Some(token));
        Ok(Ok(()))
    }

    pub(crate) fn search_answered(&mut self, command: CommandId, page: SearchPage) -> Result<()> {
        let mut keys = Vec::with_capacity(page.messages.len());
        for message in &page.messages {
            // What is not in a conversation of this user is none of their business.
            if let Some(key) = conversations::find(&self.db, &message.conversation_id)? {
                self.store_message(key, message)?;
                keys.push(message.operation_key);
            }
        }
        let cursor = page.cursor;
        self.reply(command, Ok(Reply::Searched { keys, cursor }));
        Ok(())
    }
}

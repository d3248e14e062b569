//! Searching at the server (PROTOCOL.md §7.6): what it finds is stored here, and found here from then on.

use fulmar_protocol::{ApiRequest, SearchPage, SearchQuery};

use crate::brain::{Freshness, Purpose};
use crate::effect::{CommandError, CommandId, Reply};
use crate::store::{Result, conversations};
use crate::turn::Turn;

impl Turn<'_> {
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

//! Older history: pages that the app asks for (PROTOCOL.md §7.5).

use fulmar_protocol::{ApiRequest, ConversationId, MessagePage, Position};

use crate::brain::Purpose;
use crate::effect::{CommandError, CommandId, Reply};
use crate::input::NetworkState;
use crate::store::{ConversationKey, Result, conversations};
use crate::turn::Turn;

impl Turn<'_> {
    pub(crate) fn load_older(
        &mut self,
        command: CommandId,
        conversation: &ConversationId,
        before: Position,
    ) -> Result<std::result::Result<(), CommandError>> {
        if !self.signed_in() {
            return Ok(Err(CommandError::SignedOut));
        }
        let unreachable = |reason: &str| CommandError::Unreachable {
            reason: reason.to_owned(),
        };
        if self.brain.network == NetworkState::Unavailable {
            return Ok(Err(unreachable("offline")));
        }
        let Some(token) = self.usable_token() else {
            return Ok(Err(unreachable("waiting for a new access token")));
        };
        let Some(key) = conversations::find(&self.db, conversation)? else {
            return Ok(Err(CommandError::NoSuchConversation {
                id: conversation.clone(),
            }));
        };
        let Some(conversation_id) = conversations::server_id(&self.db, key)? else {
            // The server does not know it yet, so there is nothing older.
            self.reply(command, Ok(Reply::Page { count: 0 }));
            return Ok(Ok(()));
        };
        self.request(
            ApiRequest::Messages {
                conversation_id,
                before,
                limit: self.brain.limits.page_size,
            },
            Purpose::History {
                command,
                conversation: key,
                before,
            },
            Some(token),
        );
        Ok(Ok(()))
    }

    pub(crate) fn history_arrived(
        &mut self,
        command: CommandId,
        conversation: ConversationKey,
        before: Position,
        page: &MessagePage,
    ) -> Result<()> {
        let mut count = 0;
        for message in &page.messages {
            // Only what was asked for: a page cannot write into another conversation, or above.
            let belongs = conversations::find(&self.db, &message.conversation_id)?;
            if belongs == Some(conversation) && message.position < before {
                self.store_message(conversation, message)?;
                count += 1;
            }
        }
        self.reply(command, Ok(Reply::Page { count }));
        Ok(())
    }
}

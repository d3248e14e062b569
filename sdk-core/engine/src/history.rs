//! History that the app asks for: older pages, and what a message said before (PROTOCOL.md §7.5).

use fulmar_protocol::{
    ApiRequest, ConversationId, MessagePage, MessageVersion, OperationKey, Position, Secret,
};

use crate::brain::Purpose;
use crate::effect::{CommandError, CommandId, Reply};
use crate::input::NetworkState;
use crate::store::{ConversationKey, Result, conversations, messages};
use crate::turn::Turn;

impl Turn<'_> {
    pub(crate) fn load_older(
        &mut self,
        command: CommandId,
        conversation: &ConversationId,
        before: Position,
    ) -> Result<std::result::Result<(), CommandError>> {
        let token = match self.online_token() {
            Ok(token) => token,
            Err(error) => return Ok(Err(error)),
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
            Purpose::Versions { command },
            Some(token),
        );
        Ok(Ok(()))
    }
}

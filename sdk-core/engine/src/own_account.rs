//! What the user asks about their own account: now or not at all, because only the server knows
//! (PROTOCOL.md §7.1, §7.4).

use fulmar_protocol::{
    ApiRequest, BlockList, BlockRequest, DeleteAccount, MeUpdate, Secret, SessionId, UserId,
};

use crate::auth::command_error;
use crate::brain::Purpose;
use crate::command_error::CommandError;
use crate::effect::{CommandId, Reply};
use crate::input::RequestFailure;
use crate::store::Result;
use crate::turn::Turn;

type Asked = std::result::Result<(), CommandError>;

impl Turn<'_> {
    pub(crate) fn update_me(&mut self, command: CommandId, update: MeUpdate) -> Asked {
        let token = self.online_token()?;
        let purpose = Purpose::Tell { command };
        self.request(ApiRequest::UpdateMe(update), purpose, Some(token));
        Ok(())
    }

    pub(crate) fn fetch_sessions(&mut self, command: CommandId) -> Asked {
        let token = self.online_token()?;
        let purpose = Purpose::Tell { command };
        self.request(ApiRequest::Sessions, purpose, Some(token));
        Ok(())
    }

    pub(crate) fn ask_to_end(&mut self, command: CommandId, session: SessionId) -> Asked {
        let token = self.online_token()?;
        let purpose = Purpose::Tell { command };
        self.request(ApiRequest::EndSession(session), purpose, Some(token));
        Ok(())
    }

    pub(crate) fn block(&mut self, command: CommandId, user_id: UserId) -> Asked {
        let call = ApiRequest::Block(BlockRequest { user_id });
        self.ask_about_blocks(command, call)
    }

    pub(crate) fn unblock(&mut self, command: CommandId, user_id: UserId) -> Asked {
        self.ask_about_blocks(command, ApiRequest::Unblock(user_id))
    }

    fn ask_about_blocks(&mut self, command: CommandId, call: ApiRequest) -> Asked {
        let token = self.online_token()?;
        self.request(call, Purpose::Blocks { command }, Some(token));
        Ok(())
    }

    pub(crate) fn blocks_answered(
        &mut self,
        command: CommandId,
        answer: std::result::Result<BlockList, RequestFailure>,
    ) -> Result<()> {
        let reply = match answer {
            Ok(list) => {
                self.blocks_updated(&list.user_ids)?;
                Ok(Reply::Done)
            }
            Err(failure) => Err(command_error(failure)),
        };
        self.reply(command, reply);
        Ok(())
    }

    pub(crate) fn delete_account(&mut self, command: CommandId, password: Secret) -> Asked {
        let token = self.online_token()?;
        let call = ApiRequest::DeleteAccount(DeleteAccount { password });
        self.request(call, Purpose::DeleteAccount { command }, Some(token));
        Ok(())
    }

    /// There is nobody any more to whom this store could belong.
    pub(crate) fn account_deleted(
        &mut self,
        command: CommandId,
        answer: std::result::Result<(), RequestFailure>,
    ) -> Result<()> {
        let reply = match answer {
            Ok(()) => {
                self.stop_everything()?;
                self.forget_everything()?;
                Ok(Reply::Done)
            }
            Err(failure) => Err(command_error(failure)),
        };
        self.reply(command, reply);
        Ok(())
    }
}

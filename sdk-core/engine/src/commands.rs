//! Commands of the app: each is validated before its first write, and answered.

use crate::command_error::CommandError;
use crate::effect::{CommandId, Reply};
use crate::input::Command;
use crate::store::Result;
use crate::turn::Turn;

impl Turn<'_> {
    pub(crate) fn command(&mut self, command: CommandId, body: Command) -> Result<()> {
        let reply = match body {
            Command::SignIn { user_id, password } => {
                return self.later(command, |turn| turn.sign_in(command, user_id, password));
            }
            Command::SignInWithProvider { user_id } => {
                return self.later(command, |turn| turn.sign_in_with_provider(command, user_id));
            }
            Command::LoadHistory {
                conversation,
                thread,
                page,
            } => {
                return self.later(command, |turn| {
                    turn.load_history(command, &conversation, thread, page)
                });
            }
            Command::Register {
                user_id,
                name,
                password,
            } => {
                return self.later(command, |turn| {
                    turn.register(command, user_id, name, password)
                });
            }
            Command::Search { query, cursor } => {
                return self.later(command, |turn| turn.search(command, query, cursor));
            }
            Command::FetchSessions => {
                return self.later(command, |turn| Ok(turn.fetch_sessions(command)));
            }
            Command::EndSession { session } => {
                return self.later(command, |turn| Ok(turn.ask_to_end(command, session)));
            }
            Command::SetPushToken { token } => {
                return self.later(command, |turn| Ok(turn.set_push_token(command, token)));
            }
            Command::Block { user } => {
                return self.later(command, |turn| Ok(turn.block(command, user)));
            }
            Command::Unblock { user } => {
                return self.later(command, |turn| Ok(turn.unblock(command, user)));
            }
            Command::DeleteAccount { password } => {
                return self.later(command, |turn| Ok(turn.delete_account(command, password)));
            }
            Command::UpdateMe { update } => {
                return self.later(command, |turn| Ok(turn.update_me(command, update)));
            }
            Command::Download {
                id,
                file_id,
                content,
                size,
                have,
            } => {
                let file = (file_id, content);
                return self.later(command, |turn| {
                    Ok(turn.download(command, id, file, size, have))
                });
            }
            Command::FetchVersions { message } => {
                return self.later(command, |turn| turn.fetch_versions(command, message));
            }
            Command::HandlePush { payload } => self.handle_push(&payload)?,
            Command::SignOut { unsent } => self.sign_out(unsent)?,
            Command::Send {
                operation_key,
                message,
            } => self.send(operation_key, message)?,
            Command::Change {
                operation_key,
                method,
            } => self.change(operation_key, method)?,
            Command::SetDraft { conversation, text } => self.set_draft(&conversation, &text)?,
            Command::Create {
                operation_key,
                conversation,
            } => self.create(operation_key, &conversation)?,
            Command::MarkRead {
                operation_key,
                conversation,
                up_to,
            } => self.mark_read(operation_key, &conversation, up_to)?,
            Command::Retry { operation_key } => self.retry(operation_key)?,
            Command::Discard { operation_key } => self.discard(operation_key)?,
        };
        self.reply(command, reply);
        Ok(())
    }

    /// For commands that are answered when the network has answered; refused ones are answered now.
    pub(crate) fn later(
        &mut self,
        command: CommandId,
        start: impl FnOnce(&mut Self) -> Result<std::result::Result<(), CommandError>>,
    ) -> Result<()> {
        if let Err(error) = start(self)? {
            let refused: std::result::Result<Reply, CommandError> = Err(error);
            self.reply(command, refused);
        }
        Ok(())
    }
}

//! Commands of the app: each goes to one machine, which validates it before its first write, and is answered.

use fulmar_protocol::{Capability, OperationKey, PushPayload};

use super::{Route, acting};
use crate::beside::{check_owner, notification};
use crate::capabilities;
use crate::io::{Command, CommandError, CommandId, CommandResult, Reply, Unsent};
use crate::online::{AccountQuestion, Question};
use crate::store::Result;
use crate::sync::Sync;
use crate::transfer::downloads::Wanted;

/// Whether a command that is answered later was begun.
type Begun = std::result::Result<(), CommandError>;

/// The reply to a command, or the command that gets its reply later.
enum AtOnce {
    Reply(CommandResult),
    Later(Command),
}

impl Route<'_, '_> {
    pub(super) fn command(&mut self, command: CommandId, body: Command) -> Result<()> {
        if let Some(capability) = self.lacking(&body) {
            let unsupported = Err(CommandError::Unsupported { capability });
            self.tx.reply(command, unsupported);
            return Ok(());
        }
        match self.at_once(body)? {
            AtOnce::Reply(reply) => self.tx.reply(command, reply),
            AtOnce::Later(body) => {
                if let Err(error) = self.later(command, body)? {
                    self.tx.reply(command, Err(error));
                }
            }
        }
        Ok(())
    }

    /// What the server would have to be able to do for this, and said that it cannot.
    fn lacking(&self, body: &Command) -> Option<Capability> {
        capabilities::of_command(body)
            .into_iter()
            .find(|needed| self.state.outbox.lacks(*needed))
    }

    /// Commands that are answered when the network has answered; refused ones are answered now.
    fn later(&mut self, command: CommandId, body: Command) -> Result<Begun> {
        Ok(match body {
            Command::SignIn { user_id, password } => {
                let session = &mut self.state.session;
                session.sign_in(&mut self.tx, command, user_id, password)?
            }
            Command::Register {
                user_id,
                name,
                password,
            } => {
                let session = &mut self.state.session;
                session.register(&mut self.tx, command, user_id, name, password)?
            }
            Command::SignInWithProvider { user_id } => {
                let session = &mut self.state.session;
                session.sign_in_with_provider(&mut self.tx, command, user_id)?
            }
            Command::LoadHistory {
                conversation,
                thread,
                page,
            } => self.ask(
                command,
                Question::History {
                    conversation,
                    thread,
                    page,
                },
            )?,
            Command::Search { query, cursor } => {
                self.ask(command, Question::Search { query, cursor })?
            }
            Command::FetchVersions { message } => self.ask(command, Question::Versions(message))?,
            Command::FetchSessions => self.ask_account(command, AccountQuestion::Sessions)?,
            Command::EndSession { session } => {
                self.ask_account(command, AccountQuestion::EndSession(session))?
            }
            Command::SetPushToken { token } => {
                let device_id = self.state.session.device_id().clone();
                let question = match token {
                    Some(token) => AccountQuestion::SetPushToken(device_id, token),
                    None => AccountQuestion::RemovePushToken(device_id),
                };
                self.ask_account(command, question)?
            }
            Command::Block { user } => self.ask_account(command, AccountQuestion::Block(user))?,
            Command::Unblock { user } => {
                self.ask_account(command, AccountQuestion::Unblock(user))?
            }
            Command::DeleteAccount { password } => {
                self.ask_account(command, AccountQuestion::DeleteAccount(password))?
            }
            Command::UpdateMe { update } => {
                self.ask_account(command, AccountQuestion::UpdateMe(update))?
            }
            Command::Download {
                id,
                file_id,
                content,
                size,
                have,
            } => self.download(Wanted {
                id,
                command,
                file_id,
                content,
                size,
                have,
            }),
            Command::HandlePush { .. }
            | Command::SignOut { .. }
            | Command::Send { .. }
            | Command::Change { .. }
            | Command::SetDraft { .. }
            | Command::Create { .. }
            | Command::MarkRead { .. }
            | Command::Retry { .. }
            // CommandResult at once.
            | Command::Discard { .. } => Ok(()),
        })
    }

    fn ask(&mut self, command: CommandId, question: Question) -> Result<Begun> {
        let needed = capabilities::of_question(&question);
        let mut needed = needed.into_iter();
        let lacking = needed.find(|needed| self.state.outbox.lacks(*needed));
        // What is here already is answered all the same.
        let token = match lacking {
            Some(capability) => Err(CommandError::Unsupported { capability }),
            None => self.online(),
        };
        let page_size = self.state.outbox.limits().page_size;
        let online = &mut self.state.online;
        online.ask(&mut self.tx, command, question, token, page_size)
    }

    fn ask_account(&mut self, command: CommandId, question: AccountQuestion) -> Result<Begun> {
        self.ask(command, Question::Account(question))
    }

    fn download(&mut self, wanted: Wanted) -> Begun {
        if !self.state.session.signed_in() {
            return Err(CommandError::SignedOut);
        }
        self.state.downloads.want(&mut self.tx, wanted);
        Ok(())
    }

    /// Commands that are answered with this commit, whatever the network does.
    fn at_once(&mut self, body: Command) -> Result<AtOnce> {
        let acting = acting(self.state.session.owner(), self.config);
        let (tx, outbox) = (&mut self.tx, &mut self.state.outbox);
        let reply = match (body, acting) {
            (Command::SignOut { unsent }, _) => self.sign_out(unsent)?,
            (Command::HandlePush { payload }, _) => self.handle_push(&payload)?,
            (
                body @ (Command::SignIn { .. }
                | Command::Register { .. }
                | Command::SignInWithProvider { .. }
                | Command::LoadHistory { .. }
                | Command::Search { .. }
                | Command::FetchVersions { .. }
                | Command::FetchSessions
                | Command::EndSession { .. }
                | Command::SetPushToken { .. }
                | Command::Block { .. }
                | Command::Unblock { .. }
                | Command::DeleteAccount { .. }
                | Command::UpdateMe { .. }
                | Command::Download { .. }),
                _,
            ) => return Ok(AtOnce::Later(body)),
            (_, Err(signed_out)) => Err(signed_out),
            (
                Command::Send {
                    operation_key,
                    message,
                },
                Ok(acting),
            ) => outbox.send(tx, operation_key, message, acting)?,
            (
                Command::Change {
                    operation_key,
                    method,
                },
                Ok(acting),
            ) => outbox.change(tx, operation_key, method, acting)?,
            (Command::SetDraft { conversation, text }, Ok(_)) => {
                outbox.set_draft(tx, &conversation, &text)?
            }
            (
                Command::Create {
                    operation_key,
                    conversation,
                },
                Ok(acting),
            ) => outbox.create(tx, operation_key, conversation, acting)?,
            (
                Command::MarkRead {
                    operation_key,
                    conversation,
                    up_to,
                },
                Ok(acting),
            ) => outbox.mark_read(tx, operation_key, &conversation, up_to, acting)?,
            (Command::Retry { operation_key }, Ok(_)) => self.retry(operation_key)?,
            (
                Command::Discard {
                    operation_key,
                    delete_key,
                },
                Ok(acting),
            ) => outbox.discard(tx, operation_key, delete_key, acting)?,
        };
        Ok(AtOnce::Reply(reply))
    }

    fn retry(&mut self, operation_key: OperationKey) -> Result<CommandResult> {
        let outbox = &mut self.state.outbox;
        let reply = outbox.retry(&mut self.tx, operation_key)?;
        if reply.is_ok() {
            self.act()?;
        }
        Ok(reply)
    }

    fn sign_out(&mut self, unsent: Unsent) -> Result<CommandResult> {
        if let Err(error) = self.state.session.may_sign_out(&self.tx, unsent)? {
            return Ok(Err(error));
        }
        self.stop_everything()?;
        self.state.session.sign_out(&mut self.tx)?;
        self.forget_rows()?;
        Ok(Ok(Reply::Done))
    }

    fn handle_push(&mut self, payload: &PushPayload) -> Result<CommandResult> {
        let own = self.state.session.owner();
        if let Err(error) = check_owner(payload, own) {
            return Ok(Err(error));
        }
        let news = Sync::push_arrived(&mut self.tx, own, payload)?;
        self.hear_sync(news);
        let notification = notification(&self.tx.db, payload, self.tx.now.wall)?;
        Ok(Ok(Reply::Notified(notification)))
    }
}

//! Signing in and registering: one at a time, and a store is one person's until they sign out.

use fulmar_protocol::text::{self, TextFault};
use fulmar_protocol::{ApiRequest, RegisterRequest, Secret, SignInRequest, UserId};

use super::{Ask, NewSession, Session, SessionNews};
use crate::io::error::command_error;
use crate::io::{CommandError, CommandId, Field, Reply, RequestFailure};
use crate::store::{Result, operations};
use crate::tx::{Owner, Tx};

impl Session {
    pub(crate) fn sign_in(
        &mut self,
        tx: &mut Tx<'_>,
        command: CommandId,
        user_id: UserId,
        password: Secret,
    ) -> Result<std::result::Result<(), CommandError>> {
        let request = ApiRequest::SignIn(SignInRequest {
            user_id: user_id.clone(),
            password,
            device_id: self.device_id().clone(),
        });
        self.enter(tx, command, &user_id, request)
    }

    /// A new user, who is signed in at once.
    pub(crate) fn register(
        &mut self,
        tx: &mut Tx<'_>,
        command: CommandId,
        user_id: UserId,
        name: String,
        password: Secret,
    ) -> Result<std::result::Result<(), CommandError>> {
        let name = match (check_id(&user_id), text::name(&name)) {
            (Ok(()), Ok(name)) => name,
            (Err(fault), _) => return Ok(Err(CommandError::of_text(Field::Id, fault))),
            (Ok(()), Err(fault)) => return Ok(Err(CommandError::of_text(Field::Name, fault))),
        };
        let register = ApiRequest::Register(RegisterRequest {
            user_id: user_id.clone(),
            name,
            password,
            device_id: self.device_id().clone(),
        });
        self.enter(tx, command, &user_id, register)
    }

    fn enter(
        &mut self,
        tx: &mut Tx<'_>,
        command: CommandId,
        user_id: &UserId,
        call: ApiRequest,
    ) -> Result<std::result::Result<(), CommandError>> {
        if let Err(error) = self.may_sign_in(tx, user_id)? {
            return Ok(Err(error));
        }
        let request = tx.ask(Owner::SignIn, call, None);
        let user_id = user_id.clone();
        self.asks.insert(request, Ask::SignIn { command, user_id });
        Ok(Ok(()))
    }

    pub(super) fn may_sign_in(
        &self,
        tx: &Tx<'_>,
        user_id: &UserId,
    ) -> Result<std::result::Result<(), CommandError>> {
        if self.asks.values().any(|ask| ask.command().is_some()) {
            return Ok(Err(CommandError::SignInUnderWay));
        }
        let Some(owner) = self.owner() else {
            return Ok(Ok(()));
        };
        if self.signed_in() {
            return Ok(Err(CommandError::AlreadySignedIn {
                user_id: owner.clone(),
            }));
        }
        if owner != user_id && operations::count_unsent(&tx.db)? > 0 {
            return Ok(Err(CommandError::OtherUser {
                owner: owner.clone(),
            }));
        }
        Ok(Ok(()))
    }

    pub(super) fn sign_in_answered(
        &mut self,
        tx: &mut Tx<'_>,
        command: CommandId,
        user_id: &UserId,
        answer: std::result::Result<NewSession, RequestFailure>,
    ) -> Result<Vec<SessionNews>> {
        let session = match answer {
            Ok(session) if session.user_id == *user_id => session,
            // It would begin a session that nobody asked for, and could empty the store for it.
            Ok(_) => {
                let error = command_error(RequestFailure::other_answer());
                tx.reply(command, Err(error));
                return Ok(Vec::new());
            }
            Err(failure) => {
                tx.reply(command, Err(command_error(failure)));
                return Ok(Vec::new());
            }
        };
        match self.owner().cloned() {
            Some(owner) if owner != session.user_id => {
                // Something may have been written while the answer was on its way.
                if operations::count_unsent(&tx.db)? > 0 {
                    self.remember_end(tx, &session.renewal)?;
                    tx.reply(command, Err(CommandError::OtherUser { owner }));
                    return Ok(Vec::new());
                }
                let session = Box::new(session);
                Ok(vec![SessionNews::Replaced(command, session)])
            }
            Some(_) | None => self.begin(tx, command, &session),
        }
    }

    /// The session begins; everything that waited for one goes on.
    pub(crate) fn begin(
        &mut self,
        tx: &mut Tx<'_>,
        command: CommandId,
        session: &NewSession,
    ) -> Result<Vec<SessionNews>> {
        self.keep(tx, session)?;
        self.in_vain = 0;
        self.not_before = tx.now.mono;
        tx.reply(command, Ok(Reply::Done));
        Ok(vec![SessionNews::Renewed(session.access.clone())])
    }
}

/// Whether it is an id that people may choose (PROTOCOL.md §4.8).
fn check_id(user_id: &UserId) -> std::result::Result<(), TextFault> {
    if text::user_id(user_id.as_str())? == user_id.as_str() {
        Ok(())
    } else {
        Err(TextFault::NotNormal)
    }
}

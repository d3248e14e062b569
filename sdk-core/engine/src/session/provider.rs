//! Sessions whose tokens come from the app's own backend, through a token provider (PROTOCOL.md §7.2).
//!
//! The provider is foreign code: slow, failing, silent. It is asked by an effect and never waited for; an
//! answer that comes too late is dropped; nothing but its own word ends a session.

use fulmar_protocol::{Answer, ApiRequest, UserId};

use super::{Ask, LONGEST_LIFE, NewSession, Session, SessionNews};
use crate::config::Config;
use crate::io::error::command_error;
use crate::io::{
    CommandError, CommandId, Effect, ProvidedToken, RequestFailure, RequestId, TokenFailure,
};
use crate::store::Result;
use crate::store::account::Renewal;
use crate::store::state::SessionEnd;
use crate::tx::{Owner, Patience, Tx};

type Provided = std::result::Result<ProvidedToken, TokenFailure>;

impl Session {
    pub(crate) fn sign_in_with_provider(
        &mut self,
        tx: &mut Tx<'_>,
        command: CommandId,
        user_id: UserId,
    ) -> Result<std::result::Result<(), CommandError>> {
        if let Err(error) = self.may_sign_in(tx, &user_id)? {
            return Ok(Err(error));
        }
        let ask = Ask::FirstToken {
            command,
            user_id: user_id.clone(),
        };
        self.fetch_token(tx, Owner::SignIn, user_id, ask);
        Ok(Ok(()))
    }

    /// The session of a provider needs its next token.
    pub(super) fn ask_provider_again(&mut self, tx: &mut Tx<'_>) {
        if let Some(user_id) = self.owner().cloned() {
            self.fetch_token(tx, Owner::Refresh, user_id, Ask::NextToken);
        }
    }

    fn fetch_token(&mut self, tx: &mut Tx<'_>, owner: Owner, user_id: UserId, ask: Ask) {
        let request = tx.expect(owner, None, Patience::TokenProvider);
        self.asks.insert(request, ask);
        tx.emit(Effect::FetchToken { request, user_id });
    }

    /// The provider answered, or did not in time.
    pub(crate) fn token_provided(
        &mut self,
        tx: &mut Tx<'_>,
        request: RequestId,
        result: Provided,
        config: &Config,
    ) -> Result<Vec<SessionNews>> {
        match self.asks.remove(&request) {
            Some(Ask::FirstToken { command, user_id }) => {
                self.first_token(tx, command, user_id, result);
                Ok(Vec::new())
            }
            Some(Ask::NextToken) => self.next_token(tx, result, config),
            // Another request: not for a token to end.
            Some(ask @ (Ask::SignIn { .. } | Ask::Me { .. } | Ask::Refresh | Ask::SignOut(..))) => {
                self.asks.insert(request, ask);
                Ok(Vec::new())
            }
            None => Ok(Vec::new()),
        }
    }

    /// Before the session begins, the server says whose token it is.
    fn first_token(
        &mut self,
        tx: &mut Tx<'_>,
        command: CommandId,
        user_id: UserId,
        result: Provided,
    ) {
        match result {
            Ok(token) => {
                let access = token.access_token.clone();
                let request = tx.ask(Owner::SignIn, ApiRequest::Me, Some(access));
                let ask = Ask::Me {
                    command,
                    user_id,
                    token,
                };
                self.asks.insert(request, ask);
            }
            Err(failure) => {
                let reason = failure.to_string();
                tx.reply(command, Err(CommandError::NoToken { reason }));
            }
        }
    }

    pub(super) fn me_answered(
        &mut self,
        tx: &mut Tx<'_>,
        command: CommandId,
        user_id: UserId,
        token: ProvidedToken,
        answer: std::result::Result<Answer, RequestFailure>,
    ) -> Result<Vec<SessionNews>> {
        let error = match answer {
            Ok(answer) => {
                let Answer::Me(me) = answer else {
                    let error = command_error(RequestFailure::other_answer());
                    tx.reply(command, Err(error));
                    return Ok(Vec::new());
                };
                if me.user_id == user_id {
                    let session = session(user_id.clone(), Some(me.name), token);
                    return self.sign_in_answered(tx, command, &user_id, Ok(session));
                }
                CommandError::NoToken {
                    reason: format!("the token belongs to {}", me.user_id),
                }
            }
            Err(failure) => command_error(failure),
        };
        tx.reply(command, Err(error));
        Ok(Vec::new())
    }

    fn next_token(
        &mut self,
        tx: &mut Tx<'_>,
        result: Provided,
        config: &Config,
    ) -> Result<Vec<SessionNews>> {
        let Some(user_id) = self.owner().cloned() else {
            return Ok(Vec::new());
        };
        match result {
            Ok(token) => self.renewed(tx, &session(user_id, None, token), config),
            Err(TokenFailure::Unavailable { reason }) => {
                self.refresh_failed(tx, reason, config);
                Ok(Vec::new())
            }
            Err(TokenFailure::SessionOver { reason }) => {
                self.end(tx, &SessionEnd::ByTokenProvider { reason })
            }
        }
    }
}

fn session(user_id: UserId, name: Option<String>, token: ProvidedToken) -> NewSession {
    NewSession {
        user_id,
        name,
        access: token.access_token,
        renewal: Renewal::Provider,
        // Nothing is known about its life: it is used until the server refuses it.
        lifetime: token.expires_in.unwrap_or(LONGEST_LIFE),
    }
}

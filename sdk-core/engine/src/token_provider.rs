//! Sessions whose tokens come from the app's own backend, through a token provider (PROTOCOL.md §7.2).
//!
//! The provider is foreign code: slow, failing, silent. It is asked by an effect and never waited
//! for; an answer that comes too late is dropped; nothing but its own word ends a session.

use fulmar_protocol::{ApiRequest, Me, UserId};

use crate::auth::{LONGEST_WAIT, NewSession, command_error};
use crate::brain::Purpose;
use crate::command_error::CommandError;
use crate::deadline::Why;
use crate::effect::{CommandId, Effect, RequestId, SessionEnd};
use crate::input::{ProvidedToken, RequestFailure, TokenFailure};
use crate::store::Result;
use crate::store::account::Renewal;
use crate::turn::Turn;

type Provided = std::result::Result<ProvidedToken, TokenFailure>;

impl Turn<'_> {
    pub(crate) fn sign_in_with_provider(
        &mut self,
        command: CommandId,
        user_id: UserId,
    ) -> Result<std::result::Result<(), CommandError>> {
        if let Err(error) = self.may_sign_in(&user_id)? {
            return Ok(Err(error));
        }
        let purpose = Purpose::FirstToken {
            command,
            user_id: user_id.clone(),
        };
        self.fetch_token(user_id, purpose);
        Ok(Ok(()))
    }

    /// The session of a provider needs its next token.
    pub(crate) fn ask_provider_again(&mut self) {
        if let Some(user_id) = self.brain.account.user_id.clone() {
            self.fetch_token(user_id, Purpose::NextToken);
        }
    }

    fn fetch_token(&mut self, user_id: UserId, purpose: Purpose) {
        let request = RequestId(self.brain.next_number());
        let at = self.now.mono.plus(self.config.token_timeout);
        self.brain.deadlines.set(Why::AnswerMissing(request), at);
        self.brain.requests.insert(request, (purpose, None));
        self.hold(Effect::FetchToken { request, user_id });
    }

    pub(crate) fn token_answered(&mut self, request: RequestId, result: Provided) -> Result<()> {
        self.brain.deadlines.clear(Why::AnswerMissing(request));
        match self.brain.requests.remove(&request) {
            Some((Purpose::FirstToken { command, user_id }, _)) => {
                self.first_token(command, user_id, result);
                Ok(())
            }
            Some((Purpose::NextToken, _)) => self.next_token(result),
            // Somebody else's request: not for a token to end.
            Some(other) => {
                self.brain.requests.insert(request, other);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Before the session begins, the server says whose token it is.
    fn first_token(&mut self, command: CommandId, user_id: UserId, result: Provided) {
        match result {
            Ok(token) => {
                let access = token.access_token.clone();
                let purpose = Purpose::Me {
                    command,
                    user_id,
                    token,
                };
                self.request(ApiRequest::Me, purpose, Some(access));
            }
            Err(failure) => self.reply(
                command,
                Err(CommandError::NoToken {
                    reason: failure.to_string(),
                }),
            ),
        }
    }

    pub(crate) fn me_answered(
        &mut self,
        command: CommandId,
        user_id: UserId,
        token: ProvidedToken,
        answer: std::result::Result<Me, RequestFailure>,
    ) -> Result<()> {
        match answer {
            Ok(me) if me.user_id == user_id => {
                let session = session(user_id, Some(me.name), token);
                self.sign_in_answered(command, Ok(session))
            }
            Ok(me) => {
                let reason = format!("the token belongs to {}", me.user_id);
                self.reply(command, Err(CommandError::NoToken { reason }));
                Ok(())
            }
            Err(failure) => {
                self.reply(command, Err(command_error(failure)));
                Ok(())
            }
        }
    }

    fn next_token(&mut self, result: Provided) -> Result<()> {
        self.brain.auth.refreshing = false;
        let Some(user_id) = self.brain.account.user_id.clone() else {
            return Ok(());
        };
        match result {
            Ok(token) => self.take_session(&session(user_id, None, token)),
            Err(TokenFailure::Unavailable { reason }) => {
                self.refresh_failed(reason);
                Ok(())
            }
            Err(TokenFailure::SessionOver { reason }) => {
                self.end_session(&SessionEnd::ByTokenProvider { reason })
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
        lifetime: token.expires_in.unwrap_or(LONGEST_WAIT),
    }
}

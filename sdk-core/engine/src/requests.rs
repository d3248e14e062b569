//! HTTP requests of the engine: each has a name, a purpose and a deadline, and its answer is
//! dropped when nobody waits for it any more.

use fulmar_protocol::{Answer, AnswerError, ApiRequest, FailureClass, Secret};

use crate::auth::{NewSession, command_error};
use crate::brain::{Freshness, Purpose};
use crate::deadline::Why;
use crate::effect::{CommandError, Effect, Reply, RequestId};
use crate::input::{RequestFailure, TokenFailure};
use crate::store::Result;
use crate::turn::Turn;

type Answered = std::result::Result<Answer, RequestFailure>;

impl Turn<'_> {
    pub(crate) fn request(
        &mut self,
        call: ApiRequest,
        purpose: Purpose,
        access_token: Option<Secret>,
    ) {
        let request = RequestId(self.brain.next_number());
        let at = self.now.mono.plus(self.config.answer_timeout);
        self.brain.deadlines.set(Why::AnswerMissing(request), at);
        self.brain
            .requests
            .insert(request, (purpose, access_token.clone()));
        self.hold(Effect::Request {
            request,
            call,
            access_token,
        });
    }

    pub(crate) fn answer(&mut self, request: RequestId, result: Answered) -> Result<()> {
        self.brain.deadlines.clear(Why::AnswerMissing(request));
        let Some((purpose, token)) = self.brain.requests.remove(&request) else {
            return Ok(());
        };
        if token.is_some() && class_of(&result) == Some(FailureClass::Authentication) {
            self.token_rejected(token.as_ref());
        }
        // A page of a portal is no answer.
        self.brain.link.http_answers = matches!(
            result,
            Ok(_) | Err(RequestFailure::Answered(AnswerError::Problem(_)))
        );
        match purpose {
            Purpose::SignIn { command } => {
                self.sign_in_answered(command, expect(result, as_session))
            }
            Purpose::Refresh => self.refresh_answered(expect(result, as_session)),
            Purpose::Me {
                command,
                user_id,
                token,
            } => {
                let me = expect(result, |answer| match answer {
                    Answer::Me(me) => Some(me),
                    _ => None,
                });
                self.me_answered(command, user_id, token, me)
            }
            // Answered by the token provider, never by the server.
            Purpose::FirstToken { .. } | Purpose::NextToken => Ok(()),
            Purpose::SignOut => Ok(()),
            Purpose::Submit(submit) => match result {
                Ok(Answer::Operations(answer)) => self.outcomes_arrived(submit, answer.outcomes),
                Err(RequestFailure::Answered(AnswerError::Problem(problem))) => {
                    self.submit_refused(submit, Some(&problem))
                }
                _ => self.submit_refused(submit, None),
            },
            Purpose::Events => {
                let page = expect(result, |answer| match answer {
                    Answer::Sync(page) => Some(page),
                    _ => None,
                });
                self.events_fetched(page)
            }
            Purpose::Snapshot => {
                let snapshot = expect(result, |answer| match answer {
                    Answer::Snapshot(snapshot) => Some(snapshot),
                    _ => None,
                });
                self.snapshot_fetched(snapshot)
            }
            Purpose::Search {
                command,
                query,
                cursor,
                freshness: Freshness::Outdated,
            } => self.later(command, |turn| turn.search(command, query, cursor)),
            Purpose::Search { command, .. } => match result {
                Ok(Answer::Search(page)) => self.search_answered(command, page),
                Ok(_) => Ok(()),
                Err(failure) => {
                    self.reply(command, Err(command_error(failure)));
                    Ok(())
                }
            },
            Purpose::Versions { command } => {
                let reply = expect(result, |answer| match answer {
                    Answer::Versions(answer) => Some(Reply::Versions(answer.versions)),
                    _ => None,
                });
                self.reply(command, reply.map_err(command_error));
                Ok(())
            }
            Purpose::Sessions { command } => {
                let reply = expect(result, |answer| match answer {
                    Answer::Sessions(list) => Some(Reply::Sessions(list.sessions)),
                    _ => None,
                });
                self.reply(command, reply.map_err(command_error));
                Ok(())
            }
            Purpose::Blocks { command } => {
                let blocks = expect(result, |answer| match answer {
                    Answer::Blocks(list) => Some(list),
                    _ => None,
                });
                self.blocks_answered(command, blocks)
            }
            Purpose::PushToken { command } => {
                let reply = expect(result, |answer| match answer {
                    Answer::PushTokenNoted => Some(Reply::Done),
                    _ => None,
                });
                self.reply(command, reply.map_err(command_error));
                Ok(())
            }
            Purpose::DeleteAccount { command } => {
                let deleted = expect(result, |answer| match answer {
                    Answer::AccountDeleted => Some(()),
                    _ => None,
                });
                self.account_deleted(command, deleted)
            }
            Purpose::EndSession { command } => {
                let reply = expect(result, |answer| match answer {
                    Answer::SessionEnded => Some(Reply::Done),
                    _ => None,
                });
                self.reply(command, reply.map_err(command_error));
                Ok(())
            }
            Purpose::UpdateMe { command } => {
                let reply = expect(result, |answer| match answer {
                    Answer::Me(_) => Some(Reply::Done),
                    _ => None,
                });
                self.reply(command, reply.map_err(command_error));
                Ok(())
            }
            Purpose::History {
                commands,
                asked,
                freshness,
            } => match result {
                Ok(Answer::Messages(page)) => {
                    self.history_arrived(commands, asked, freshness, &page)
                }
                Ok(_) => Ok(()),
                Err(failure) => {
                    let error = command_error(failure);
                    for command in commands {
                        self.reply(command, Err(error.clone()));
                    }
                    Ok(())
                }
            },
        }
    }

    /// No answer came in time: as good as none at all.
    pub(crate) fn answer_missing(&mut self, request: RequestId) -> Result<()> {
        let reason = "no answer in time".to_owned();
        let asked = self.brain.requests.get(&request);
        if let Some((Purpose::FirstToken { .. } | Purpose::NextToken, _)) = asked {
            return self.token_answered(request, Err(TokenFailure::Unavailable { reason }));
        }
        self.answer(request, Err(RequestFailure::Unreachable(reason)))
    }

    /// The session is over: whoever waits for an answer is told so, and answers are dropped.
    pub(crate) fn drop_requests(&mut self) {
        for (request, (purpose, _)) in std::mem::take(&mut self.brain.requests) {
            self.brain.deadlines.clear(Why::AnswerMissing(request));
            if let Purpose::History { commands, .. } = purpose {
                for command in commands {
                    self.reply(command, Err(CommandError::SignedOut));
                }
            } else if let Purpose::Versions { command }
            | Purpose::Search { command, .. }
            | Purpose::UpdateMe { command }
            | Purpose::Sessions { command }
            | Purpose::EndSession { command }
            | Purpose::Blocks { command }
            | Purpose::DeleteAccount { command }
            | Purpose::PushToken { command }
            | Purpose::SignIn { command }
            | Purpose::FirstToken { command, .. }
            | Purpose::Me { command, .. } = purpose
            {
                self.reply(command, Err(CommandError::SignedOut));
            }
        }
    }
}

fn as_session(answer: Answer) -> Option<NewSession> {
    match answer {
        Answer::Session(session) => Some(session.into()),
        _ => None,
    }
}

fn class_of(result: &Answered) -> Option<FailureClass> {
    match result {
        Err(RequestFailure::Answered(AnswerError::Problem(problem))) => Some(problem.code.class()),
        _ => None,
    }
}

fn expect<T>(
    result: Answered,
    pick: impl FnOnce(Answer) -> Option<T>,
) -> std::result::Result<T, RequestFailure> {
    result.and_then(|answer| {
        pick(answer).ok_or_else(|| RequestFailure::Unreachable("another answer".to_owned()))
    })
}

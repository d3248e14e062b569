//! HTTP requests of the engine: each has a name, a purpose and a deadline, and its answer is
//! dropped when nobody waits for it any more.

use fulmar_protocol::{Answer, AnswerError, ApiRequest, FailureClass, Secret};

use crate::auth::{NewSession, command_error};
use crate::brain::{Freshness, Purpose};
use crate::command_error::CommandError;
use crate::deadline::Why;
use crate::effect::{Effect, Reply, RequestId};
use crate::input::{RequestFailure, TokenFailure, TransferFailure};
use crate::outbox::upload::Uploads;
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
        let request = self.expect_answer(purpose, access_token.clone());
        self.hold(Effect::Request {
            request,
            call,
            access_token,
        });
    }

    /// Something is asked for by an effect of its own; its answer has so much time.
    pub(crate) fn expect_answer(&mut self, purpose: Purpose, token: Option<Secret>) -> RequestId {
        let request = RequestId(self.brain.next_number());
        let at = self.now.mono.plus(self.config.answer_timeout);
        self.brain.deadlines.set(Why::AnswerMissing(request), at);
        self.brain.requests.insert(request, (purpose, token));
        request
    }

    /// A part of a file was sent or fetched, or was not.
    pub(crate) fn transferred(
        &mut self,
        request: RequestId,
        result: std::result::Result<u64, TransferFailure>,
    ) -> Result<()> {
        self.brain.deadlines.clear(Why::AnswerMissing(request));
        let Some((purpose, token)) = self.brain.requests.remove(&request) else {
            return Ok(());
        };
        if let Err(TransferFailure::Request(failure)) = &result
            && class_of(failure) == Some(FailureClass::Authentication)
        {
            self.token_rejected(token.as_ref());
        }
        match purpose {
            Purpose::Upload { upload } => self.chunk_sent(upload, result),
            Purpose::Download { content } => self.chunk_fetched(content, result),
            // Nothing else is asked for in this way.
            _ => Ok(()),
        }
    }

    pub(crate) fn answer(&mut self, request: RequestId, result: Answered) -> Result<()> {
        self.brain.deadlines.clear(Why::AnswerMissing(request));
        let Some((purpose, token)) = self.brain.requests.remove(&request) else {
            return Ok(());
        };
        let class = result.as_ref().err().and_then(class_of);
        // The answer to the question how much of an upload is there has no body (PROTOCOL.md §8).
        let unauthorized = matches!(
            (&purpose, &result),
            (
                Purpose::Upload { .. },
                Err(RequestFailure::Answered(AnswerError::Foreign {
                    status: 401
                }))
            )
        );
        if token.is_some() && (class == Some(FailureClass::Authentication) || unauthorized) {
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
            Purpose::SignOut | Purpose::EndUpload => Ok(()),
            Purpose::Upload { upload } => self.upload_answered(upload, result),
            Purpose::Download { content } => match result {
                // Answered by `transferred`.
                Ok(_) => Ok(()),
                Err(failure) => self.chunk_fetched(content, Err(failure.into())),
            },
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
            Purpose::Search { command, .. } => {
                let page = expect(result, |answer| match answer {
                    Answer::Search(page) => Some(page),
                    _ => None,
                });
                match page {
                    Ok(page) => self.search_answered(command, page),
                    Err(failure) => {
                        self.reply(command, Err(command_error(failure)));
                        Ok(())
                    }
                }
            }
            Purpose::Tell { command } => {
                let reply = expect(result, told);
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
            Purpose::DeleteAccount { command } => {
                let deleted = expect(result, |answer| match answer {
                    Answer::AccountDeleted => Some(()),
                    _ => None,
                });
                self.account_deleted(command, deleted)
            }
            Purpose::History {
                commands,
                asked,
                freshness,
            } => {
                let page = expect(result, |answer| match answer {
                    Answer::Messages(page) => Some(page),
                    _ => None,
                });
                match page {
                    Ok(page) => self.history_arrived(commands, asked, freshness, &page),
                    Err(failure) => {
                        self.reply_all(commands, &Err(command_error(failure)));
                        Ok(())
                    }
                }
            }
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
        self.drop_downloads();
        self.brain.uploads = Uploads::default();
        for (request, (purpose, _)) in std::mem::take(&mut self.brain.requests) {
            self.brain.deadlines.clear(Why::AnswerMissing(request));
            if let Purpose::History { commands, .. } = purpose {
                self.reply_all(commands, &Err(CommandError::SignedOut));
            } else if let Purpose::Tell { command }
            | Purpose::Search { command, .. }
            | Purpose::Blocks { command }
            | Purpose::DeleteAccount { command }
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

/// What an answer is to whoever asked for it.
fn told(answer: Answer) -> Option<Reply> {
    match answer {
        Answer::Versions(answer) => Some(Reply::Versions(answer.versions)),
        Answer::Sessions(list) => Some(Reply::Sessions(list.sessions)),
        Answer::SessionEnded | Answer::PushTokenNoted | Answer::Me(_) => Some(Reply::Done),
        _ => None,
    }
}

fn class_of(failure: &RequestFailure) -> Option<FailureClass> {
    match failure {
        RequestFailure::Answered(AnswerError::Problem(problem)) => Some(problem.code.class()),
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

//! Answers go to the machine that asked. One that brought progress gives back what its try took from the
//! budget.

use fulmar_protocol::{Answer, AnswerError, FailureClass};

use super::{News, Route, acting, effort_of};
use crate::io::{ProvidedToken, RequestFailure, RequestId, TokenFailure, TransferFailure};
use crate::outbox::OutboxNews;
use crate::requests::Closed;
use crate::store::Result;
use crate::sync::SyncNews;
use crate::transfer::downloads::DownloadNews;
use crate::transfer::uploads::UploadNews;
use crate::tx::Owner;

type HttpResult = std::result::Result<Answer, RequestFailure>;

impl Route<'_, '_> {
    /// An HTTP request ended.
    pub(super) fn answer(&mut self, request: RequestId, result: HttpResult) -> Result<()> {
        match self.state.requests.answered(request) {
            Some(closed) => self.answered(request, &closed, result),
            None => Ok(()),
        }
    }

    /// No answer came in time: as good as none at all.
    pub(super) fn answer_missing(&mut self, request: RequestId) -> Result<()> {
        let Some(closed) = self.state.requests.missed(&mut self.tx, request) else {
            return Ok(());
        };
        match closed.owner {
            Owner::SignIn | Owner::Refresh | Owner::SignOut => {
                let session = &mut self.state.session;
                let news = session.missed(&mut self.tx, request, self.config)?;
                self.hear_session(news);
                Ok(())
            }
            Owner::Sync | Owner::Submit | Owner::Upload | Owner::Download | Owner::Online => {
                let reason = "no answer in time".to_owned();
                let failure = RequestFailure::Unreachable(reason);
                self.answered(request, &closed, Err(failure))
            }
        }
    }

    fn answered(&mut self, request: RequestId, closed: &Closed, result: HttpResult) -> Result<()> {
        if let (Err(failure), Some(token)) = (&result, &closed.token)
            && rejects_token(failure, closed.owner)
        {
            self.state.session.token_rejected(token);
        }
        // A page of a portal is no answer.
        self.state.link.http_answered(is_answer(&result));
        let progress = self.pass_answer(request, closed.owner, result)?;
        if let (true, Some(effort)) = (progress, effort_of(closed.owner)) {
            self.state.pace.refund(effort);
        }
        Ok(())
    }

    /// Gives an answer to the machine that asked; whether it brought progress.
    fn pass_answer(
        &mut self,
        request: RequestId,
        owner: Owner,
        result: HttpResult,
    ) -> Result<bool> {
        let online = self.online();
        let Self {
            tx, state, config, ..
        } = self;
        let own = state.session.owner();
        let page_size = state.outbox.limits().page_size;
        match owner {
            Owner::SignIn | Owner::Refresh | Owner::SignOut => {
                let news = state.session.answered(tx, request, result, config)?;
                self.hear_session(news);
                Ok(false)
            }
            Owner::Sync => {
                let news = state.sync.answered(tx, request, result, own, config)?;
                let progress = news.contains(&SyncNews::Progress);
                self.hear_sync(news);
                Ok(progress)
            }
            Owner::Submit => {
                let Ok(acting) = acting(own, config) else {
                    return Ok(false);
                };
                state.outbox.answered(tx, request, result, acting)?;
                let news = state.outbox.take_news();
                let progress = news.iter().any(OutboxNews::is_progress);
                self.queue.extend(news.into_iter().map(News::Outbox));
                Ok(progress)
            }
            Owner::Upload => {
                let news = state
                    .uploads
                    .answered(tx, request, result, &online, config)?;
                Ok(self.hear_uploads(news))
            }
            Owner::Download => {
                // A part that came is told by `transferred`.
                if let Err(failure) = result {
                    let failure = TransferFailure::Request(failure);
                    state.downloads.answered(tx, request, Err(failure), config);
                }
                Ok(false)
            }
            Owner::Online => {
                let machine = &mut state.online;
                let news = machine.answered(tx, request, result, online, page_size)?;
                self.queue.extend(news.into_iter().map(News::Online));
                Ok(false)
            }
        }
    }

    /// A part of a file was sent or fetched, or was not.
    pub(super) fn transferred(
        &mut self,
        request: RequestId,
        result: std::result::Result<u64, TransferFailure>,
    ) -> Result<()> {
        let Some(closed) = self.state.requests.answered(request) else {
            return Ok(());
        };
        if let (Err(TransferFailure::Request(failure)), Some(token)) = (&result, &closed.token)
            && rejects_token(failure, closed.owner)
        {
            self.state.session.token_rejected(token);
        }
        let Self {
            tx, state, config, ..
        } = self;
        let progress = match closed.owner {
            Owner::Upload => {
                let news = state.uploads.transferred(tx, request, result, config)?;
                self.hear_uploads(news)
            }
            Owner::Download => {
                let news = state.downloads.answered(tx, request, result, config);
                news == DownloadNews::Progress
            }
            // Nothing else is asked for in this way.
            Owner::SignIn
            | Owner::Refresh
            | Owner::SignOut
            | Owner::Sync
            | Owner::Submit
            | Owner::Online => false,
        };
        if let (true, Some(effort)) = (progress, effort_of(closed.owner)) {
            self.state.pace.refund(effort);
            self.state.session.made_progress();
        }
        Ok(())
    }

    fn hear_uploads(&mut self, news: Vec<UploadNews>) -> bool {
        let progress = news.contains(&UploadNews::Progress);
        self.queue.extend(news.into_iter().map(News::Upload));
        progress
    }

    /// The app's token provider answered.
    pub(super) fn token_provided(
        &mut self,
        request: RequestId,
        result: std::result::Result<ProvidedToken, TokenFailure>,
    ) -> Result<()> {
        let session = &mut self.state.session;
        if !session.awaits_provider(request) || self.state.requests.answered(request).is_none() {
            return Ok(());
        }
        let news = session.token_provided(&mut self.tx, request, result, self.config)?;
        self.hear_session(news);
        Ok(())
    }
}

/// Whether a failure says that the access token is no good.
fn rejects_token(failure: &RequestFailure, owner: Owner) -> bool {
    match failure {
        RequestFailure::ErrorAnswer(AnswerError::Problem(problem)) => {
            problem.code.class() == FailureClass::Authentication
        }
        // The answer to the question how much of an upload is there has no body (PROTOCOL.md §8).
        RequestFailure::ErrorAnswer(AnswerError::Foreign { status }) => {
            *status == 401 && owner == Owner::Upload
        }
        RequestFailure::Unreachable(_) => false,
    }
}

fn is_answer(result: &HttpResult) -> bool {
    match result {
        Ok(_) => true,
        Err(failure) => failure.problem().is_some(),
    }
}

//! Fetching what is missing (PROTOCOL.md §6.3). What brings nothing new is asked for again after a wait that
//! grows, whatever the answer said.

use fulmar_protocol::{Answer, ApiRequest, Code, FailureClass, Secret, Seq, SyncPage};

use super::{Fetch, Missing, Sync, SyncNews};
use crate::config::Config;
use crate::defects::{self, Defect};
use crate::facts::Own;
use crate::io::{RequestFailure, RequestId};
use crate::pace::Gate;
use crate::store::Result;
use crate::timer::Timer;
use crate::tx::{Owner, Tx};

/// When the server has answered so often that there is nothing more, there is nothing more, whatever a
/// `pong` says: one that counts what nobody can fetch must not keep a device from being up to date.
const MOST_EMPTY: u32 = 3;

impl Sync {
    /// Fetches what is missing, when it can be had.
    pub(crate) fn reconcile(&mut self, tx: &mut Tx<'_>, token: Option<&Secret>, gate: Gate) {
        let Some(token) = token else { return };
        let idle = self.fetching.is_none() && self.missing != Missing::Nothing;
        if !idle || self.timers.is_set(Timer::FetchAgain) {
            return;
        }
        if let Gate::ClosedUntil(at) = gate {
            self.timers.set(Timer::FetchAgain, at);
            return;
        }
        // A log that nothing is known of starts with a snapshot.
        if self.log_id.is_none() {
            self.need_snapshot();
        }
        let (call, fetch) = match self.missing {
            Missing::Everything => (ApiRequest::Snapshot, Fetch::Snapshot),
            Missing::Events | Missing::Nothing => {
                let (log_id, since) = self.position();
                (ApiRequest::Sync { since, log_id }, Fetch::Events)
            }
        };
        let request = tx.ask(Owner::Sync, call, Some(token.clone()));
        self.fetching = Some((request, fetch));
    }

    /// The server answered, or did not.
    pub(crate) fn answered(
        &mut self,
        tx: &mut Tx<'_>,
        request: RequestId,
        result: std::result::Result<Answer, RequestFailure>,
        own: Own<'_>,
        config: &Config,
    ) -> Result<Vec<SyncNews>> {
        let Some((_, fetch)) = self.fetching.take_if(|(asked, _)| *asked == request) else {
            return Ok(Vec::new());
        };
        match (fetch, result) {
            (Fetch::Events, Ok(Answer::Sync(page))) => self.page_fetched(tx, own, page, config),
            (Fetch::Snapshot, Ok(Answer::Snapshot(snapshot))) => {
                self.snapshot_fetched(tx, own, &snapshot, config)
            }
            (Fetch::Events | Fetch::Snapshot, Ok(_)) => {
                let failure = RequestFailure::other_answer();
                self.failed(tx, fetch, &failure, config);
                Ok(Vec::new())
            }
            (Fetch::Events | Fetch::Snapshot, Err(failure)) => {
                self.failed(tx, fetch, &failure, config);
                Ok(Vec::new())
            }
        }
    }

    fn page_fetched(
        &mut self,
        tx: &mut Tx<'_>,
        own: Own<'_>,
        page: SyncPage,
        config: &Config,
    ) -> Result<Vec<SyncNews>> {
        if self.log_id.as_ref() != Some(&page.log_id) {
            self.need_snapshot();
        }
        // A snapshot may have become necessary while this was on its way.
        if self.missing == Missing::Everything {
            return Ok(Vec::new());
        }
        let before = self.cursor;
        let (whole, news) = self.apply_contiguous(tx, own, &page.events)?;
        self.known_head = self.known_head.max(page.head);
        if self.cursor >= self.known_head {
            self.missing = Missing::Nothing;
        }
        if self.missing == Missing::Nothing || news.contains(&SyncNews::Progress) {
            self.failures = 0;
        } else if self.cursor == before {
            self.brought_nothing(tx, page.head, config);
        }
        if !whole && self.cursor > before && self.missing != Missing::Nothing {
            // The server's own answer has a hole.
            self.rest(tx, None, config);
        }
        Ok(news)
    }

    /// The server has nothing beyond the cursor, or something that cannot be applied.
    fn brought_nothing(&mut self, tx: &mut Tx<'_>, head: Seq, config: &Config) {
        self.rest(tx, None, config);
        if self.cursor >= head {
            self.empty_pages += 1;
        }
        if self.empty_pages >= MOST_EMPTY {
            self.empty_pages = 0;
            self.failures = 0;
            self.timers.clear(Timer::FetchAgain);
            self.known_head = self.cursor;
            self.missing = Missing::Nothing;
        }
    }

    fn failed(&mut self, tx: &mut Tx<'_>, fetch: Fetch, failure: &RequestFailure, config: &Config) {
        tracing::info!(%failure, "could not fetch what is missing");
        let Some(problem) = failure.problem() else {
            self.rest(tx, None, config);
            return;
        };
        if problem.code == Code::SyncReset && !defects::active(Defect::IgnoresReset) {
            if fetch == Fetch::Snapshot {
                // It refuses the snapshot as well.
                self.rest(tx, problem.retry_after_ms, config);
            }
            self.need_snapshot();
            return;
        }
        match problem.code.class() {
            // It goes on with the next token.
            FailureClass::Authentication => {}
            FailureClass::Permanent => {
                tracing::warn!(code = %problem.code, "the server will not serve events");
                self.rest(tx, problem.retry_after_ms, config);
            }
            FailureClass::Transient => self.rest(tx, problem.retry_after_ms, config),
        }
    }

    pub(super) fn rest(&mut self, tx: &mut Tx<'_>, asked_ms: Option<u64>, config: &Config) {
        self.failures += 1;
        let now = tx.now.mono;
        let at = config
            .backoff
            .until(self.failures, asked_ms, now, &mut tx.rng);
        self.timers.set(Timer::FetchAgain, at);
    }
}

//! Following the event log: what is missing, and how to get it (PROTOCOL.md §6).
//!
//! The cursor is the last event that is committed here. A hole in the numbers is fetched over HTTP;
//! a log that does not reach back that far is replaced by a snapshot. Events are never applied out
//! of order, and never twice.

use fulmar_protocol::{ApiRequest, Code, Event, Seq, Snapshot, SyncPage};

use crate::auth::permanent_code;
use crate::brain::Purpose;
use crate::deadline::Why;
use crate::input::RequestFailure;
use crate::store::account::Account;
use crate::store::{Result, account, conversations, messages, operations};
use crate::turn::Turn;

#[derive(Debug, Default)]
pub(crate) struct Follow {
    missing: Missing,
    fetching: bool,
    /// The newest event that is known to exist.
    known_head: Seq,
    /// Fetches that failed in a row.
    failures: u32,
}

/// What has to be fetched before live events can be applied again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Missing {
    #[default]
    Nothing,
    Events,
    Everything,
}

impl Follow {
    /// A connection is up; the server sends what was missed, up to `head`, by itself.
    pub(crate) fn connected(&mut self, head: Seq) {
        self.known_head = head;
    }

    pub(crate) fn need_events(&mut self) {
        self.missing = self.missing.max(Missing::Events);
    }

    pub(crate) fn need_snapshot(&mut self) {
        self.missing = Missing::Everything;
    }

    pub(crate) fn is_current(&self, account: &Account) -> bool {
        self.missing == Missing::Nothing && account.cursor >= self.known_head
    }
}

impl Turn<'_> {
    /// Events came in over the socket.
    pub(crate) fn events_arrived(&mut self, events: &[Event]) -> Result<()> {
        if let Some(last) = events.last() {
            self.brain.follow.known_head = self.brain.follow.known_head.max(last.seq);
        }
        // While something is being fetched, what comes in meanwhile is part of the next fetch.
        if self.brain.follow.missing != Missing::Nothing {
            return Ok(());
        }
        if !self.apply_contiguous(events)? {
            self.brain.follow.need_events();
        }
        Ok(())
    }

    /// Applies the events that come right after the cursor; false when there is a hole.
    fn apply_contiguous(&mut self, events: &[Event]) -> Result<bool> {
        let before = self.brain.account.cursor;
        let mut whole = true;
        for event in events {
            let cursor = self.brain.account.cursor;
            if event.seq <= cursor && !crate::defects::active(crate::defects::Defect::ApplyTwice) {
                continue;
            }
            if event.seq > cursor.next()
                && !crate::defects::active(crate::defects::Defect::IgnoreGaps)
            {
                whole = false;
                break;
            }
            self.apply_or_quarantine(event)?;
            self.brain.account.cursor = event.seq;
        }
        if self.brain.account.cursor != before {
            account::set_cursor(&self.db, self.brain.account.cursor)?;
            self.forget_applied()?;
        }
        Ok(whole)
    }

    /// What was applied and is in the log by now needs the outbox no more.
    fn forget_applied(&mut self) -> Result<()> {
        for lane in operations::forget_applied(&self.db, self.brain.account.cursor)? {
            self.touch(lane);
        }
        Ok(())
    }

    /// A pong says how far the log goes: over one socket events come before the pong that counts
    /// them, so anything missing then was lost.
    pub(crate) fn head_seen(&mut self, head: Seq) {
        self.brain.follow.known_head = self.brain.follow.known_head.max(head);
        if head > self.brain.account.cursor {
            self.brain.follow.need_events();
        }
    }

    /// Fetches what is missing, when it can be had.
    pub(crate) fn settle_follow(&mut self) {
        if self.brain.follow.fetching
            || self.brain.follow.missing == Missing::Nothing
            || !self.brain.link.carries()
            || self.brain.deadlines.get(Why::FetchAgain).is_some()
        {
            return;
        }
        let Some(token) = self.usable_token() else {
            return;
        };
        // A log that nothing is known of starts with a snapshot.
        if self.brain.account.log_id.is_none() {
            self.brain.follow.need_snapshot();
        }
        let (call, purpose) = match self.brain.follow.missing {
            Missing::Everything => (ApiRequest::Snapshot, Purpose::Snapshot),
            _ => (
                ApiRequest::Sync {
                    since: self.brain.account.cursor,
                    log_id: self.brain.account.log_id.clone(),
                },
                Purpose::Events,
            ),
        };
        self.brain.follow.fetching = true;
        self.request(call, purpose, Some(token));
    }

    pub(crate) fn events_fetched(
        &mut self,
        answer: std::result::Result<SyncPage, RequestFailure>,
    ) -> Result<()> {
        self.brain.follow.fetching = false;
        let page = match answer {
            Ok(page) => page,
            Err(failure) => {
                self.fetch_failed(&failure);
                return Ok(());
            }
        };
        self.brain.follow.failures = 0;
        if self.brain.account.log_id.as_ref() != Some(&page.log_id) {
            self.brain.follow.need_snapshot();
        }
        // A snapshot may have become necessary while this was on its way.
        if self.brain.follow.missing == Missing::Everything {
            return Ok(());
        }
        let before = self.brain.account.cursor;
        let whole = self.apply_contiguous(&page.events)?;
        self.brain.follow.known_head = self.brain.follow.known_head.max(page.head);
        let cursor = self.brain.account.cursor;
        if cursor >= self.brain.follow.known_head {
            self.brain.follow.missing = Missing::Nothing;
        } else if !whole || cursor == before {
            // The server's own answer has a hole or goes nowhere: ask again, but not in a hot loop.
            self.rest_before_fetching();
        }
        Ok(())
    }

    pub(crate) fn snapshot_fetched(
        &mut self,
        answer: std::result::Result<Snapshot, RequestFailure>,
    ) -> Result<()> {
        self.brain.follow.fetching = false;
        match answer {
            Ok(snapshot) => {
                self.brain.follow.failures = 0;
                self.apply_snapshot(&snapshot)
            }
            Err(failure) => {
                self.fetch_failed(&failure);
                Ok(())
            }
        }
    }

    fn fetch_failed(&mut self, failure: &RequestFailure) {
        tracing::info!(%failure, "could not fetch what is missing");
        if let RequestFailure::Answered(fulmar_protocol::AnswerError::Problem(problem)) = failure {
            if problem.code == Code::SyncReset {
                self.brain.follow.need_snapshot();
                return;
            }
            if permanent_code(failure).is_some() {
                tracing::warn!(code = %problem.code, "the server will not serve events");
            }
        }
        self.rest_before_fetching();
    }

    fn rest_before_fetching(&mut self) {
        self.brain.follow.failures += 1;
        let failures = self.brain.follow.failures;
        let wait = self.config.backoff.wait(failures, &mut self.rng);
        let at = self.now.mono.plus(wait);
        self.brain.deadlines.set(Why::FetchAgain, at);
    }

    /// Replaces what the server knows; keeps what it does not: everything unsent stays.
    fn apply_snapshot(&mut self, snapshot: &Snapshot) -> Result<()> {
        let known_log = self.brain.account.log_id.as_ref();
        let another_log = known_log.is_some_and(|known| *known != snapshot.log_id);
        let mut present = std::collections::BTreeSet::new();
        if another_log {
            messages::forget_revisions(&self.db)?;
            for lane in operations::forget_applied(&self.db, Seq(i64::MAX as u64))? {
                self.touch(lane);
            }
        }
        for view in &snapshot.conversations {
            let key = match another_log {
                true => self.store_conversation_anew(view)?,
                false => self.store_conversation(view)?,
            };
            // In the same log, what lies beyond the snapshot is newer than it: an outcome that
            // came while it was on its way.
            if another_log {
                messages::delete_after(&self.db, key, view.last_position)?;
            }
            present.insert(key);
        }
        // One that only an outcome told of may be newer than the snapshot.
        let candidates = match another_log {
            true => conversations::all(&self.db)?,
            false => conversations::known_by(&self.db, snapshot.seq)?,
        };
        for key in candidates {
            if !present.contains(&key) {
                conversations::remove_unless_unsent(&self.db, key)?;
                self.touch_or_vanish(key)?;
            }
        }
        self.blocks_updated(&snapshot.blocked)?;
        account::set_log(&self.db, &snapshot.log_id, snapshot.seq)?;
        self.reload_account()?;
        self.forget_applied()?;
        self.find_deliveries()?;
        let follow = &mut self.brain.follow;
        // What was seen of another log says nothing about this one.
        follow.missing = if follow.known_head > snapshot.seq {
            Missing::Events
        } else {
            Missing::Nothing
        };
        if follow.missing == Missing::Nothing {
            follow.known_head = snapshot.seq;
        }
        Ok(())
    }
}

//! Submitting: what goes out, how much at once, and what comes back without an outcome.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fulmar_protocol::{ApiRequest, ClientFrame, FailureClass, Method, Problem, Submit, SubmitId};

use crate::brain::{Flight, Purpose, Route};
use crate::connection::LinkState;
use crate::deadline::Why;
use crate::effect::Effect;
use crate::outbox::failure::FailureReason;
use crate::outbox::transition::{Happening, State};
use crate::store::operations::{OperationRow, to_wire};
use crate::store::{LaneId, Result, conversations, operations};
use crate::time::Mono;
use crate::turn::Turn;

impl Turn<'_> {
    /// Hands everything that may go out to the network. Called at the end of every turn, so nothing
    /// ever has to be woken.
    pub(crate) fn submit_what_can_go(&mut self) -> Result<()> {
        while let Some(route) = self.route() {
            if !self.submit_once(route)? {
                break;
            }
        }
        Ok(())
    }

    /// The socket when there is one; over HTTP one submit at a time.
    fn route(&self) -> Option<Route> {
        match self.brain.link.state {
            LinkState::Open { socket, .. } => Some(Route::Socket(socket)),
            _ => {
                let busy = self
                    .brain
                    .submits
                    .values()
                    .any(|flight| flight.route == Route::Http);
                let possible = self.brain.link.polling && self.usable_token().is_some();
                (possible && !busy).then_some(Route::Http)
            }
        }
    }

    /// Sends one submit with as much as it may hold; false when there was nothing.
    fn submit_once(&mut self, route: Route) -> Result<bool> {
        let rows = operations::ready_to_go(
            &self.db,
            self.config.failure_policy,
            &self.resting_lanes(),
            self.brain.limits.operations_per_submit.max(1),
        )?;
        let rows = self.fail_outdated(rows)?;
        let taken = self.fill(rows)?;
        let most = self.brain.limits.operations_per_submit as usize;
        let room = match self.brain.one_by_one {
            true => usize::from(taken.is_empty()),
            false => most.saturating_sub(taken.len()),
        };
        // What was just taken is in flight only below: its lanes tell later.
        let mut deliveries = self.due_deliveries(room, &taken)?;
        if taken.is_empty() && deliveries.is_empty() {
            return Ok(false);
        }
        let submit_id = SubmitId(self.brain.next_number());
        let mut submit = Submit {
            submit_id,
            operations: Vec::with_capacity(taken.len()),
        };
        let mut flight = Flight {
            route,
            operations: Vec::with_capacity(taken.len()),
            deliveries: deliveries.iter().map(|(lane, _)| *lane).collect(),
        };
        for (row, operation) in taken {
            self.transition(&row, Happening::Submitted, None)?;
            flight.operations.push((row.operation_key, row.lane));
            submit.operations.push(operation);
        }
        for (_, operation) in deliveries.drain(..) {
            submit.operations.push(operation);
        }
        tracing::debug!(
            submit = submit_id.0,
            operations = flight.operations.len(),
            "submit"
        );
        self.brain.submits.insert(submit_id, flight);
        match route {
            Route::Socket(socket) => {
                let at = self.now.mono.plus(self.config.answer_timeout);
                self.brain.deadlines.set(Why::OutcomeMissing(submit_id), at);
                self.hold(Effect::SendFrame {
                    socket,
                    frame: ClientFrame::Submit(submit),
                });
            }
            Route::Http => {
                let token = self.usable_token();
                self.request(
                    ApiRequest::Submit(submit),
                    Purpose::Submit(submit_id),
                    token,
                );
            }
        }
        Ok(true)
    }

    fn resting_lanes(&self) -> BTreeSet<LaneId> {
        let delivering = self.brain.deliveries.busy_lanes();
        let resting = self.brain.deadlines.resting_lanes();
        resting.chain(delivering).collect()
    }

    /// Picks from the front of each lane what fits into one frame. Behind the creation of a
    /// conversation its lane waits, because only the outcome says what the conversation is called.
    fn fill(
        &mut self,
        rows: Vec<OperationRow>,
    ) -> Result<Vec<(OperationRow, fulmar_protocol::Operation)>> {
        let most_bytes = self.brain.limits.frame_bytes as usize / 2;
        let most = match self.brain.one_by_one {
            true => 1,
            false => usize::MAX,
        };
        let mut closed = BTreeSet::new();
        let mut bytes = 0;
        let mut taken = Vec::new();
        for row in rows {
            if closed.contains(&row.lane) {
                continue;
            }
            bytes += row.bytes;
            if !taken.is_empty() && (bytes > most_bytes || taken.len() >= most) {
                break;
            }
            let creates = matches!(row.method, Method::ConversationCreate(_));
            let id = match conversations::server_id(&self.db, row.lane)? {
                Some(id) => id,
                None if creates => conversations::public_id(&self.db, row.lane)?,
                None => {
                    closed.insert(row.lane);
                    continue;
                }
            };
            if creates {
                closed.insert(row.lane);
            }
            let operation = to_wire(&self.db, &row, &id)?;
            taken.push((row, operation));
        }
        Ok(taken)
    }

    /// An operation that was tried and is older than the server's memory of keys could be applied
    /// twice: it is not tried again without the app's word (PROTOCOL.md §5.1).
    fn fail_outdated(&mut self, rows: Vec<OperationRow>) -> Result<Vec<OperationRow>> {
        let memory = Duration::from_millis(self.brain.account.key_retention_ms);
        let mut fresh = Vec::with_capacity(rows.len());
        let mut stopped = BTreeSet::new();
        for row in rows {
            if row.tries > 0 && self.now.wall.since(row.created_at) > memory {
                let reason = FailureReason::OutcomeUnknown;
                self.transition(&row, Happening::Outdated, Some(&reason))?;
                stopped.insert(row.lane);
            } else if !stopped.contains(&row.lane) {
                fresh.push(row);
            }
        }
        Ok(fresh)
    }

    /// What was in flight on these routes waits again; nobody knows what became of it.
    pub(crate) fn return_submits(&mut self, lost: impl Fn(&Route) -> bool) -> Result<()> {
        let ids: Vec<SubmitId> = self
            .brain
            .submits
            .iter()
            .filter(|(_, flight)| lost(&flight.route))
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            self.return_submit(id)?;
        }
        Ok(())
    }

    fn return_submit(&mut self, submit: SubmitId) -> Result<Vec<LaneId>> {
        self.brain.deadlines.clear(Why::OutcomeMissing(submit));
        let Some(flight) = self.brain.submits.remove(&submit) else {
            return Ok(Vec::new());
        };
        self.deliveries_lost(&flight.deliveries);
        for (key, _) in &flight.operations {
            if let Some(row) = operations::find(&self.db, *key)?
                && row.state == State::InFlight
            {
                self.transition(&row, Happening::Returned, None)?;
            }
        }
        Ok(flight
            .operations
            .into_iter()
            .map(|(_, lane)| lane)
            .collect())
    }

    /// An outcome did not come over a socket that seems open: the socket is dead.
    pub(crate) fn outcome_missing(&mut self, submit: SubmitId) -> Result<()> {
        match self.brain.submits.get(&submit).map(|flight| flight.route) {
            Some(Route::Socket(_)) => self.silence(),
            _ => Ok(()),
        }
    }

    /// A whole submit was not served. `None`: it was lost, or something answered that is not the
    /// protocol.
    pub(crate) fn submit_refused(
        &mut self,
        submit: SubmitId,
        problem: Option<&Problem>,
    ) -> Result<()> {
        let class = problem.map_or(FailureClass::Transient, |problem| problem.code.class());
        let Some(flight) = self.brain.submits.get(&submit) else {
            return Ok(());
        };
        let (operations, flight_route) = (flight.operations.clone(), flight.route);
        let alone = flight.deliveries.is_empty();
        match (class, problem, operations.as_slice()) {
            (FailureClass::Permanent, Some(problem), [(key, _)]) if alone => {
                self.brain.deadlines.clear(Why::OutcomeMissing(submit));
                self.brain.submits.remove(&submit);
                if let Some(row) = operations::find(&self.db, *key)? {
                    self.refused(&row, problem.clone())?;
                }
                return Ok(());
            }
            (FailureClass::Permanent, ..) => self.brain.one_by_one = true,
            (FailureClass::Authentication, ..) => self.submit_token_rejected(flight_route),
            (FailureClass::Transient, ..) => {}
        }
        let lanes = self.return_submit(submit)?;
        if class == FailureClass::Transient {
            let tries = self.tries_of(&operations)?;
            let asked = problem.and_then(|problem| problem.retry_after_ms);
            for lane in lanes {
                self.rest_lane(lane, tries, asked);
            }
        }
        Ok(())
    }

    /// Over HTTP the answer to the request has said so already.
    pub(crate) fn submit_token_rejected(&mut self, route: Route) {
        if let Route::Socket(_) = route {
            self.socket_token_rejected();
        }
    }

    fn tries_of(&self, keys: &[(fulmar_protocol::OperationKey, LaneId)]) -> Result<u32> {
        let mut tries = 1;
        for (key, _) in keys {
            if let Some(row) = operations::find(&self.db, *key)? {
                tries = tries.max(row.tries);
            }
        }
        Ok(tries)
    }

    /// A lane waits after a transient failure: as long as the server asked, or with backoff.
    pub(crate) fn rest_lane(&mut self, lane: LaneId, tries: u32, asked_ms: Option<u64>) {
        let at = self.when_to_try_again(tries, asked_ms);
        self.brain.deadlines.set(Why::LaneRetry(lane), at);
    }

    pub(crate) fn when_to_try_again(&mut self, failures: u32, asked_ms: Option<u64>) -> Mono {
        let wait = match asked_ms {
            Some(millis) => Duration::from_millis(millis).min(Duration::from_secs(3600)),
            None => self.config.backoff.wait(failures, &mut self.rng),
        };
        self.now.mono.plus(wait)
    }

    /// Shows which lanes rest, and until when.
    pub(crate) fn show_resting_lanes(&mut self) -> Result<()> {
        let resting: BTreeMap<LaneId, Mono> = self
            .brain
            .deadlines
            .resting_lanes()
            .filter_map(|lane| Some((lane, self.brain.deadlines.get(Why::LaneRetry(lane))?)))
            .collect();
        if resting == self.brain.shown_resting {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.brain.shown_resting, resting.clone());
        let lanes: BTreeSet<LaneId> = before.keys().chain(resting.keys()).copied().collect();
        for lane in lanes {
            let at = resting.get(&lane);
            if at == before.get(&lane) || !conversations::exists(&self.db, lane)? {
                continue;
            }
            let at = at.map(|at| self.now.wall.plus(at.until(self.now.mono)));
            operations::set_retry_at(&self.db, lane, at)?;
            self.touch(lane);
        }
        Ok(())
    }
}

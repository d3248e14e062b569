//! Submitting: what goes out, how much at once, and what comes back without an outcome.

use std::collections::BTreeSet;

use fulmar_protocol::{Answer, ApiRequest, ClientFrame, Operation, Problem, Submit, SubmitId};

use super::deliveries::Room;
use super::flights::{Flight, Route};
use super::transition::OperationEvent;
use super::{Acting, Outbox, OutboxNews, Way};
use crate::config::Config;
use crate::defects::{self, Defect};
use crate::facts::Channel;
use crate::io::{Effect, RequestFailure, RequestId};
use crate::operation;
use crate::pace::Gate;
use crate::store::operations::{OperationRow, to_wire};
use crate::store::state::{FailureReason, OperationState};
use crate::store::{LaneId, Result, conversations, operations, server};
use crate::timer::Timer;
use crate::tx::{Owner, Tx};

/// How often the time for an outcome may double when none came.
const MOST_PATIENCE: u32 = 4;

impl Outbox {
    /// Hands everything that may go out to the network. Called at the end of every batch, so nothing ever has
    /// to be woken.
    pub(crate) fn reconcile(
        &mut self,
        tx: &mut Tx<'_>,
        way: &Way,
        acting: Option<Acting<'_>>,
    ) -> Result<()> {
        if let Some(acting) = acting {
            while self.is_open(way) && self.submit_once(tx, way, acting)? {}
        }
        self.lanes.show(tx)
    }

    /// The socket when there is one; over HTTP one submit at a time.
    fn is_open(&mut self, way: &Way) -> bool {
        match way.channel {
            Channel::Socket(_) => true,
            Channel::None => false,
            Channel::Http => {
                if self.flights.any_over_http()
                    || way.token.is_none()
                    || self.timers.is_set(Timer::SubmitAgain)
                {
                    return false;
                }
                if let Gate::ClosedUntil(at) = way.gate {
                    self.timers.set(Timer::SubmitAgain, at);
                    return false;
                }
                true
            }
        }
    }

    /// Sends one submit with as much as it may hold; false when there was nothing.
    fn submit_once(&mut self, tx: &mut Tx<'_>, way: &Way, acting: Acting<'_>) -> Result<bool> {
        let most = self.limits().operations_per_submit;
        let taken = self.take(tx, most, acting.config)?;
        let bytes: usize = taken.iter().map(|(row, _)| row.bytes).sum();
        let room = Room {
            operations: if self.one_by_one {
                usize::from(taken.is_empty())
            } else {
                (most as usize).saturating_sub(taken.len())
            },
            bytes: self.most_bytes().saturating_sub(bytes),
            is_empty: taken.is_empty(),
        };
        let told = if self.deliveries.are_due(&self.timers) {
            // What was just taken is in flight only below: its lanes tell later.
            let mut busy = self.flights.lanes();
            busy.extend(taken.iter().map(|(row, _)| row.lane));
            self.deliveries.take(tx, acting.owner, room, &busy)?
        } else {
            Vec::new()
        };
        if taken.is_empty() && told.is_empty() {
            return Ok(false);
        }
        self.send_submit(tx, way, taken, told, acting.config)?;
        Ok(true)
    }

    /// What goes out next. Where all that was looked at has to stay, those behind it are looked at.
    fn take(
        &mut self,
        tx: &mut Tx<'_>,
        most: u32,
        config: &Config,
    ) -> Result<Vec<(OperationRow, Operation)>> {
        let mut waiting = self.lanes.resting();
        waiting.extend(self.flights.lanes());
        loop {
            let rows = operations::ready_to_go(&tx.db, config.failure_policy, &waiting, most)?;
            if rows.is_empty() {
                return Ok(Vec::new());
            }
            let rows = self.fail_outdated(tx, rows)?;
            let taken = self.fill(tx, rows, &mut waiting)?;
            if !taken.is_empty() {
                return Ok(taken);
            }
        }
    }

    fn send_submit(
        &mut self,
        tx: &mut Tx<'_>,
        way: &Way,
        taken: Vec<(OperationRow, Operation)>,
        told: Vec<(LaneId, Operation)>,
        config: &Config,
    ) -> Result<()> {
        let submit_id = SubmitId(tx.number());
        let mut operations = Vec::with_capacity(taken.len() + told.len());
        let mut keys = Vec::with_capacity(taken.len());
        for (row, operation) in taken {
            self.transition(tx, &row, OperationEvent::Submitted, None)?;
            keys.push((row.operation_key, row.lane));
            operations.push(operation);
        }
        let delivery = |(lane, operation): &(LaneId, Operation)| (operation.operation_key, *lane);
        let deliveries = told.iter().map(delivery).collect();
        operations.extend(told.into_iter().map(|(_, operation)| operation));
        tracing::debug!(
            submit = submit_id.0,
            operations = operations.len(),
            "submit"
        );
        let submit = Submit {
            submit_id,
            order: Some(server::next_submit(&tx.db)?),
            operations,
        };
        let route = match way.channel {
            Channel::Socket(socket) => {
                let patience = 2u32.pow(self.late.min(MOST_PATIENCE));
                let at = tx.now.mono.plus(config.answer_timeout * patience);
                if !defects::active(Defect::WaitsForEver) {
                    self.timers.set(Timer::OutcomeMissing(submit_id), at);
                }
                let frame = ClientFrame::Submit(submit);
                tx.emit(Effect::SendFrame { socket, frame });
                Route::Socket
            }
            Channel::Http | Channel::None => {
                let call = ApiRequest::Submit(submit);
                Route::Http(tx.ask(Owner::Submit, call, way.token.clone()))
            }
        };
        let flight = Flight {
            route,
            operations: keys,
            deliveries,
        };
        self.flights.begin(submit_id, flight);
        Ok(())
    }

    /// How much goes into one frame, with room for what stands around it.
    fn most_bytes(&self) -> usize {
        self.limits().frame_bytes as usize / 2
    }

    /// Picks from the front of each lane what fits into one frame. Behind the creation of a conversation its
    /// lane waits, because only the outcome says what the conversation is called.
    fn fill(
        &self,
        tx: &Tx<'_>,
        rows: Vec<OperationRow>,
        closed: &mut BTreeSet<LaneId>,
    ) -> Result<Vec<(OperationRow, Operation)>> {
        let most_bytes = self.most_bytes();
        let most = if self.one_by_one { 1 } else { usize::MAX };
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
            let creates = row.method.name() == "conversation.create";
            let id = match conversations::server_id(&tx.db, row.lane.conversation())? {
                Some(id) => id,
                None if creates => conversations::public_id(&tx.db, row.lane.conversation())?,
                None => {
                    closed.insert(row.lane);
                    continue;
                }
            };
            if creates {
                closed.insert(row.lane);
            }
            let operation = to_wire(&tx.db, &row, &id)?;
            taken.push((row, operation));
        }
        Ok(taken)
    }

    /// An operation that may have been applied and is older than the server's memory of keys could be applied
    /// twice: it is not tried again without the app's word (PROTOCOL.md §5.1, [M13]). What only moves forward
    /// or sets a value may be tried at any time.
    fn fail_outdated(
        &mut self,
        tx: &mut Tx<'_>,
        rows: Vec<OperationRow>,
    ) -> Result<Vec<OperationRow>> {
        let mut fresh = Vec::with_capacity(rows.len());
        let mut stopped = BTreeSet::new();
        for row in rows {
            let outdated = row.state == OperationState::Unconfirmed
                && self.server.may_have_forgotten(row.tried_at, tx.now.mono)
                && !operation::of(&row.method).is_repeatable();
            if outdated {
                let reason = FailureReason::OutcomeUnknown;
                self.transition(tx, &row, OperationEvent::Outdated, Some(&reason))?;
                stopped.insert(row.lane);
            } else if !stopped.contains(&row.lane) {
                fresh.push(row);
            }
        }
        Ok(fresh)
    }

    /// There is no socket any more: what was in flight on it has no answer.
    pub(crate) fn socket_lost(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        if defects::active(Defect::LeavesFlights) {
            return Ok(());
        }
        for submit in self.flights.over_socket() {
            self.take_back(tx, submit, None)?;
        }
        Ok(())
    }

    /// The session is over: nothing that is in flight gets an answer.
    pub(crate) fn stop(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        for submit in self.flights.all() {
            self.take_back(tx, submit, None)?;
        }
        self.one_by_one = false;
        self.deliveries = Default::default();
        self.server.forget_capabilities(tx)?;
        self.retry_now();
        self.timers.clear_all();
        Ok(())
    }

    /// What was in flight waits again. Without a problem nobody knows what became of it; with one the server
    /// has said that it did nothing this time.
    pub(super) fn take_back(
        &mut self,
        tx: &mut Tx<'_>,
        submit: SubmitId,
        problem: Option<&Problem>,
    ) -> Result<Option<Flight>> {
        self.timers.clear(Timer::OutcomeMissing(submit));
        let Some(flight) = self.flights.end(submit) else {
            return Ok(None);
        };
        self.deliveries
            .lost(tx, &mut self.timers, &flight.deliveries);
        for (key, _) in &flight.operations {
            if let Some(row) = operations::find(&tx.db, *key)?
                && row.state == OperationState::InFlight
            {
                let event = if problem.is_some() {
                    not_applied(&row)
                } else {
                    OperationEvent::Unanswered
                };
                self.not_done(tx, &row, event)?;
            }
        }
        Ok(Some(flight))
    }

    /// An outcome did not come over a socket that seems open: the socket is dead.
    pub(crate) fn outcome_missing(&mut self, submit: SubmitId) {
        self.timers.clear(Timer::OutcomeMissing(submit));
        if self.flights.get(submit).is_some() {
            self.late = (self.late + 1).min(MOST_PATIENCE);
            self.news.push(OutboxNews::Silent);
        }
    }

    /// The HTTP request of a submit has its answer, or will have none.
    pub(crate) fn answered(
        &mut self,
        tx: &mut Tx<'_>,
        request: RequestId,
        result: std::result::Result<Answer, RequestFailure>,
        acting: Acting<'_>,
    ) -> Result<()> {
        let Some(submit) = self.flights.of_request(request) else {
            return Ok(());
        };
        match result {
            Ok(answer) => {
                if let Answer::Operations(answer) = answer {
                    self.outcomes_arrived(tx, submit, answer, acting)
                } else {
                    self.submit_refused(tx, submit, None, acting.config)
                }
            }
            Err(failure) => self.submit_refused(tx, submit, failure.problem(), acting.config),
        }
    }

    /// A lane in which something waits does so for a while after a transient failure: as long as the server asked, or with
    /// backoff.
    pub(super) fn rest_lane(
        &mut self,
        tx: &mut Tx<'_>,
        lane: LaneId,
        tries: u32,
        asked_ms: Option<u64>,
        config: &Config,
    ) -> Result<()> {
        if operations::any_queued_in(&tx.db, lane)? {
            let now = tx.now.mono;
            let at = config.backoff.until(tries, asked_ms, now, &mut tx.rng);
            self.lanes.rest(&mut self.timers, lane, at);
        }
        Ok(())
    }

    /// The wait of a lane is over.
    pub(crate) fn lane_due(&mut self, lane: LaneId) {
        self.timers.clear(Timer::LaneRetry(lane));
        if !defects::active(Defect::HoldsForEver) {
            self.lanes.awake(lane);
        }
    }
}

/// What it means for an operation that the server did not do it this time. An earlier submit that went
/// without an answer may still have done it.
pub(super) fn not_applied(row: &OperationRow) -> OperationEvent {
    if row.unanswered == 0 {
        OperationEvent::NotApplied
    } else {
        OperationEvent::Unanswered
    }
}

//! Telling the server how far this device has each conversation, once that is committed
//! (PROTOCOL.md §4.3).
//!
//! None of this is in the outbox: the duty follows from the rows, where the own pointer is behind the
//! newest message. Whatever gets lost, or is not taken for now, is told again after a wait.

use std::collections::BTreeSet;
use std::time::Duration;

use fulmar_protocol::{
    FailureClass, Method, Operation, OperationKey, Outcome, OutcomeStatus, ReceiptUpdate, UserId,
};

use crate::config::Config;
use crate::defects::{self, Defect};
use crate::store::{ConversationKey, LaneId, Result, conversations, operations, reading};
use crate::timer::{Timer, Timers};
use crate::tx::Tx;

/// How long to wait for more before telling, so that a burst is told of once.
const TOGETHER: Duration = Duration::from_millis(200);
/// How long to wait after a submit was lost.
const AGAIN: Duration = Duration::from_secs(2);
/// In larger conversations nobody looks at who has got what, and telling everyone costs the square of
/// their number (PROTOCOL.md §9).
const MOST_PARTICIPANTS: u32 = 100;

/// What stands around the params of an operation, in bytes.
const ENVELOPE: usize = 128;

/// What a submit may still hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) operations: usize,
    pub(super) bytes: usize,
    /// There is nothing in it yet: something has to go out.
    pub(super) is_empty: bool,
}

/// Where the server may not know yet what is here.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    behind: BTreeSet<ConversationKey>,
    /// How often in a row telling came to nothing.
    failures: u32,
}

impl Deliveries {
    /// How much of it is in memory, for the simulation.
    #[cfg(feature = "defects")]
    pub(super) fn kept(&self) -> usize {
        self.behind.len()
    }

    /// Something of others came in.
    pub(super) fn add(&mut self, tx: &Tx<'_>, timers: &mut Timers, conversation: ConversationKey) {
        self.behind.insert(conversation);
        tell_after(tx, timers, TOGETHER);
    }

    /// A connection is up, or the log is another: what came meanwhile has not been told of.
    pub(super) fn find(&mut self, tx: &Tx<'_>, timers: &mut Timers, own: &UserId) -> Result<()> {
        if defects::active(Defect::TellsOnce) {
            return Ok(());
        }
        self.behind = reading::behind(&tx.db, own, MOST_PARTICIPANTS)?;
        if !self.behind.is_empty() {
            tell_after(tx, timers, TOGETHER);
        }
        Ok(())
    }

    /// Whether something is to be told now.
    pub(super) fn are_due(&self, timers: &Timers) -> bool {
        !self.behind.is_empty() && !timers.is_set(Timer::TellDelivered)
    }

    /// The operations that tell of what is due, and their lanes, as many as there is room for. Those whose lane is busy
    /// come later.
    pub(super) fn take(
        &mut self,
        tx: &mut Tx<'_>,
        own: &UserId,
        room: Room,
        busy: &BTreeSet<LaneId>,
    ) -> Result<Vec<(LaneId, Operation)>> {
        let mut due = Vec::new();
        let mut bytes = 0;
        for key in self.behind.clone() {
            if due.len() >= room.operations {
                break;
            }
            if busy.contains(&key.lane()) || operations::any_in_flight(&tx.db, key.lane())? {
                continue;
            }
            if let Some(operation) = receipt(tx, key, own)? {
                bytes += ENVELOPE + operation.params.to_string().len();
                if bytes > room.bytes && !(room.is_empty && due.is_empty()) {
                    break;
                }
                due.push((key.lane(), operation));
            }
            self.behind.remove(&key);
        }
        Ok(due)
    }

    /// A submit of these was lost.
    pub(super) fn lost(
        &mut self,
        tx: &Tx<'_>,
        timers: &mut Timers,
        told: &[(OperationKey, LaneId)],
    ) {
        self.behind
            .extend(told.iter().map(|(_, lane)| lane.conversation()));
        if !told.is_empty() {
            tell_after(tx, timers, AGAIN);
        }
    }

    /// A submit of these has its outcomes. Whether one of them has come to an end: the server knows, or does not want
    /// to. The others are told again, later each time.
    pub(super) fn answered(
        &mut self,
        tx: &mut Tx<'_>,
        timers: &mut Timers,
        told: &[(OperationKey, LaneId)],
        outcomes: &[Outcome],
        config: &Config,
    ) -> bool {
        let mut again = Vec::new();
        let mut asked_ms = None;
        for delivery in told {
            let said = outcomes.iter().find(|one| one.operation_key == delivery.0);
            match said.map(|one| &one.status) {
                Some(OutcomeStatus::Applied { .. }) => {}
                Some(OutcomeStatus::Failed { problem }) => match problem.code.class() {
                    FailureClass::Permanent => {}
                    FailureClass::Authentication | FailureClass::Transient => {
                        asked_ms = asked_ms.max(problem.retry_after_ms);
                        again.push(*delivery);
                    }
                },
                Some(OutcomeStatus::Skipped) | None => again.push(*delivery),
            }
        }
        let ended = again.len() < told.len();
        if ended {
            self.failures = 0;
        }
        if !again.is_empty() {
            self.lost(tx, timers, &again);
            self.rest(tx, timers, asked_ms, config);
        }
        ended
    }

    /// A submit that held nothing else came to nothing: they wait longer each time.
    pub(super) fn rest(
        &mut self,
        tx: &mut Tx<'_>,
        timers: &mut Timers,
        asked_ms: Option<u64>,
        config: &Config,
    ) {
        self.failures += 1;
        let now = tx.now.mono;
        let at = config
            .backoff
            .until(self.failures, asked_ms, now, &mut tx.rng)
            .max(now.plus(AGAIN));
        timers.set(Timer::TellDelivered, at);
    }
}

fn tell_after(tx: &Tx<'_>, timers: &mut Timers, wait: Duration) {
    if !timers.is_set(Timer::TellDelivered) {
        timers.set(Timer::TellDelivered, tx.now.mono.plus(wait));
    }
}

/// What tells how far a conversation is here, if the server does not know.
fn receipt(tx: &mut Tx<'_>, key: ConversationKey, own: &UserId) -> Result<Option<Operation>> {
    let Some(head) = reading::undelivered(&tx.db, key, own, MOST_PARTICIPANTS)? else {
        return Ok(None);
    };
    let Some(conversation_id) = conversations::server_id(&tx.db, key)? else {
        return Ok(None);
    };
    let method = Method::ReceiptUpdate(ReceiptUpdate {
        conversation_id,
        delivered_to: Some(head),
        read_to: None,
    });
    let mut random = [0; 10];
    tx.rng.fill(&mut random);
    let operation_key = OperationKey::from_parts(tx.now.wall, random);
    Ok(Some(Operation::new(operation_key, &method)))
}

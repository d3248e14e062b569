//! Telling the server how far this device has each conversation, once that is committed
//! (PROTOCOL.md §4.3).
//!
//! None of this is in the outbox: the duty follows from the rows, where the own pointer is behind the
//! newest message. Whatever gets lost is told again with the next message or the next connection.

use std::collections::BTreeSet;
use std::time::Duration;

use fulmar_protocol::{Method, Operation, OperationKey, ReceiptUpdate};

use crate::deadline::Why;
use crate::store::operations::OperationRow;
use crate::store::{ConversationKey, LaneId, Result, conversations, operations, reading};
use crate::turn::Turn;

/// How long to wait for more before telling, so that a burst is told of once.
const TOGETHER: Duration = Duration::from_millis(200);
/// How long to wait after a submit was lost.
const AGAIN: Duration = Duration::from_secs(2);
/// In larger conversations nobody looks at who has got what, and telling everyone costs the square of
/// their number (PROTOCOL.md §9).
const MOST_PARTICIPANTS: u32 = 100;

/// Where the server may not know yet what is here.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    behind: BTreeSet<ConversationKey>,
    in_flight: BTreeSet<ConversationKey>,
}

impl Deliveries {
    /// Lanes that must wait for the answer to a submit of these, as for every other.
    pub(crate) fn busy_lanes(&self) -> impl Iterator<Item = LaneId> + '_ {
        self.in_flight.iter().copied()
    }
}

impl Turn<'_> {
    /// Something of others came in.
    pub(crate) fn delivered(&mut self, conversation: ConversationKey) {
        self.brain.deliveries.behind.insert(conversation);
        self.tell_deliveries_after(TOGETHER);
    }

    /// A connection is up: what came while there was none has not been told of.
    pub(crate) fn find_deliveries(&mut self) -> Result<()> {
        let Some(own) = self.brain.account.user_id.clone() else {
            return Ok(());
        };
        self.brain.deliveries.behind = reading::behind(&self.db, &own, MOST_PARTICIPANTS)?;
        if !self.brain.deliveries.behind.is_empty() {
            self.tell_deliveries_after(TOGETHER);
        }
        Ok(())
    }

    fn tell_deliveries_after(&mut self, wait: Duration) {
        if self.brain.deadlines.get(Why::TellDelivered).is_none() {
            let at = self.now.mono.plus(wait);
            self.brain.deadlines.set(Why::TellDelivered, at);
        }
    }

    /// The operations that tell of what is due, and their lanes. Those whose lane is busy come later.
    pub(crate) fn due_deliveries(
        &mut self,
        most: usize,
        taken: &[(OperationRow, Operation)],
    ) -> Result<Vec<(LaneId, Operation)>> {
        let nothing = self.brain.deliveries.behind.is_empty();
        if nothing || self.brain.deadlines.get(Why::TellDelivered).is_some() {
            return Ok(Vec::new());
        }
        let Some(own) = self.brain.account.user_id.clone() else {
            return Ok(Vec::new());
        };
        let mut due = Vec::new();
        for key in self.brain.deliveries.behind.clone() {
            if due.len() >= most {
                break;
            }
            let busy = taken.iter().any(|(row, _)| row.lane == key)
                || self.brain.deliveries.in_flight.contains(&key)
                || operations::any_in_flight(&self.db, key)?;
            if busy {
                continue;
            }
            self.brain.deliveries.behind.remove(&key);
            let Some(head) = reading::undelivered(&self.db, key, &own, MOST_PARTICIPANTS)? else {
                continue;
            };
            let Some(conversation_id) = conversations::server_id(&self.db, key)? else {
                continue;
            };
            let method = Method::ReceiptUpdate(ReceiptUpdate {
                conversation_id,
                delivered_to: Some(head),
                read_to: None,
            });
            let mut random = [0; 10];
            self.rng.fill(&mut random);
            let operation_key = OperationKey::from_parts(self.now.wall, random);
            self.brain.deliveries.in_flight.insert(key);
            due.push((key, Operation::new(operation_key, &method)));
        }
        Ok(due)
    }

    /// A submit of these was answered; the log tells what came of it.
    pub(crate) fn deliveries_answered(&mut self, lanes: &[LaneId]) {
        for lane in lanes {
            self.brain.deliveries.in_flight.remove(lane);
        }
    }

    /// A submit of these was lost.
    pub(crate) fn deliveries_lost(&mut self, lanes: &[LaneId]) {
        self.deliveries_answered(lanes);
        self.brain.deliveries.behind.extend(lanes);
        if !lanes.is_empty() {
            self.tell_deliveries_after(AGAIN);
        }
    }
}

//! One operation takes one step of the table ([`transition`](super::transition)), on disk: its new state, what is
//! in doubt about it, and what goes with it when it is forgotten. Nothing in here may decide which step it is.

use fulmar_protocol::OperationKey;

use crate::defects::{self, Defect};
use crate::outbox::transition::{Next, OperationEvent, after};
use crate::outbox::{Outbox, OutboxNews};
use crate::store::operations::OperationRow;
use crate::store::state::{FailureReason, OperationState};
use crate::store::{Result, operations, uploads};
use crate::tx::Tx;

impl Outbox {
    /// The server did not do it this time. A message that the user has deleted meanwhile and that is certainly
    /// not there is given up: nobody shall see it for a moment.
    pub(super) fn not_done(
        &mut self,
        tx: &mut Tx<'_>,
        row: &OperationRow,
        event: OperationEvent,
    ) -> Result<()> {
        self.transition(tx, row, event, None)?;
        if event == OperationEvent::NotApplied
            && was_deleted_meanwhile(tx, row.operation_key)?
            && let Some(row) = operations::find(&tx.db, row.operation_key)?
        {
            self.give_up_message(tx, &row)?;
        }
        Ok(())
    }

    /// Takes one step of the table, on disk. A step that the table does not have is a bug of ours, never the
    /// app's: it is reported and changes nothing.
    pub(super) fn transition(
        &mut self,
        tx: &mut Tx<'_>,
        row: &OperationRow,
        event: OperationEvent,
        failure: Option<&FailureReason>,
    ) -> Result<()> {
        match after(row.state, event) {
            Next::To(state) => {
                operations::set_state(&tx.db, row.operation_key, state, failure)?;
                self.note_doubt(tx, row, event)?;
            }
            Next::Deleted => {
                if event == OperationEvent::Discarded {
                    let files = uploads::of_message(&tx.db, row.operation_key)?;
                    self.news.push(OutboxNews::Abandoned(files));
                }
                self.files_lost.remove(&row.operation_key);
                operations::delete(&tx.db, row.operation_key)?;
                self.lanes.done(tx, &mut self.timers, row.lane)?;
                Self::read_as_told(tx, row.lane)?;
            }
            Next::Illegal => {
                tracing::error!(state = row.state.name(), ?event, "illegal transition");
                debug_assert!(false, "illegal: {:?} + {event:?}", row.state);
            }
        }
        tx.touch(row.lane.conversation());
        Ok(())
    }

    /// Remembers since when an operation may have been applied, by the server's clock.
    fn note_doubt(&self, tx: &mut Tx<'_>, row: &OperationRow, event: OperationEvent) -> Result<()> {
        match event {
            OperationEvent::Submitted => {
                // Its first try: forgotten in a power cut, it could be changed or discarded as if nobody had it.
                if row.state == OperationState::Queued {
                    tx.must_last();
                }
                let time = match defects::active(Defect::TrustsClock) {
                    true => Some(tx.now.wall),
                    false => self.server.time(tx.now.mono),
                };
                operations::set_tried_at(&tx.db, row.operation_key, time)
            }
            OperationEvent::Unanswered => operations::add_unanswered(&tx.db, row.operation_key),
            OperationEvent::NotApplied | OperationEvent::Retried | OperationEvent::RootGivenUp => {
                operations::clear_doubt(&tx.db, row.operation_key)
            }
            OperationEvent::Confirmed
            | OperationEvent::Acknowledged
            | OperationEvent::Refused
            | OperationEvent::Outdated
            | OperationEvent::RetriedInDoubt
            | OperationEvent::Discarded => Ok(()),
        }
    }
}

/// Whether the user has deleted a message that was on its way.
pub(super) fn was_deleted_meanwhile(tx: &Tx<'_>, message: OperationKey) -> Result<bool> {
    let waiting = operations::about_message(&tx.db, message)?;
    Ok(waiting
        .iter()
        .any(|row| matches!(row.method.name(), "message.delete" | "message.hide")))
}

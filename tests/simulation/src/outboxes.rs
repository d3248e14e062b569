//! What a device has in its outbox, and how its store is reached while no process runs on it. It changes nothing that a
//! process, or a second one beside it, would not change.

use std::collections::BTreeSet;

use fulmar_engine::query::{Action, OutboxState, outbox};
use fulmar_engine::{Engine, FailurePolicy, FailureReason, Reader, Store};
use fulmar_protocol::{Code, OperationKey};

use crate::device::Device;

impl Device {
    /// The engine of the process, also of one that is suspended.
    fn engine_of_any(&self) -> Option<&Engine> {
        let suspended = self.suspended.as_ref().map(|it| &it.engine);
        self.engine.as_ref().or(suspended)
    }

    /// The same, to do something with.
    pub(crate) fn engine_of_any_mut(&mut self) -> Option<&mut Engine> {
        let suspended = self.suspended.as_mut().map(|it| &mut it.engine);
        self.engine.as_mut().or(suspended)
    }

    /// Does something with the store while no process has it.
    pub(crate) fn with_store<T>(
        &mut self,
        done: impl FnOnce(&mut Store) -> T,
    ) -> Result<Option<T>, String> {
        self.storage.relieve();
        let opened = self.storage.open().map_err(|error| error.to_string())?;
        let Some(connection) = opened else {
            return Ok(None);
        };
        let mut store = Store::adopt(connection).map_err(|error| error.to_string())?;
        let result = done(&mut store);
        self.storage.close(store);
        Ok(Some(result))
    }

    /// Messages that the outbox has, also while the process is dead.
    pub(crate) fn in_outbox(&mut self) -> Result<BTreeSet<OperationKey>, String> {
        let read = |reader: &Reader| outbox(reader, FailurePolicy::default());
        let waiting = match self.engine_of_any() {
            Some(engine) => Some(read(engine.reader())),
            None => self.with_store(|store| read(store.reader()))?,
        };
        let waiting = waiting.ok_or("nobody has the store")?;
        let waiting = waiting.map_err(|error| error.to_string())?;
        let sends = waiting.iter().filter(|item| item.action == Action::Send);
        Ok(sends.map(|item| item.operation).collect())
    }

    /// Messages that were refused: in the outbox, also if no screen shows what they were a reply to. A server has
    /// three reasons to, none of them in a direct conversation but that a forwarded message was deleted.
    pub(crate) fn failed(&self) -> Result<BTreeSet<OperationKey>, String> {
        let engine = self.engine.as_ref().ok_or("the process is dead")?;
        let waiting = outbox(engine.reader(), FailurePolicy::default());
        let mut failed = BTreeSet::new();
        for item in waiting.map_err(|error| error.to_string())? {
            let (Action::Send, OutboxState::Failed { reason }) = (item.action, &item.state) else {
                continue;
            };
            let legal = [
                Code::ConversationNotFound,
                Code::ConversationForbidden,
                Code::MessageNotFound,
            ];
            match reason {
                FailureReason::Refused { problem } if legal.contains(&problem.code) => {}
                FailureReason::Refused { problem }
                    if self.lacks
                        && matches!(problem.code, Code::ParamsInvalid | Code::RouteUnknown) => {}
                // Somebody gave up what it was a reply to.
                FailureReason::RootGivenUp => {}
                reason => return Err(format!("{} failed: {reason}", item.operation)),
            }
            failed.insert(item.operation);
        }
        Ok(failed)
    }
}

//! The server: one conversation, its log, and the keys that it remembers (PROTOCOL.md §5.1, §5.2). Knows no
//! device's store.

use crate::message::{DeviceIndex, Key, Number, Operation, Operations};
use crate::mistake::Mistake;

/// Why an operation was not applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Failure {
    /// For good, by a permanent code, of a key that the server does not remember.
    Refused,
    /// For good, by a `problem` for the submit as a whole: before the server has looked at a key (PROTOCOL.md §3.7).
    RefusedUnseen,
    /// This time, by a transient code. Said before the server has looked whether it remembers the key.
    Deferred,
}

/// The operation of a submit that fails, if any.
pub(crate) type Verdict = Option<(Operation, Failure)>;

/// What became of the operations of a submit; what is in neither field was skipped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Results {
    pub(crate) applied: Operations,
    pub(crate) failed: Verdict,
}

/// An event of the log. Both devices are of one user, so there is one log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    Created(Key),
    /// `message.updated`, of a message that was deleted.
    Deleted(Key),
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Server {
    log: Vec<Event>,
    /// Up to here the keys of messages are forgotten. No server does that, but by mistake.
    forgotten: usize,
}

impl Server {
    pub(crate) fn log(&self) -> &[Event] {
        &self.log
    }

    /// The messages of the conversation, by position.
    pub(crate) fn messages(&self) -> impl Iterator<Item = Key> {
        created(&self.log)
    }

    pub(crate) fn has(&self, device: DeviceIndex, number: Number) -> bool {
        self.messages()
            .any(|key| (key.device, key.number) == (device, number))
    }

    /// Whether each operation was applied before, and the server remembers it.
    pub(crate) fn remembers_all(&self, device: DeviceIndex, operations: Operations) -> bool {
        operations
            .iter()
            .all(|operation| self.remembers(device, operations, operation))
    }

    /// Whether an operation was applied before, and the server remembers it. What was deleted is remembered like
    /// any message: doing it twice is the same as doing it once.
    pub(crate) fn remembers(
        &self,
        device: DeviceIndex,
        operations: Operations,
        operation: Operation,
    ) -> bool {
        match operation {
            Operation::Send(number) => self.knows(operations.key(device, number)),
            Operation::Delete(number) => self
                .log
                .contains(&Event::Deleted(operations.key(device, number))),
        }
    }

    fn knows(&self, key: Key) -> bool {
        let log = self.log.iter().skip(self.forgotten);
        log.into_iter().any(|event| *event == Event::Created(key))
    }

    /// Applies the operations of a submit in their order; behind one that fails, none (PROTOCOL.md §5.2).
    pub(crate) fn apply(
        &mut self,
        device: DeviceIndex,
        operations: Operations,
        verdict: Verdict,
        mistake: Option<Mistake>,
    ) -> Results {
        let mut results = Results::default();
        for operation in operations.iter() {
            match self.apply_one(device, operations, operation, verdict) {
                Ok(()) => results.applied.insert(operation),
                Err(failure) => {
                    results.failed = Some((operation, failure));
                    if mistake != Some(Mistake::NothingIsSkipped) {
                        break;
                    }
                }
            }
        }
        results
    }

    fn apply_one(
        &mut self,
        device: DeviceIndex,
        operations: Operations,
        operation: Operation,
        verdict: Verdict,
    ) -> Result<(), Failure> {
        let failure = verdict.and_then(|(failing, how)| (failing == operation).then_some(how));
        if let Some(failure @ (Failure::Deferred | Failure::RefusedUnseen)) = failure {
            return Err(failure);
        }
        if self.remembers(device, operations, operation) {
            return Ok(());
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        match operation {
            Operation::Send(number) => {
                self.log
                    .push(Event::Created(operations.key(device, number)));
            }
            Operation::Delete(number) => {
                let key = operations.key(device, number);
                if !self.log.contains(&Event::Created(key)) {
                    // `message.notFound`.
                    return Err(Failure::Refused);
                }
                self.log.push(Event::Deleted(key));
            }
        }
        Ok(())
    }

    /// The retention of keys is over. The key of a message is remembered as long as the message (PROTOCOL.md §5.1,
    /// M12), and a deleted message keeps its place, so nothing of a lane is forgotten.
    pub(crate) fn retention_over(&mut self, mistake: Option<Mistake>) {
        if mistake == Some(Mistake::KeysOfMessagesAreForgotten) {
            self.forgotten = self.log.len();
        }
    }
}

/// The messages that events tell of, in their order.
pub(crate) fn created(log: &[Event]) -> impl Iterator<Item = Key> {
    log.iter().filter_map(|event| match event {
        Event::Created(key) => Some(*key),
        Event::Deleted(_) => None,
    })
}

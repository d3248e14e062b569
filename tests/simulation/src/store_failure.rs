//! What becomes of a process whose store fails, as the runtime of the SDK does it: the engine is dropped, the store
//! opened again, and what the app wanted is tried once more or refused. It never excuses a failure for which the
//! disk gave no reason.

use fulmar_engine::{CommandError, CommandId, Engine, Input, OpenError};

use crate::network::{DeviceIndex, ScheduledEvent};
use crate::watching::Watching;
use crate::world::{Step, World};

/// After how long a store that failed is opened again at the latest, as in the runtime.
const REOPEN_PAUSE: u64 = 500;

impl World {
    /// A transaction failed. What the app wanted of it is in `again`.
    pub(crate) fn store_failed(
        &mut self,
        index: DeviceIndex,
        again: Vec<Input>,
        reason: &str,
    ) -> Step {
        let device = &mut self.devices[index];
        if device.storage.lost_power() {
            return self.crash(index);
        }
        if !device.storage.refused() {
            return Err(format!("{}: {reason}", device.name));
        }
        self.close_store(index, &again, reason)?;
        let pause = self.rng.u64(0..=REOPEN_PAUSE);
        let reopen = ScheduledEvent::Start { device: index };
        self.network.at(self.time + pause, reopen);
        // What was in a batch with others is tried once more by itself; what was alone is refused.
        if self.rng.bool() {
            return self.refuse(index, again, reason);
        }
        for input in again {
            self.open_store(index)?;
            let run = self.devices[index].run;
            let failed = self.transact(index, vec![input.clone()])?;
            let device = &self.devices[index];
            let reason = match (failed, device.engine.is_some()) {
                (Some(reason), _) => reason,
                // It never opened.
                (None, false) if device.run == run => reason.to_owned(),
                (None, _) => continue,
            };
            if device.storage.lost_power() {
                return self.crash(index);
            }
            self.close_store(index, &[], &reason)?;
            self.refuse(index, vec![input], &reason)?;
        }
        Ok(())
    }

    /// A store could not be opened: the process tries again, unless that is the fault of the store.
    pub(crate) fn cannot_open(&mut self, index: DeviceIndex, error: &OpenError) -> Step {
        let storage = &mut self.devices[index].storage;
        let excused = storage.refused() || storage.lost_power();
        let is_damaged = matches!(
            error,
            OpenError::Corrupt { .. } | OpenError::LostUnsent { .. }
        );
        if is_damaged || !excused {
            return Err(format!("{}: {error}", self.devices[index].name));
        }
        let reopen = ScheduledEvent::Start { device: index };
        self.network.at(self.time + REOPEN_PAUSE, reopen);
        Ok(())
    }

    /// The engine is gone, with everything that it had asked for; the process goes on without it.
    fn close_store(&mut self, index: DeviceIndex, again: &[Input], reason: &str) -> Step {
        let device = &mut self.devices[index];
        // Closing writes to the disk what it takes.
        let pace = device.engine.take().map(Engine::into_pace);
        if let Some(pace) = pace {
            device.efforts.failed();
            device.kept = Some((std::mem::take(&mut device.efforts), pace));
        }
        let anew: Vec<CommandId> = again.iter().filter_map(command_of).collect();
        let waiting = device.waiting.keys().copied();
        let waiting: Vec<CommandId> = waiting.filter(|it| !anew.contains(it)).collect();
        for command in waiting {
            let reason = reason.to_owned();
            self.replied(index, command, Err(CommandError::Unreachable { reason }))?;
        }
        let device = &mut self.devices[index];
        device.answers.closed(&anew);
        device.watching = Watching::default();
        self.end_sockets(index);
        Ok(())
    }

    fn refuse(&mut self, index: DeviceIndex, batch: Vec<Input>, reason: &str) -> Step {
        for command in batch.iter().filter_map(command_of) {
            let reason = reason.to_owned();
            self.devices[index].answers.refused(command);
            self.replied(index, command, Err(CommandError::Store { reason }))?;
        }
        Ok(())
    }
}

fn command_of(input: &Input) -> Option<CommandId> {
    match input {
        Input::Command { command, .. } => Some(*command),
        _ => None,
    }
}

//! Pushes: early, late, twice, of before the server was restored; taken by the app, or beside it by a second process of
//! the same user on the same store.

use fulmar_engine::{Command, PushError};
use fulmar_protocol::PushPayload;

use crate::device::Waiting;
use crate::network::DeviceIndex;
use crate::storm::Fault;
use crate::world::{Step, World};

impl World {
    /// A push arrives: any that was ever recorded for this user.
    pub(super) fn pushed(&mut self, index: DeviceIndex) -> Step {
        let Some(payload) = self.any_push(index) else {
            return Ok(());
        };
        let body = Command::HandlePush {
            payload: Box::new(payload),
        };
        let command = self.devices[index].command(Waiting::Other);
        self.command(index, command, body)
    }

    fn any_push(&mut self, index: DeviceIndex) -> Option<PushPayload> {
        let now = self.server_now();
        let user = self.devices[index].user.clone();
        let recorded = self.backend.pushes(now).into_iter();
        let mut theirs: Vec<PushPayload> = recorded
            .map(|push| push.payload)
            .chain(self.old_pushes.iter().cloned())
            .filter(|payload| payload.user_id == user)
            .collect();
        match theirs.len() {
            0 => None,
            count => Some(theirs.swap_remove(self.rng.usize(0..count))),
        }
    }

    /// A second process takes a push, whether the app runs, is away, or has crashed. The lock of the store lets it in
    /// between two transactions of the app, never into one.
    pub(crate) fn push_beside(&mut self, index: DeviceIndex) -> Step {
        if !self.happens(Fault::Beside) {
            return Ok(());
        }
        let Some(payload) = self.any_push(index) else {
            return Ok(());
        };
        let device = &mut self.devices[index];
        let now = device.now(self.time, 0).wall;
        let is_disk = device.storage.is_disk();
        let shown = match device.engine_of_any_mut() {
            Some(engine) => Some(engine.push_beside(&payload, now)),
            // What a disk does meanwhile is told of processes only.
            None if is_disk => None,
            None => device.with_store(|store| store.push_beside(&payload, now))?,
        };
        match shown {
            // Who signed out, or another user's store, shows nothing.
            None | Some(Ok(_) | Err(PushError::NotTheirs(_))) => Ok(()),
            Some(Err(error @ (PushError::Unreadable { .. } | PushError::Store(_)))) => {
                self.push_failed(index, &error)
            }
        }
    }

    /// Only the disk may keep a second process from it.
    fn push_failed(&mut self, index: DeviceIndex, error: &PushError) -> Step {
        let device = &mut self.devices[index];
        if device.storage.lost_power() {
            return self.crash(index);
        }
        match device.storage.refused() {
            true => Ok(()),
            false => Err(format!("a push beside {}: {error}", device.name)),
        }
    }
}

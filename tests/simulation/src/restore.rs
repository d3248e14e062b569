//! Backups: now and then the server keeps an image of itself, and some day it is replaced by one of them, of any age
//! (PROTOCOL.md §6.4).
//!
//! It must not excuse a device: what was in an outbox when the server was replaced is owed as before. Only what the
//! server had confirmed, and has lost, is nobody's debt.

use std::collections::BTreeSet;

use fulmar_backend::Checkpoint;
use fulmar_protocol::{OperationKey, UserId};

use crate::network::{DeviceIndex, FarSocket};
use crate::oracle::Truth;
use crate::population::{ORACLE, user};
use crate::storm::Fault;
use crate::world::{Step, World};

/// Of so many seconds the server keeps an image in one.
const SELDOM: u32 = 6;

impl World {
    /// Once a second: an image is taken, or one comes back.
    pub(crate) fn keep_or_restore(&mut self) -> Step {
        if self.storm.level(Fault::Restore) == 0 {
            return Ok(());
        }
        if self.backups.is_empty() || self.rng.u32(0..SELDOM) == 0 {
            let image = self
                .backend
                .checkpoint()
                .map_err(|error| error.to_string())?;
            self.backups.push(image);
        }
        if self.happens(Fault::Restore) {
            // What came after it has not happened, so images of that time are of no use any more.
            let age = self.rng.usize(0..self.backups.len());
            self.backups.truncate(age + 1);
            if let Some(image) = self.backups.pop() {
                self.restore(&image)?;
                self.backups.push(image);
            }
        }
        Ok(())
    }

    fn restore(&mut self, image: &Checkpoint) -> Step {
        let before = self.keys_at_server()?;
        self.end_connections();
        let now = self.server_now();
        let pushes = self.backend.pushes(now).into_iter();
        self.old_pushes.extend(pushes.map(|push| push.payload));
        self.replica = None;
        let restored = self.backend.restart(Some(image), now);
        restored.map_err(|error| error.to_string())?;
        self.note_deleted();
        let after = self.keys_at_server()?;
        for index in 0..self.devices.len() {
            self.pay_off(index, &before, &after)?;
        }
        Ok(())
    }

    /// With its process all connections of a server end: nothing that it said arrives any more.
    fn end_connections(&mut self) {
        let held = self.devices.iter().flat_map(|it| it.sockets.values());
        let all: Vec<FarSocket> = held.flatten().copied().collect();
        for far in all {
            if let Some((process, socket)) = self.near_end(far) {
                self.cut(process, socket, far);
            }
        }
        self.network.lose_answers();
        self.lose_what_is_held();
    }

    /// What a device was promised and the server has lost is owed only if it is still in the outbox.
    fn pay_off(
        &mut self,
        index: DeviceIndex,
        before: &BTreeSet<OperationKey>,
        after: &BTreeSet<OperationKey>,
    ) -> Step {
        self.devices[index].efforts.restored();
        let waiting = self.devices[index].in_outbox()?;
        for key in before.difference(after) {
            if !waiting.contains(key) {
                self.devices[index].forget(*key);
            }
        }
        Ok(())
    }

    fn keys_at_server(&mut self) -> Result<BTreeSet<OperationKey>, String> {
        let now = self.server_now();
        let people = self.population.users().cloned();
        let all = people.chain([user(ORACLE)]);
        let users: Vec<UserId> = all.filter(|user| !self.deleted.contains(user)).collect();
        let truth = Truth::read(&mut self.backend, &users, now)?;
        Ok(truth.keys())
    }
}

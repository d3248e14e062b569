//! When the storm is over: what is left to do, and the judgement.

use fulmar_protocol::UserId;

use crate::oracle::Truth;
use crate::population::{ORACLE, user};
use crate::world::World;

impl World {
    pub(crate) fn converged(&mut self) -> Result<bool, String> {
        let tidies = self.time >= self.tidied + 1000;
        for index in 0..self.devices.len() {
            self.sign_in(index)?;
            if tidies {
                self.tidied = self.time;
                self.give_up_failed(index)?;
            }
        }
        if !self.what_is_left()?.is_empty() {
            return Ok(false);
        }
        // What failed holds a promise until somebody gives it up, and what hangs on it fails only then.
        for device in &self.devices {
            if !device.failed()?.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Which devices still have something to do, and what.
    pub(crate) fn what_is_left(&self) -> Result<String, String> {
        let mut left = String::new();
        for device in &self.devices {
            let Some(engine) = &device.engine else {
                left += &format!("{} is dead; ", device.name);
                continue;
            };
            let status = engine.status().map_err(|error| error.to_string())?;
            if !status.is_up_to_date() {
                left += &format!("{}: {status:?}; ", device.name);
            }
            let held = device.sockets.values().flatten();
            if held.copied().any(|far| self.network.is_dead(far)) {
                left += &format!("{} holds a dead socket; ", device.name);
            }
        }
        Ok(left)
    }

    pub(crate) fn judge(&mut self) -> Result<usize, String> {
        for index in 0..self.devices.len() {
            self.look(index)?;
        }
        let now = self.server_now();
        let users: Vec<UserId> = self
            .population
            .users()
            .cloned()
            .chain([user(ORACLE)])
            .collect();
        let truth = Truth::read(&mut self.backend, &users, now)?;
        truth.judge_server(&self.devices)?;
        for device in &self.devices {
            truth
                .judge_device(device)
                .map_err(|what| format!("{}: {what}", device.name))?;
        }
        Ok(self
            .devices
            .iter()
            .map(|device| device.promised.len())
            .sum())
    }
}
